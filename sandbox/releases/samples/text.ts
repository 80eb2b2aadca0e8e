/** Small writers of readable manifests, so that samples say only what differs. Every text ends with a newline. */

export function manifest(...documents: string[]): string {
  return documents.join('---\n');
}

export function serviceAccount(name: string, labels?: string): string {
  const lines = ['apiVersion: v1', 'kind: ServiceAccount', 'metadata:', `  name: ${name}`];
  if (labels) lines.push('  labels:', `    ${labels}`);
  return `${lines.join('\n')}\n`;
}

/** `ports`: lines of the list, each item's own indentation kept. */
export function service(name: string, ports: readonly { name: string; port: number; targetPort?: number }[]): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  labels:
    app: ${name}
    service: ${name}
spec:
  ports:
${ports
  .map((one) => {
    const target = one.targetPort === undefined ? '' : `    targetPort: ${one.targetPort}\n`;
    return `  - name: ${one.name}\n    port: ${one.port}\n${target}`;
  })
  .join('')}  selector:
    app: ${name}
`;
}

export interface DeploymentText {
  name: string;
  app: string;
  version?: string;
  /** Version and app also on the Deployment itself. */
  labeled?: boolean;
  image: string;
  account?: string;
  ports?: readonly number[];
  /** More lines of the pod's template metadata, container and specification, indented as they must be. */
  templateAnnotations?: string;
  container?: string;
  pod?: string;
  volumes?: string;
}

export function deployment(options: DeploymentText): string {
  const version = options.version === undefined ? [] : [`version: ${options.version}`];
  const labels = (indent: string) => [`app: ${options.app}`, ...version].map((line) => `${indent}${line}\n`).join('');
  const ports = (options.ports ?? []).map((port) => `        - containerPort: ${port}\n`).join('');
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${options.name}
${options.labeled ? `  labels:\n${labels('    ')}` : ''}spec:
  replicas: 1
  selector:
    matchLabels:
${labels('      ')}  template:
    metadata:
${options.templateAnnotations ?? ''}      labels:
${labels('        ')}    spec:
${options.pod ?? ''}${options.account ? `      serviceAccountName: ${options.account}\n` : ''}      containers:
      - name: ${options.app}
        image: ${options.image}
        imagePullPolicy: IfNotPresent
${options.container ?? ''}${ports ? `        ports:\n${ports}` : ''}${options.volumes ?? ''}`;
}
