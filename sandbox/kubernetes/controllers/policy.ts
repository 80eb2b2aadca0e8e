import type { NetworkPolicy } from '../kinds/networkpolicy.ts';
import { matchesSelector } from '../selector.ts';
import type { Pod } from './types.ts';

type Spec = NonNullable<NetworkPolicy['spec']>;
type Peer = NonNullable<NonNullable<NonNullable<Spec['ingress']>[number]['from']>[number]>;
type Port = NonNullable<NonNullable<NonNullable<Spec['ingress']>[number]['ports']>[number]>;

/** A NetworkPolicy with every selector and port name replaced by what it stands for at the moment. */
export interface CompiledPolicy {
  object: { apiVersion: string; kind: string; namespace: string; name: string };
  /** Addresses of the pods it isolates. */
  pods: ReadonlySet<string>;
  /** What may come in; undefined: the policy says nothing about it. */
  ingress?: CompiledRule[];
  /** What may go out; undefined: the policy says nothing about it. */
  egress?: CompiledRule[];
}

export interface CompiledRule {
  /** Undefined: everybody. */
  peers?: CompiledPeer[];
  /** Undefined: every port. */
  ports?: CompiledPort[];
}

export type CompiledPeer = { addresses: ReadonlySet<string> } | { cidr: string; except: readonly string[] };

export interface CompiledPort {
  protocol: string;
  first: number;
  last: number;
  /** Where the port has this meaning (a name's number differs from pod to pod); undefined: everywhere. */
  on?: ReadonlySet<string>;
}

/** What a policy may speak of: a pod that has an address of its own. */
interface Target {
  address: string;
  namespace: string;
  labels: Record<string, string> | undefined;
  pod: Pod;
}

/**
 * NetworkPolicies as plain rules about addresses, by the rules of the Kubernetes documentation ("Network Policies") and of
 * kube-network-policies, which kindnet runs: pods in the node's network are neither selected nor peers, selectors never mean
 * anything outside the cluster, ipBlock means pods too.
 */
export function compilePolicies(
  policies: readonly NetworkPolicy[],
  pods: readonly Pod[],
  namespaces: readonly { metadata: { name: string; labels?: Record<string, string> } }[],
): CompiledPolicy[] {
  const targets = pods.flatMap((pod) => targetOf(pod));
  const labels = new Map(namespaces.map(({ metadata }) => [metadata.name, metadata.labels]));
  return policies.map(({ metadata, spec }) => {
    const namespace = metadata.namespace ?? '';
    const types = spec?.policyTypes ?? [];
    const compile = (rule: {
      peers: readonly Peer[] | undefined;
      ports: readonly Port[] | undefined;
    }): CompiledRule => ({
      // An empty list is as good as none: everybody, every port.
      ...(rule.peers?.length && { peers: rule.peers.map((peer) => compilePeer(peer, namespace, targets, labels)) }),
      ...(rule.ports?.length && { ports: rule.ports.flatMap((port) => compilePort(port, targets)) }),
    });
    return {
      object: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace, name: metadata.name },
      pods: addressesOf(
        targets.filter((it) => it.namespace === namespace && matchesSelector(spec?.podSelector, it.labels)),
      ),
      ...(types.includes('Ingress') && {
        ingress: (spec?.ingress ?? []).map(({ from, ports }) => compile({ peers: from, ports })),
      }),
      ...(types.includes('Egress') && {
        egress: (spec?.egress ?? []).map(({ to, ports }) => compile({ peers: to, ports })),
      }),
    };
  });
}

function targetOf(pod: Pod): Target[] {
  const { spec, status, metadata } = pod;
  if (spec.hostNetwork || !status?.podIP || status.phase === 'Succeeded' || status.phase === 'Failed') return [];
  return [{ address: status.podIP, namespace: metadata.namespace ?? '', labels: metadata.labels, pod }];
}

const addressesOf = (targets: readonly Target[]) => new Set(targets.map(({ address }) => address));

function compilePeer(
  { podSelector, namespaceSelector, ipBlock }: Peer,
  namespace: string,
  targets: readonly Target[],
  labels: ReadonlyMap<string, Record<string, string> | undefined>,
): CompiledPeer {
  if (ipBlock) return { cidr: ipBlock.cidr, except: ipBlock.except ?? [] };
  const meant = targets.filter((target) => {
    const here = namespaceSelector
      ? matchesSelector(namespaceSelector, labels.get(target.namespace))
      : target.namespace === namespace;
    return here && (!podSelector || matchesSelector(podSelector, target.labels));
  });
  return { addresses: addressesOf(meant) };
}

/** A name is looked up in the pod that is called, whichever way the policy looks. */
function compilePort({ protocol = 'TCP', port, endPort }: Port, targets: readonly Target[]): CompiledPort[] {
  if (port === undefined) return [{ protocol, first: 1, last: 65535 }];
  if (typeof port === 'number') return [{ protocol, first: port, last: endPort ?? port }];
  const byNumber = new Map<number, Set<string>>();
  for (const { pod, address } of targets) {
    const number = namedPort(pod, port, protocol);
    if (number !== undefined) byNumber.set(number, (byNumber.get(number) ?? new Set()).add(address));
  }
  return [...byNumber].map(([number, on]) => ({ protocol, first: number, last: number, on }));
}

/** pkg/api/pod.FindPort: sidecars count, other init containers don't. */
function namedPort({ spec }: Pod, name: string, protocol: string): number | undefined {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...sidecars]
    .flatMap(({ ports }) => ports ?? [])
    .find((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)?.containerPort;
}
