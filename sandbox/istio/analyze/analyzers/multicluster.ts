import { objectsOf, recordOf, textOf } from '../../validate/spec.ts';
import { kinds } from '../kinds.ts';
import type { Analyzer, Resource } from '../resource.ts';

const registries = ['Mock', 'Kubernetes', 'External'];

/** Networks of a registry that nobody knows (upstream multicluster/meshnetworks.go). */
export const meshNetworksAnalyzer: Analyzer = {
  name: 'meshnetworks.MeshNetworksAnalyzer',
  description: 'Check the validity of MeshNetworks in the cluster',
  inputs: ['Secret'],
  analyze(context) {
    const remote = context
      .all('Secret')
      .filter(({ labels }) => labels['istio/multiCluster'] === 'true')
      .flatMap(({ object }) => Object.keys(recordOf(object.data)));
    const networks = meshNetworksResource(context.meshNetworks);
    for (const [network, { endpoints }] of Object.entries(recordOf(networks.object.networks)).map(
      ([name, value]) => [name, recordOf(value)] as const,
    )) {
      for (const { fromRegistry } of objectsOf(endpoints)) {
        const registry = textOf(fromRegistry);
        if (registry === '' || registries.includes(registry) || remote.includes(registry)) continue;
        context.report('UnknownMeshNetworksServiceRegistry', networks, registry, network);
      }
    }
  },
};

/** Mesh networks are no object of the cluster; upstream makes one of them. */
function meshNetworksResource(networks: Resource['object']): Resource {
  return {
    kind: { ...kinds.ConfigMap, kind: 'MeshNetworks' },
    namespace: 'istio-system',
    name: 'meshnetworks',
    labels: {},
    annotations: {},
    object: networks,
    spec: {},
    status: {},
  };
}

/** Compares a Service between clusters (upstream multicluster/service.go): with one cluster there is nothing to compare. */
export const multiClusterServiceAnalyzer: Analyzer = {
  name: 'services.MultiClusterServiceAnalyzer',
  description: 'Check the validity of services in the multi-cluster environment',
  inputs: ['Service'],
  analyze() {},
};
