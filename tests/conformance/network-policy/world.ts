import { PolicyNetwork } from '../../../sandbox/cluster/network-policy.ts';
import { Kernel } from '../../../sandbox/kernel/kernel.ts';
import { ApiServer } from '../../../sandbox/kubernetes/apiserver/server.ts';
import type { KubernetesObject } from '../../../sandbox/kubernetes/objects.ts';
import { Network } from '../../../sandbox/network/network.ts';
import type { Connection } from '../../../sandbox/network/socket.ts';
import { settle } from '../../../sandbox/network/testing.ts';
import type { Trace } from '../../../sandbox/network/trace.ts';

const nodeAddress = '172.18.0.2';
const resolvConf = 'search svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n';
const kinds = {
  namespaces: { group: '', version: 'v1', resource: 'namespaces' },
  pods: { group: '', version: 'v1', resource: 'pods' },
  serviceAccounts: { group: '', version: 'v1', resource: 'serviceaccounts' },
  policies: { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' },
};

const namespaces: Record<string, Record<string, string>> = {
  'team-a': { team: 'a' },
  'team-b': { team: 'b' },
  plain: {},
  'kube-system': {},
};

interface PodFacts {
  address: string;
  labels: Record<string, string>;
  ports?: Record<string, number>;
  hostNetwork?: boolean;
  phase?: string;
}

const pods: Record<string, PodFacts> = {
  'team-a/client': { address: '10.244.0.10', labels: { app: 'client', tier: 'front' } },
  'team-a/web': { address: '10.244.0.11', labels: { app: 'web' }, ports: { http: 8080, metrics: 9090 } },
  'team-a/db': { address: '10.244.0.12', labels: { app: 'db' }, ports: { metrics: 9187 } },
  'team-a/agent': { address: nodeAddress, labels: { app: 'agent' }, hostNetwork: true },
  'team-b/client': { address: '10.244.0.20', labels: { app: 'client' } },
  'team-b/web': { address: '10.244.0.21', labels: { app: 'web' }, ports: { http: 8081 } },
  'plain/client': { address: '10.244.0.30', labels: {} },
  'kube-system/dns': { address: '10.244.0.2', labels: { 'k8s-app': 'kube-dns' } },
  // Ended; its address went to another pod.
  'team-a/job': { address: '10.244.0.20', labels: { app: 'job' }, phase: 'Succeeded' },
};

const outside = { 'outside-1': '203.0.113.10', 'outside-2': '203.0.113.77', elsewhere: '198.51.100.1' };
const listening = [53, 443, 5432, 8080, 8081, 8085, 8090, 8091, 9090, 9187, 10250];

export type PolicySpecs = Record<string, object>;

/** An API server and a network with a handful of pods, joined by the policy engine alone. */
export class World {
  readonly kernel = new Kernel({ epoch: 1_768_467_600_000, seed: 1 });
  readonly network = new Network(this.kernel);
  /** The accepting ends, newest last. */
  readonly accepted: Connection[] = [];
  readonly #client;

  constructor() {
    const build = {
      gitVersion: 'v1.35.2',
      major: '1',
      minor: '35',
      gitCommit: '',
      gitTreeState: 'clean',
      buildDate: '',
    };
    const server = new ApiServer({
      kernel: this.kernel,
      version: 'v1.35.2',
      build: { ...build, goVersion: 'go1.25', compiler: 'gc', platform: 'linux/amd64' },
    });
    this.#client = server.client('system:masters');
    new PolicyNetwork(this.#client, this.network, nodeAddress);
    for (const [name, labels] of Object.entries(namespaces)) this.setNamespace(name, labels);
    this.#host('node', nodeAddress, false);
    for (const [name, address] of Object.entries(outside)) this.#host(name, address, true);
    for (const [key, facts] of Object.entries(pods)) this.#pod(key, facts);
    this.network.setServices([
      {
        address: '10.96.0.100',
        port: 80,
        protocol: 'TCP',
        service: 'team-a/web',
        backends: [{ address: '10.244.0.11', port: 8080 }],
      },
      {
        address: '10.96.0.10',
        port: 53,
        protocol: 'UDP',
        service: 'kube-system/kube-dns',
        backends: [{ address: '10.244.0.2', port: 53 }],
      },
    ]);
    this.network.setZone('test', new Map([['example.test', { ipv4: ['203.0.113.10'] }]]));
  }

  setNamespace(name: string, labels: Record<string, string>): void {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
    const present = this.#client.get(kinds.namespaces, undefined, name);
    if (!present) {
      this.#client.create(kinds.namespaces, object);
      const metadata = { namespace: name, name: 'default' };
      this.#client.create(kinds.serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    } else this.#client.update(kinds.namespaces, { ...present, metadata: { ...present.metadata, labels } });
  }

  setPodLabels(key: string, labels: Record<string, string>): void {
    const [namespace, name = ''] = key.split('/');
    const present = this.#client.get(kinds.pods, namespace, name) as KubernetesObject;
    this.#client.update(kinds.pods, { ...present, metadata: { ...present.metadata, labels } });
  }

  /** Makes NetworkPolicies from their specs by `namespace/name`. */
  apply(specs: PolicySpecs): void {
    for (const [key, spec] of Object.entries(specs)) {
      const [namespace = '', name = ''] = key.split('/');
      const metadata = { namespace, name };
      const object = {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata,
        spec: structuredClone(spec),
      };
      this.#client.create(kinds.policies, object);
    }
  }

  remove(key: string): void {
    const [namespace, name = ''] = key.split('/');
    this.#client.delete(kinds.policies, namespace, name);
  }

  /** `from > to:port`, or `from > :dns`; true: the flow got through, false: nothing came back. */
  async passes(flow: string, trace?: Trace): Promise<boolean> {
    const [from = '', to = ''] = flow.split(' > ');
    const [name = '', port = ''] = to.split(':');
    const stack = this.network.stack(idOf(from));
    if (!stack) throw new Error(`${flow}: who is ${from}?`);
    if (port === 'dns') {
      const { ipv4 } = await this.settle(stack.resolve('example.test', trace));
      return ipv4.length > 0;
    }
    const address = name === 'service' ? '10.96.0.100' : this.network.stack(idOf(name))?.address;
    if (!address) throw new Error(`${flow}: who is ${name}?`);
    const options = { destination: { address, port: Number(port) }, uid: 0, timeout: 3000, ...(trace && { trace }) };
    const outcome = stack.connect(options).then(
      () => 'connected',
      (error: { code: string }) => error.code,
    );
    const result = await this.settle(outcome);
    if (result !== 'connected' && result !== 'ETIMEDOUT') throw new Error(`${flow}: ${result}`);
    return result === 'connected';
  }

  /** Turns the clock until the promise has its answer. */
  settle<T>(task: Promise<T>): Promise<T> {
    return settle(this.kernel, task);
  }

  #host(id: string, address: string, isOutside: boolean): void {
    this.#listen(this.network.addNamespace({ id, address, outside: isOutside }));
  }

  #pod(key: string, { address, labels, ports = {}, hostNetwork = false, phase = 'Running' }: PodFacts): void {
    const [namespace = '', name = ''] = key.split('/');
    const containerPorts = Object.entries(ports).map(([portName, containerPort]) => ({
      name: portName,
      containerPort,
    }));
    const pod = this.#client.create<KubernetesObject>(kinds.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name, labels },
      spec: { hostNetwork, containers: [{ name: 'main', image: 'program', ports: containerPorts }] },
    });
    const status = { ...(pod.status as object), phase, podIP: address, podIPs: [{ ip: address }] };
    this.#client.updateStatus(kinds.pods, { ...pod, status });
    if (!hostNetwork && phase === 'Running') this.#listen(this.network.addNamespace({ id: key, address, resolvConf }));
  }

  #listen(namespace: ReturnType<Network['addNamespace']>): void {
    for (const port of listening) namespace.listen(port, (connection) => this.accepted.push(connection));
  }
}

/** Pods of team-a go by their bare name. */
function idOf(name: string): string {
  return name.includes('/') || name === 'node' || name in outside ? name : `team-a/${name}`;
}
