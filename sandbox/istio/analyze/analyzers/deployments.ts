import type { JsonObject } from '../../../kernel/json.ts';
import { labelsOf, numberOf, objectsOf, recordOf, textOf } from '../../validate/spec.ts';
import { deploymentInMesh, isControlPlane } from '../mesh-membership.ts';
import { type Analyzer, type Context, fullName, type Resource } from '../resource.ts';
import { selects } from '../selectors.ts';

/** Services of one deployment that disagree over a port (upstream deployment/services.go). */
export const deploymentServicesAnalyzer: Analyzer = {
  name: 'deployment.MultiServiceAnalyzer',
  description: 'Checks association between services and pods',
  inputs: ['Service', 'Deployment', 'Namespace'],
  analyze(context) {
    for (const deployment of context.all('Deployment')) {
      if (deployment.labels['gateway.istio.io/managed'] === 'istio.io-mesh-controller') continue;
      if (!deploymentInMesh(deployment, context)) continue;
      const ports = servicePorts(deployment, context);
      checkProtocols(deployment, ports, context);
      checkTargetPorts(deployment, ports, context);
    }
  },
};

interface ServicePort {
  service: string;
  port: number;
  protocol: string;
  targetPort: string;
}

function servicePorts(deployment: Resource, context: Context): ServicePort[] {
  const labels = labelsOf(recordOf(recordOf(deployment.spec.template).metadata).labels);
  return context.all('Service').flatMap((service) => {
    const selector = labelsOf(service.spec.selector);
    const selected = Object.keys(selector).length > 0 && selects(selector, labels);
    if (!selected || service.namespace !== deployment.namespace) return [];
    return objectsOf(service.spec.ports).map((port) => ({
      service: fullName(service),
      port: numberOf(port.port),
      protocol: textOf(port.protocol) || 'TCP',
      targetPort: String(port.targetPort || numberOf(port.port)),
    }));
  });
}

const byNumber = (a: number, b: number) => a - b;

function checkProtocols(deployment: Resource, ports: readonly ServicePort[], context: Context): void {
  for (const port of new Set(ports.map((each) => each.port))) {
    const same = ports.filter((each) => each.port === port);
    if (new Set(same.map(({ protocol }) => protocol)).size < 2) continue;
    const services = same.map(({ service }) => service).sort();
    context.reportAt(
      '.metadata.name',
      'DeploymentAssociatedToMultipleServices',
      deployment,
      deployment.name,
      port,
      services,
    );
  }
}

function checkTargetPorts(deployment: Resource, ports: readonly ServicePort[], context: Context): void {
  for (const targetPort of new Set(ports.map((each) => each.targetPort))) {
    const byPort = new Map<number, string>();
    for (const each of ports) if (each.targetPort === targetPort) byPort.set(each.port, each.service);
    if (byPort.size < 2) continue;
    context.reportAt(
      '.metadata.name',
      'DeploymentConflictingPorts',
      deployment,
      deployment.name,
      [...byPort.values()].sort(),
      targetPort,
      [...byPort.keys()].sort(byNumber),
    );
  }
}

const proxyUser = 1337;

/** Workloads that run as the proxy's user, whose traffic is not intercepted (upstream deployment/pod.go). */
export const applicationUidAnalyzer: Analyzer = {
  name: 'applicationUID.Analyzer',
  description: 'Checks invalid application UID',
  inputs: ['Pod', 'Deployment'],
  analyze(context) {
    for (const pod of context.all('Pod')) checkUser(pod, pod.spec, context);
    for (const deployment of context.all('Deployment'))
      checkUser(deployment, recordOf(recordOf(deployment.spec.template).spec), context);
  },
};

function checkUser(resource: Resource, podSpec: JsonObject, context: Context): void {
  if (isControlPlane(resource)) return;
  const applications = objectsOf(podSpec.containers).filter(
    ({ name }) => name !== 'istio-proxy' && name !== 'istio-operator',
  );
  for (const { securityContext } of [podSpec, ...applications])
    if (recordOf(securityContext).runAsUser === proxyUser) context.report('InvalidApplicationUID', resource);
}
