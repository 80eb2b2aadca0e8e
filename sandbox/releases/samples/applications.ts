import { deployment, manifest, service, serviceAccount } from './text.ts';

const registry = 'registry.istio.io/release';

/** A pod that only sleeps, to send requests from: samples/curl and, under its older name, samples/sleep. */
function client(name: string): string {
  return manifest(
    serviceAccount(name),
    service(name, [{ name: 'http', port: 80 }]),
    deployment({
      name,
      app: name,
      account: name,
      image: 'docker.io/curlimages/curl:8.16.0',
      pod: '      terminationGracePeriodSeconds: 0\n',
      container: `        command: ["/bin/sleep", "infinity"]
        volumeMounts:
        - mountPath: /etc/${name}/tls
          name: secret-volume
`,
      volumes: `      volumes:
      - name: secret-volume
        secret:
          secretName: ${name}-secret
          optional: true
`,
    }),
  );
}

function helloworld(version: string): string {
  return deployment({
    name: `helloworld-${version}`,
    app: 'helloworld',
    version,
    labeled: true,
    image: `${registry}/examples-helloworld-${version}:1.0`,
    container: '        resources:\n          requests:\n            cpu: "100m"\n',
    ports: [5000],
  });
}

const tcpPorts = [
  { name: 'tcp', port: 9000 },
  { name: 'tcp-other', port: 9001 },
];

function tcpEcho(name: string, version: string, prefix: string, labeled: boolean): string {
  return deployment({
    name,
    app: 'tcp-echo',
    version,
    labeled,
    image: `${registry}/tcp-echo-server:1.3`,
    // The server also listens on 9002, which the Service leaves out.
    container: `        args: ["9000,9001,9002", "${prefix}"]\n`,
    ports: [9000, 9001],
  });
}

/** samples/<folder>/<file> of small applications. */
export const applicationSamples: Record<string, string> = {
  'samples/curl/curl.yaml': client('curl'),
  'samples/sleep/sleep.yaml': client('sleep'),
  'samples/httpbin/httpbin.yaml': manifest(
    serviceAccount('httpbin'),
    service('httpbin', [{ name: 'http', port: 8000, targetPort: 8080 }]),
    deployment({
      name: 'httpbin',
      app: 'httpbin',
      version: 'v1',
      account: 'httpbin',
      image: 'docker.io/mccutchen/go-httpbin:v2.15.0',
      ports: [8080],
    }),
  ),
  'samples/helloworld/helloworld.yaml': manifest(
    service('helloworld', [{ name: 'http', port: 5000 }]),
    helloworld('v1'),
    helloworld('v2'),
  ),
  'samples/tcp-echo/tcp-echo.yaml': manifest(service('tcp-echo', tcpPorts), tcpEcho('tcp-echo', 'v1', 'hello', false)),
  'samples/tcp-echo/tcp-echo-services.yaml': manifest(
    service('tcp-echo', tcpPorts),
    tcpEcho('tcp-echo-v1', 'v1', 'one', true),
    tcpEcho('tcp-echo-v2', 'v2', 'two', true),
  ),
};
