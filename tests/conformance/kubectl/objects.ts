import type { KubernetesObject } from '../../../sandbox/kubernetes/objects.ts';

const day = 24 * 3_600_000;

/** When everything was made: some days ago, so that ages do not depend on how long a test takes. */
export const createdAt = new Date(Math.floor((Date.now() - 3 * day - 3_600_000) / 1000) * 1000)
  .toISOString()
  .replace('.000Z', 'Z');

export const objects: readonly KubernetesObject[] = [
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'default',
      labels: {
        'kubernetes.io/metadata.name': 'default',
      },
    },
    spec: {
      finalizers: ['kubernetes'],
    },
    status: {
      phase: 'Active',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'kube-system',
      labels: {
        'kubernetes.io/metadata.name': 'kube-system',
      },
    },
    spec: {
      finalizers: ['kubernetes'],
    },
    status: {
      phase: 'Active',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'istio-system',
      labels: {
        'kubernetes.io/metadata.name': 'istio-system',
      },
    },
    spec: {
      finalizers: ['kubernetes'],
    },
    status: {
      phase: 'Active',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'empty',
      labels: {
        'kubernetes.io/metadata.name': 'empty',
      },
    },
    spec: {
      finalizers: ['kubernetes'],
    },
    status: {
      phase: 'Active',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'curl-1',
      namespace: 'default',
      labels: {
        app: 'curl',
        'security.istio.io/tlsMode': 'istio',
      },
    },
    spec: {
      containers: [
        {
          name: 'curl',
          image: 'curlimages/curl:8.16.0',
          imagePullPolicy: 'IfNotPresent',
          resources: {},
        },
        {
          name: 'istio-proxy',
          image: 'p',
          ports: [
            {
              containerPort: 15090,
              name: 'http-envoy-prom',
              protocol: 'TCP',
            },
          ],
        },
      ],
      initContainers: [
        {
          name: 'istio-init',
          image: 'i',
        },
      ],
      nodeName: 'n1',
      serviceAccountName: 'curl',
    },
    status: {
      phase: 'Running',
      podIP: '10.244.0.5',
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          lastTransitionTime: createdAt,
        },
      ],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'nginx',
      namespace: 'default',
      labels: {
        app: 'nginx',
      },
      annotations: {
        'kubectl.kubernetes.io/default-container': 'web',
      },
    },
    spec: {
      containers: [
        {
          name: 'side',
          image: 's',
        },
        {
          name: 'web',
          image: 'nginx',
        },
      ],
    },
    status: {
      phase: 'Pending',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'done',
      namespace: 'default',
    },
    spec: {
      containers: [
        {
          name: 'c',
          image: 's',
        },
      ],
    },
    status: {
      phase: 'Succeeded',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'kube-apiserver-n1',
      namespace: 'kube-system',
      labels: {
        component: 'kube-apiserver',
        tier: 'control-plane',
      },
    },
    spec: {
      containers: [
        {
          name: 'kube-apiserver',
          image: 's',
        },
      ],
    },
    status: {
      phase: 'Running',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'kube-apiserver-n2',
      namespace: 'kube-system',
    },
    spec: {
      containers: [
        {
          name: 'kube-apiserver',
          image: 's',
        },
      ],
    },
    status: {
      phase: 'Running',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: {
        component: 'apiserver',
        provider: 'kubernetes',
      },
    },
    spec: {
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1'],
      type: 'ClusterIP',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      ports: [
        {
          name: 'https',
          port: 443,
          protocol: 'TCP',
          targetPort: 6443,
        },
      ],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'curl',
      namespace: 'default',
      labels: {
        app: 'curl',
      },
    },
    spec: {
      clusterIP: '10.96.7.1',
      selector: {
        app: 'curl',
      },
      ports: [
        {
          name: 'http',
          port: 80,
          targetPort: 80,
        },
      ],
    },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'curl',
      namespace: 'default',
      labels: {
        app: 'curl',
      },
      generation: 1,
      annotations: {
        'deployment.kubernetes.io/revision': '1',
      },
      uid: 'DEP',
    },
    spec: {
      replicas: 1,
      selector: {
        matchLabels: {
          app: 'curl',
        },
      },
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: {
          maxSurge: '25%',
          maxUnavailable: '25%',
        },
      },
      template: {
        metadata: {
          labels: {
            app: 'curl',
          },
        },
        spec: {
          containers: [
            {
              name: 'curl',
              image: 'curlimages/curl:8.16.0',
              command: ['/bin/sleep', 'infinity'],
              resources: {},
              volumeMounts: [
                {
                  mountPath: '/etc/tls',
                  name: 'sv',
                },
              ],
            },
          ],
          serviceAccountName: 'curl',
          volumes: [
            {
              name: 'sv',
              secret: {
                secretName: 'curl-secret',
                optional: true,
              },
            },
          ],
        },
      },
    },
    status: {
      observedGeneration: 1,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
      conditions: [
        {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
        },
        {
          type: 'Progressing',
          status: 'True',
          reason: 'NewReplicaSetAvailable',
        },
      ],
    },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: 'curl-abc',
      namespace: 'default',
      uid: 'rs-1',
      labels: {
        app: 'curl',
        'pod-template-hash': 'abc',
      },
      annotations: {
        'deployment.kubernetes.io/revision': '1',
        'deployment.kubernetes.io/desired-replicas': '1',
      },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: 'curl',
          uid: 'DEP',
          controller: true,
        },
      ],
    },
    spec: {
      replicas: 1,
      selector: {
        matchLabels: {
          app: 'curl',
          'pod-template-hash': 'abc',
        },
      },
      template: {
        metadata: {
          labels: {
            app: 'curl',
            'pod-template-hash': 'abc',
          },
        },
        spec: {
          containers: [
            {
              name: 'curl',
              image: 'curlimages/curl:8.16.0',
            },
          ],
        },
      },
    },
    status: {
      replicas: 1,
      readyReplicas: 1,
    },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'cm',
      namespace: 'default',
    },
    data: {
      mesh: 'a: b\nc:\n- d\n',
      n: '1',
      z: '',
    },
    binaryData: {
      bin: 'aGVsbG8=',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'kube-root-ca.crt',
      namespace: 'default',
    },
    data: {
      'ca.crt': 'X',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'sec',
      namespace: 'default',
    },
    type: 'Opaque',
    data: {
      password: 'aHVudGVyMg==',
      user: 'YQ==',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'default',
      namespace: 'default',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'curl',
      namespace: 'default',
    },
    imagePullSecrets: [
      {
        name: 'x',
      },
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: 'n1',
      labels: {
        'kubernetes.io/hostname': 'n1',
        'node-role.kubernetes.io/control-plane': '',
      },
    },
    spec: {
      podCIDR: '10.244.0.0/24',
      podCIDRs: ['10.244.0.0/24'],
    },
    status: {
      capacity: {
        cpu: '4',
        memory: '8Gi',
        pods: '110',
      },
      allocatable: {
        cpu: '4',
        memory: '8Gi',
        pods: '110',
      },
      addresses: [
        {
          type: 'InternalIP',
          address: '172.18.0.2',
        },
        {
          type: 'Hostname',
          address: 'n1',
        },
      ],
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          lastHeartbeatTime: createdAt,
          lastTransitionTime: createdAt,
          reason: 'KubeletReady',
          message: 'kubelet is posting ready status',
        },
      ],
      nodeInfo: {
        machineID: 'm',
        systemUUID: 's',
        bootID: 'b',
        kernelVersion: '6.1',
        osImage: 'Debian',
        containerRuntimeVersion: 'containerd://2',
        kubeletVersion: 'v1.35.2',
        kubeProxyVersion: '',
        operatingSystem: 'linux',
        architecture: 'amd64',
      },
    },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'curl-x',
      namespace: 'default',
      labels: {
        'kubernetes.io/service-name': 'curl',
      },
    },
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['10.244.0.5'],
        conditions: {
          ready: true,
        },
        nodeName: 'n1',
        targetRef: {
          kind: 'Pod',
          name: 'curl-1',
          namespace: 'default',
        },
      },
    ],
    ports: [
      {
        name: 'http',
        port: 80,
        protocol: 'TCP',
      },
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: 'curl-1.1',
      namespace: 'default',
    },
    involvedObject: {
      kind: 'Pod',
      name: 'curl-1',
      namespace: 'default',
      uid: 'PODUID',
      apiVersion: 'v1',
    },
    reason: 'Scheduled',
    message: 'Successfully assigned default/curl-1 to n1',
    type: 'Normal',
    source: {
      component: 'default-scheduler',
    },
    firstTimestamp: createdAt,
    lastTimestamp: createdAt,
    count: 1,
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'db', namespace: 'default', labels: { app: 'db' }, creationTimestamp: createdAt },
    spec: {
      podSelector: { matchLabels: { role: 'db' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [
            { ipBlock: { cidr: '172.17.0.0/16', except: ['172.17.1.0/24', '172.17.2.0/24'] } },
            {
              namespaceSelector: { matchLabels: { project: 'shop' } },
              podSelector: { matchExpressions: [{ key: 'role', operator: 'In', values: ['web', 'cron'] }] },
            },
            { podSelector: {} },
          ],
          ports: [
            { protocol: 'TCP', port: 6379 },
            { protocol: 'UDP', port: 'dns' },
            { protocol: 'TCP', port: 32000, endPort: 32768 },
          ],
        },
        {},
      ],
      egress: [{ to: [{ namespaceSelector: {} }] }],
    },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'deny', namespace: 'default' },
    spec: { podSelector: {}, policyTypes: ['Egress'] },
  },
];
