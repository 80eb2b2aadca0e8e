/** Where Envoy gets a certificate from (envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig). */
export type SdsSecretConfig = Record<string, unknown>;

function fromAgent(name: string, initialFetchTimeout?: string): SdsSecretConfig {
  return {
    name,
    sdsConfig: {
      apiConfigSource: {
        apiType: 'GRPC',
        transportApiVersion: 'V3',
        grpcServices: [{ envoyGrpc: { clusterName: 'sds-grpc' } }],
        setNodeOnFirstMessageOnly: true,
      },
      ...(initialFetchTimeout === undefined ? {} : { initialFetchTimeout }),
      resourceApiVersion: 'V3',
    },
  };
}

/** The workload's own certificate and the mesh's roots, from the agent beside Envoy. */
export const workloadCertificate = fromAgent('default', '0s');
export const meshRoots = fromAgent('ROOTCA', '0s');

/** A file of the proxy's own file system, watched by its agent. */
export function fileSecret(name: string): SdsSecretConfig {
  return fromAgent(name);
}

const prefixes = ['kubernetes://', 'kubernetes-gateway://', 'configmap://'];

/** A Secret, which istiod itself serves: `name` alone is one of the proxy's namespace. */
export function credential(name: string): SdsSecretConfig {
  if (name === 'builtin://') return workloadCertificate;
  if (name === 'builtin://-cacert') return meshRoots;
  const resource = prefixes.some((prefix) => name.startsWith(prefix)) ? name : `kubernetes://${name}`;
  return { name: resource, sdsConfig: { ads: {}, resourceApiVersion: 'V3' } };
}
