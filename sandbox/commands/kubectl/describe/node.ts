import { age } from '../ages.ts';
import { StatusError } from '../errors.ts';
import type { Kubectl } from '../kubectl.ts';
import { at, isRecord, type KubeObject, records, text } from '../objects.ts';
import { parseQuantity } from '../quantity.ts';
import { describeEvents, searchEvents } from './events.ts';
import { DescribeWriter, longTime } from './writer.ts';

type Data = Record<string, unknown>;

export async function describeNode(k: Kubectl, object: KubeObject): Promise<string> {
  const { name, uid = '' } = object.metadata;
  const spec = (object.spec ?? {}) as Data;
  const status = (object.status ?? {}) as Data;
  const fieldSelector = `spec.nodeName=${name},status.phase!=Failed,status.phase!=Succeeded`;
  const pods = records(
    (await k.client.json<Data>('GET', '/api/v1/pods', { query: { fieldSelector, limit: '500' } })).items,
  ) as unknown as KubeObject[];
  const events = k.flags.bool('show-events')
    ? [
        ...((await searchEvents(k, { name, namespace: '', kind: 'Node', uid })) ?? []),
        ...((await searchEvents(k, { name, namespace: '', kind: 'Node', uid: name })) ?? []),
      ]
    : undefined;
  const w = new DescribeWriter();
  w.write(0, `Name:\t${name}\n`);
  w.write(0, `Roles:\t${roles(object).join(',') || '<none>'}\n`);
  w.pairs('Labels', object.metadata.labels);
  w.annotations('Annotations', object.metadata.annotations);
  w.write(0, `CreationTimestamp:\t${longTime(object.metadata.creationTimestamp)}\n`);
  describeTaints(w, records(spec.taints));
  w.write(0, `Unschedulable:\t${spec.unschedulable === true}\n`);
  await describeLease(k, w, name);
  const conditions = records(status.conditions);
  if (conditions.length > 0) {
    w.write(0, 'Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n');
    w.write(1, '----\t------\t-----------------\t------------------\t------\t-------\n');
  }
  for (const c of conditions) {
    w.write(
      1,
      `${text(c.type)} \t${text(c.status)} \t${longTime(c.lastHeartbeatTime)} \t${longTime(c.lastTransitionTime)} \t${text(c.reason)} \t${text(c.message)}\n`,
    );
  }
  w.write(0, 'Addresses:\n');
  for (const { type, address } of records(status.addresses)) w.write(1, `${text(type)}:\t${text(address)}\n`);
  describeList(w, 'Capacity', status.capacity);
  describeList(w, 'Allocatable', status.allocatable);
  describeSystem(w, (status.nodeInfo ?? {}) as Data);
  if (spec.podCIDR) w.write(0, `PodCIDR:\t${text(spec.podCIDR)}\n`);
  if (Array.isArray(spec.podCIDRs) && spec.podCIDRs.length > 0) {
    w.write(0, `PodCIDRs:\t${spec.podCIDRs.map(text).join(',')}\n`);
  }
  if (spec.providerID) w.write(0, `ProviderID:\t${text(spec.providerID)}\n`);
  describePods(k, w, pods, (status.allocatable ?? status.capacity ?? {}) as Data);
  describeEvents(k, w, events);
  return w.finish();
}

const rolePrefix = 'node-role.kubernetes.io/';

function roles(node: KubeObject): string[] {
  const found = Object.entries(node.metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return key === rolePrefix ? [] : [key.slice(rolePrefix.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return [...new Set(found)].sort();
}

function describeTaints(w: DescribeWriter, taints: Data[]): void {
  w.write(0, 'Taints:\t');
  if (taints.length === 0) w.write(0, '<none>\n');
  const keyOf = (taint: Data) => `${text(taint.effect)},${text(taint.key)}`;
  [...taints]
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .forEach(({ key, value, effect }, index) => {
      if (index > 0) w.write(0, '\t');
      const shown = effect
        ? value
          ? `${text(key)}=${text(value)}:${text(effect)}`
          : `${text(key)}:${text(effect)}`
        : value
          ? `${text(key)}=${text(value)}:`
          : text(key);
      w.write(0, `${shown}\n`);
    });
}

async function describeLease(k: Kubectl, w: DescribeWriter, name: string): Promise<void> {
  try {
    const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`;
    const lease = await k.client.json<Data>('GET', path);
    const time = (value: unknown) => (value === undefined ? '<unset>' : longTime(value));
    w.write(0, 'Lease:\n');
    w.write(1, `HolderIdentity:\t${text(at(lease, 'spec', 'holderIdentity') ?? '<unset>')}\n`);
    w.write(1, `AcquireTime:\t${time(at(lease, 'spec', 'acquireTime'))}\n`);
    w.write(1, `RenewTime:\t${time(at(lease, 'spec', 'renewTime'))}\n`);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    w.write(0, `Lease:\tFailed to get lease: ${error.message}\n`);
  }
}

function describeList(w: DescribeWriter, title: string, list: unknown): void {
  if (!isRecord(list) || Object.keys(list).length === 0) return;
  w.write(0, `${title}:\n`);
  for (const name of Object.keys(list).sort()) w.write(0, `  ${name}:\t${text(list[name])}\n`);
}

function describeSystem(w: DescribeWriter, info: Data): void {
  w.write(0, 'System Info:\n');
  for (const [title, field] of [
    ['Machine ID', 'machineID'],
    ['System UUID', 'systemUUID'],
    ['Boot ID', 'bootID'],
    ['Kernel Version', 'kernelVersion'],
    ['OS Image', 'osImage'],
    ['Operating System', 'operatingSystem'],
    ['Architecture', 'architecture'],
    ['Container Runtime Version', 'containerRuntimeVersion'],
    ['Kubelet Version', 'kubeletVersion'],
    ['Kube-Proxy Version', 'kubeProxyVersion'],
  ] as const) {
    w.write(0, `  ${title}:\t${text(info[field])}\n`);
  }
}

type Amounts = Record<string, number>;

function describePods(k: Kubectl, w: DescribeWriter, pods: KubeObject[], allocatable: Data): void {
  w.write(0, `Non-terminated Pods:\t(${pods.length} in total)\n`);
  w.write(1, 'Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n');
  w.write(1, '---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n');
  const available = (name: string) => parseQuantity(text(allocatable[name])) ?? 0;
  const share = (amounts: Amounts, name: string) => {
    const amount = amounts[name] ?? 0;
    const whole = available(name);
    return `${showAmount(name, amount)} (${whole === 0 ? 0 : Math.trunc((amount / whole) * 100)}%)`;
  };
  const total: { requests: Amounts; limits: Amounts } = { requests: {}, limits: {} };
  for (const pod of pods) {
    const requests = podAmounts(pod, 'requests');
    const limits = podAmounts(pod, 'limits');
    add(total.requests, requests);
    add(total.limits, limits);
    const cells = [
      share(requests, 'cpu'),
      share(limits, 'cpu'),
      share(requests, 'memory'),
      share(limits, 'memory'),
      age(pod.metadata.creationTimestamp, k.now()),
    ];
    w.write(1, `${pod.metadata.namespace}\t${pod.metadata.name}\t\t${cells.join('\t')}\n`);
  }
  w.write(0, 'Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n');
  w.write(1, 'Resource\tRequests\tLimits\n');
  w.write(1, '--------\t--------\t------\n');
  const names = Object.keys(allocatable).sort();
  const huge = names.filter((name) => name.startsWith('hugepages-'));
  for (const name of ['cpu', 'memory', 'ephemeral-storage', ...huge]) {
    w.write(1, `${name}\t${share(total.requests, name)}\t${share(total.limits, name)}\n`);
  }
  for (const name of names) {
    if (['cpu', 'memory', 'ephemeral-storage', 'pods'].includes(name) || huge.includes(name)) continue;
    w.write(1, `${name}\t${total.requests[name] ?? 0}\t${total.limits[name] ?? 0}\n`);
  }
}

function add(total: Amounts, amounts: Amounts): void {
  for (const [name, amount] of Object.entries(amounts)) total[name] = (total[name] ?? 0) + amount;
}

/** What a pod asks for: its containers and sidecars together, or its greediest init container. */
function podAmounts(pod: KubeObject, field: 'requests' | 'limits'): Amounts {
  const amountsOf = (container: Data): Amounts => {
    const list = at(container, 'resources', field);
    return Object.fromEntries(
      Object.entries(isRecord(list) ? list : {}).map(([name, value]) => [name, parseQuantity(text(value)) ?? 0]),
    );
  };
  const running: Amounts = {};
  for (const container of records(at(pod, 'spec', 'containers'))) add(running, amountsOf(container));
  const sidecars: Amounts = {};
  const starting: Amounts = {};
  for (const container of records(at(pod, 'spec', 'initContainers'))) {
    const amounts = amountsOf(container);
    if (container.restartPolicy === 'Always') {
      add(running, amounts);
      add(sidecars, amounts);
    }
    const needed = container.restartPolicy === 'Always' ? { ...sidecars } : { ...amounts };
    if (container.restartPolicy !== 'Always') add(needed, sidecars);
    for (const [name, amount] of Object.entries(needed)) starting[name] = Math.max(starting[name] ?? 0, amount);
  }
  for (const [name, amount] of Object.entries(starting)) running[name] = Math.max(running[name] ?? 0, amount);
  return running;
}

const binary: [string, number][] = [
  ['Ei', 2 ** 60],
  ['Pi', 2 ** 50],
  ['Ti', 2 ** 40],
  ['Gi', 2 ** 30],
  ['Mi', 2 ** 20],
  ['Ki', 2 ** 10],
];

function showAmount(name: string, amount: number): string {
  if (amount === 0) return '0';
  if (name === 'cpu') {
    const milli = Math.round(amount * 1000);
    return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
  }
  const unit = binary.find(([, size]) => amount % size === 0);
  return unit ? `${amount / unit[1]}${unit[0]}` : String(amount);
}
