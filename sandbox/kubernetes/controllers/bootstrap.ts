import type { Kernel } from '../../kernel/kernel.ts';
import { formatSeconds } from '../../kernel/time.ts';
import type { ApiClient, GroupVersionResource, KubernetesObject } from '../objects.ts';
import { type ClusterNames, corednsTemplate, nodePods, staticPods } from './bootstrap-pods.ts';
import { kinds, serves } from './context.ts';
import type { Deployment, EndpointSlice, Node, Service } from './types.ts';

export type { ClusterNames } from './bootstrap-pods.ts';

export interface BootstrapOptions extends ClusterNames {
  kernel: Kernel;
  client: ApiClient;
  /** `v1.35.2`, `containerd://2.2.1`. */
  kubernetesVersion: string;
  containerRuntimeVersion: string;
  /** First address of the service range: the API server's. */
  apiServerAddress: string;
}

/**
 * Makes what a fresh kind cluster holds: the node, the four namespaces, the API server's service, CoreDNS and the pods of
 * the node itself. Controllers and kubelet, started before, bring the pods up from there: let some time pass afterwards.
 */
export function bootstrap(options: BootstrapOptions): void {
  const { client, kernel } = options;
  const create = (kind: GroupVersionResource, object: KubernetesObject) => client.create(kind, object);
  for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system']) {
    create(kinds.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  const node = createNode(options);
  createServices(options);
  const accounts = ['coredns', 'kube-proxy', 'kindnet'];
  for (const name of accounts) {
    create(kinds.serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace: 'kube-system' },
    });
  }
  createConfiguration(options);
  for (const pod of staticPods(options)) {
    const hash = kernel.random.hex(32);
    const annotations = {
      'kubernetes.io/config.hash': hash,
      'kubernetes.io/config.mirror': hash,
      'kubernetes.io/config.seen': `${formatSeconds(kernel.now()).slice(0, -1)}.${kernel.random.int(1e9)}Z`,
      'kubernetes.io/config.source': 'file',
      ...(pod.metadata.labels?.component === 'kube-apiserver' && {
        'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint': `${options.hostIP}:6443`,
      }),
      ...(pod.metadata.labels?.component === 'etcd' && {
        'kubeadm.kubernetes.io/etcd.advertise-client-urls': `https://${options.hostIP}:2379`,
      }),
    };
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'Node', name: node.metadata.name, uid: node.metadata.uid as string, controller: true },
    ];
    create(kinds.pods, { ...pod, metadata: { ...pod.metadata, annotations, ownerReferences } });
  }
  for (const pod of nodePods(options, () => kernel.random.suffix(5))) create(kinds.pods, pod);
  createCoredns(options);
}

function createNode(options: BootstrapOptions): Node {
  const { client, kernel, node: name, hostIP, podRange } = options;
  const labels = {
    'beta.kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'node-role.kubernetes.io/control-plane': '',
  };
  const podCIDR = podRange.replace(/\/\d+$/, '/24');
  const made = client.create<Node>(kinds.nodes, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels, annotations: { 'node.alpha.kubernetes.io/ttl': '0' } },
    spec: {
      podCIDR,
      podCIDRs: [podCIDR],
      providerID: `kind://docker/${name.replace(/-control-plane$/, '')}/${name}`,
    },
  });
  const now = formatSeconds(kernel.now());
  const condition = (type: string, status: 'True' | 'False', reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  const resources = {
    cpu: '8',
    'ephemeral-storage': '123721584Ki',
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: '16373792Ki',
    pods: '110',
  };
  return client.updateStatus<Node>(kinds.nodes, {
    ...made,
    status: {
      addresses: [
        { type: 'InternalIP', address: hostIP },
        { type: 'Hostname', address: name },
      ],
      allocatable: resources,
      capacity: resources,
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
        condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: {
        architecture: 'amd64',
        bootID: kernel.random.uuid(),
        containerRuntimeVersion: options.containerRuntimeVersion,
        kernelVersion: '6.12.76-linuxkit',
        kubeProxyVersion: '',
        kubeletVersion: options.kubernetesVersion,
        machineID: kernel.random.hex(32),
        operatingSystem: 'linux',
        osImage: 'Debian GNU/Linux 12 (bookworm)',
        swap: { capacity: 0 },
        systemUUID: kernel.random.uuid(),
      },
    },
  });
}

function createServices({ client, apiServerAddress, dnsAddress, hostIP }: BootstrapOptions): void {
  const single = { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' };
  client.create<Service>(kinds.services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: apiServerAddress,
      clusterIPs: [apiServerAddress],
      ...single,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
    },
  });
  client.create<EndpointSlice>(kinds.endpointSlices, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [hostIP], conditions: { ready: true } }],
    ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
  });
  if (serves(client, kinds.endpoints)) {
    client.create(kinds.endpoints, {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: {
        name: 'kubernetes',
        namespace: 'default',
        labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
      },
      subsets: [{ addresses: [{ ip: hostIP }], ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] }],
    });
  }
  const labels = { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' };
  client.create<Service>(kinds.services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kube-dns',
      namespace: 'kube-system',
      labels,
      annotations: { 'prometheus.io/port': '9153', 'prometheus.io/scrape': 'true' },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: dnsAddress,
      clusterIPs: [dnsAddress],
      ...single,
      selector: { 'k8s-app': 'kube-dns' },
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
        { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 9153 },
      ],
    },
  });
}

const corefile = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;

function createConfiguration({
  client,
  podRange,
  serviceRange,
  kubernetesVersion,
  dnsAddress,
}: BootstrapOptions): void {
  const create = (name: string, data: Record<string, string>) => {
    const metadata = { name, namespace: 'kube-system' };
    client.create(kinds.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  };
  create('coredns', { Corefile: corefile });
  create('kube-proxy', {
    'config.conf': [
      'apiVersion: kubeproxy.config.k8s.io/v1alpha1',
      'bindAddress: 0.0.0.0',
      `clusterCIDR: ${podRange}`,
      'kind: KubeProxyConfiguration',
      'mode: iptables',
      '',
    ].join('\n'),
  });
  create('kubeadm-config', {
    ClusterConfiguration: [
      'apiVersion: kubeadm.k8s.io/v1beta4',
      'clusterName: meshtab',
      'kind: ClusterConfiguration',
      `kubernetesVersion: ${kubernetesVersion}`,
      'networking:',
      '  dnsDomain: cluster.local',
      `  podSubnet: ${podRange}`,
      `  serviceSubnet: ${serviceRange}`,
      '',
    ].join('\n'),
  });
  create('kubelet-config', {
    kubelet: [
      'apiVersion: kubelet.config.k8s.io/v1beta1',
      'clusterDNS:',
      `- ${dnsAddress}`,
      'clusterDomain: cluster.local',
      'kind: KubeletConfiguration',
      '',
    ].join('\n'),
  });
}

function createCoredns(options: BootstrapOptions): void {
  options.client.create<Deployment>(kinds.deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'coredns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
      template: { metadata: { labels: { 'k8s-app': 'kube-dns' } }, spec: corednsTemplate(options) },
    },
  });
}
