import type { Container, Pod, PodSpec } from './types.ts';

/** What kubeadm and kind put on a node: static pods, kube-proxy, the network plugin and CoreDNS. */

export interface ClusterNames {
  node: string;
  hostIP: string;
  podRange: string;
  serviceRange: string;
  dnsAddress: string;
  /** By component: `etcd`, `kube-apiserver`, `coredns`, … */
  images: Record<string, string>;
}

const pki = '/etc/kubernetes/pki';

function flags(command: string, list: Record<string, string>): string[] {
  return [command, ...Object.entries(list).map(([name, value]) => `--${name}=${value}`)];
}

function apiServerCommand({ hostIP, serviceRange }: ClusterNames): string[] {
  return flags('kube-apiserver', {
    'advertise-address': hostIP,
    'allow-privileged': 'true',
    'authorization-mode': 'Node,RBAC',
    'client-ca-file': `${pki}/ca.crt`,
    'enable-admission-plugins': 'NodeRestriction',
    'enable-bootstrap-token-auth': 'true',
    'etcd-cafile': `${pki}/etcd/ca.crt`,
    'etcd-certfile': `${pki}/apiserver-etcd-client.crt`,
    'etcd-keyfile': `${pki}/apiserver-etcd-client.key`,
    'etcd-servers': 'https://127.0.0.1:2379',
    'kubelet-client-certificate': `${pki}/apiserver-kubelet-client.crt`,
    'kubelet-client-key': `${pki}/apiserver-kubelet-client.key`,
    'kubelet-preferred-address-types': 'InternalIP,ExternalIP,Hostname',
    'proxy-client-cert-file': `${pki}/front-proxy-client.crt`,
    'proxy-client-key-file': `${pki}/front-proxy-client.key`,
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-client-ca-file': `${pki}/front-proxy-ca.crt`,
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-username-headers': 'X-Remote-User',
    'runtime-config': '',
    'secure-port': '6443',
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': `${pki}/sa.pub`,
    'service-account-signing-key-file': `${pki}/sa.key`,
    'service-cluster-ip-range': serviceRange,
    'tls-cert-file': `${pki}/apiserver.crt`,
    'tls-private-key-file': `${pki}/apiserver.key`,
  });
}

function controllerManagerCommand({ podRange, serviceRange }: ClusterNames): string[] {
  const kubeconfig = '/etc/kubernetes/controller-manager.conf';
  return flags('kube-controller-manager', {
    'allocate-node-cidrs': 'true',
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'bind-address': '127.0.0.1',
    'client-ca-file': `${pki}/ca.crt`,
    'cluster-cidr': podRange,
    'cluster-name': 'meshtab',
    'cluster-signing-cert-file': `${pki}/ca.crt`,
    'cluster-signing-key-file': `${pki}/ca.key`,
    controllers: '*,bootstrapsigner,tokencleaner',
    'enable-hostpath-provisioner': 'true',
    kubeconfig,
    'leader-elect': 'true',
    'requestheader-client-ca-file': `${pki}/front-proxy-ca.crt`,
    'root-ca-file': `${pki}/ca.crt`,
    'service-account-private-key-file': `${pki}/sa.key`,
    'service-cluster-ip-range': serviceRange,
    'use-service-account-credentials': 'true',
  });
}

function schedulerCommand(): string[] {
  const kubeconfig = '/etc/kubernetes/scheduler.conf';
  return flags('kube-scheduler', {
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'bind-address': '127.0.0.1',
    kubeconfig,
    'leader-elect': 'true',
  });
}

function etcdCommand({ node, hostIP }: ClusterNames): string[] {
  return flags('etcd', {
    'advertise-client-urls': `https://${hostIP}:2379`,
    'cert-file': `${pki}/etcd/server.crt`,
    'client-cert-auth': 'true',
    'data-dir': '/var/lib/etcd',
    'feature-gates': 'InitialCorruptCheck=true',
    'initial-advertise-peer-urls': `https://${hostIP}:2380`,
    'initial-cluster': `${node}=https://${hostIP}:2380`,
    'key-file': `${pki}/etcd/server.key`,
    'listen-client-urls': `https://127.0.0.1:2379,https://${hostIP}:2379`,
    'listen-metrics-urls': 'http://127.0.0.1:2381',
    'listen-peer-urls': `https://${hostIP}:2380`,
    name: node,
    'peer-cert-file': `${pki}/etcd/peer.crt`,
    'peer-client-cert-auth': 'true',
    'peer-key-file': `${pki}/etcd/peer.key`,
    'peer-trusted-ca-file': `${pki}/etcd/ca.crt`,
    'snapshot-count': '10000',
    'trusted-ca-file': `${pki}/etcd/ca.crt`,
    'watch-progress-notify-interval': '5s',
  });
}

const hostPath = (name: string, path: string, type: string) => ({ name, hostPath: { path, type } });

function staticPod(
  names: ClusterNames,
  component: string,
  command: string[],
  requests: Record<string, string>,
  mounts: { name: string; mountPath: string; readOnly?: boolean; type: string }[],
): Pod {
  const container: Container = {
    name: component,
    image: names.images[component] ?? component,
    imagePullPolicy: 'IfNotPresent',
    command,
    resources: { requests },
    volumeMounts: mounts.map(({ type: _, ...mount }) => mount),
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${component}-${names.node}`,
      namespace: 'kube-system',
      labels: { component, tier: 'control-plane' },
    },
    spec: {
      containers: [container],
      nodeName: names.node,
      hostNetwork: true,
      dnsPolicy: 'ClusterFirst',
      priority: 2000001000,
      priorityClassName: 'system-node-critical',
      restartPolicy: 'Always',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } } as PodSpec['securityContext'] & object,
      tolerations: [{ effect: 'NoExecute', operator: 'Exists' }],
      volumes: mounts.map(({ name, mountPath, type }) => hostPath(name, mountPath, type)),
    },
  };
}

const certificates = { name: 'k8s-certs', mountPath: pki, readOnly: true, type: 'DirectoryOrCreate' };
const caCertificates = { name: 'ca-certs', mountPath: '/etc/ssl/certs', readOnly: true, type: 'DirectoryOrCreate' };

/** The pods whose manifests stand in /etc/kubernetes/manifests. */
export function staticPods(names: ClusterNames): Pod[] {
  const kubeconfig = (name: string) => ({
    name: 'kubeconfig',
    mountPath: `/etc/kubernetes/${name}.conf`,
    readOnly: true,
    type: 'FileOrCreate',
  });
  return [
    staticPod(names, 'etcd', etcdCommand(names), { cpu: '100m', memory: '100Mi' }, [
      { name: 'etcd-data', mountPath: '/var/lib/etcd', type: 'DirectoryOrCreate' },
      { name: 'etcd-certs', mountPath: `${pki}/etcd`, type: 'DirectoryOrCreate' },
    ]),
    staticPod(names, 'kube-apiserver', apiServerCommand(names), { cpu: '250m' }, [caCertificates, certificates]),
    staticPod(names, 'kube-controller-manager', controllerManagerCommand(names), { cpu: '200m' }, [
      caCertificates,
      certificates,
      kubeconfig('controller-manager'),
    ]),
    staticPod(names, 'kube-scheduler', schedulerCommand(), { cpu: '100m' }, [kubeconfig('scheduler')]),
  ];
}

function nodePod(name: string, labels: Record<string, string>, names: ClusterNames, spec: Partial<PodSpec>): Pod {
  const [container] = spec.containers as [Container];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'kube-system', labels },
    spec: {
      nodeName: names.node,
      hostNetwork: true,
      restartPolicy: 'Always',
      tolerations: [{ operator: 'Exists' }],
      ...spec,
      containers: [container],
    },
  };
}

/** kube-proxy and kindnet, one pod a node. Nobody serves DaemonSets yet, so they stand alone. */
export function nodePods(names: ClusterNames, suffix: () => string): Pod[] {
  const { node, images, podRange } = names;
  return [
    nodePod(`kube-proxy-${suffix()}`, { 'k8s-app': 'kube-proxy' }, names, {
      serviceAccountName: 'kube-proxy',
      priorityClassName: 'system-node-critical',
      containers: [
        {
          name: 'kube-proxy',
          image: images['kube-proxy'] ?? 'kube-proxy',
          imagePullPolicy: 'IfNotPresent',
          command: [
            '/usr/local/bin/kube-proxy',
            '--config=/var/lib/kube-proxy/config.conf',
            `--hostname-override=${node}`,
          ],
          securityContext: { privileged: true },
          volumeMounts: [{ name: 'kube-proxy', mountPath: '/var/lib/kube-proxy' }],
        },
      ],
      volumes: [{ name: 'kube-proxy', configMap: { name: 'kube-proxy' } }],
    }),
    nodePod(`kindnet-${suffix()}`, { app: 'kindnet', 'k8s-app': 'kindnet', tier: 'node' }, names, {
      serviceAccountName: 'kindnet',
      containers: [
        {
          name: 'kindnet-cni',
          image: images.kindnet ?? 'kindnet',
          imagePullPolicy: 'IfNotPresent',
          env: [
            { name: 'HOST_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
            { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'POD_SUBNET', value: podRange },
            { name: 'CONTROL_PLANE_ENDPOINT', value: `${node}:6443` },
          ],
          resources: { requests: { cpu: '100m', memory: '50Mi' }, limits: { cpu: '100m', memory: '50Mi' } },
          securityContext: { capabilities: { add: ['NET_RAW', 'NET_ADMIN'] }, privileged: false },
        },
      ],
    }),
  ];
}

export function corednsTemplate({ images }: ClusterNames): PodSpec {
  return {
    serviceAccountName: 'coredns',
    priorityClassName: 'system-cluster-critical',
    dnsPolicy: 'Default',
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [
      { key: 'CriticalAddonsOnly', operator: 'Exists' },
      { effect: 'NoSchedule', key: 'node-role.kubernetes.io/control-plane' },
    ],
    containers: [
      {
        name: 'coredns',
        image: images.coredns ?? 'coredns',
        imagePullPolicy: 'IfNotPresent',
        args: ['-conf', '/etc/coredns/Corefile'],
        ports: [
          { containerPort: 53, name: 'dns', protocol: 'UDP' },
          { containerPort: 53, name: 'dns-tcp', protocol: 'TCP' },
          { containerPort: 9153, name: 'metrics', protocol: 'TCP' },
          { containerPort: 8080, name: 'liveness-probe', protocol: 'TCP' },
          { containerPort: 8181, name: 'readiness-probe', protocol: 'TCP' },
        ],
        resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
        livenessProbe: {
          httpGet: { path: '/health', port: 'liveness-probe' },
          initialDelaySeconds: 60,
          timeoutSeconds: 5,
          successThreshold: 1,
          failureThreshold: 5,
        },
        readinessProbe: { httpGet: { path: '/ready', port: 'readiness-probe' } },
        securityContext: {
          capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [{ mountPath: '/etc/coredns', name: 'config-volume', readOnly: true }],
      },
    ],
    volumes: [
      { name: 'config-volume', configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] } },
    ],
  };
}
