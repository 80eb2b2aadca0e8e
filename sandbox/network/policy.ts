import { type Cidr, cidrContains, parseCidr } from './addresses.ts';
import type { Flow, FlowPolicy, FlowVerdict } from './network.ts';
import type { ObjectReference } from './trace.ts';

/** What one policy says about the flows of some addresses. */
export interface PolicyRules {
  /** Where it comes from, for traces. */
  object: ObjectReference;
  /** Addresses it isolates. */
  pods: ReadonlySet<string>;
  /** What they may receive; undefined: they are not isolated that way. */
  ingress?: readonly PolicyRule[];
  /** What they may send; undefined: they are not isolated that way. */
  egress?: readonly PolicyRule[];
}

export interface PolicyRule {
  /** Undefined: everybody. */
  peers?: readonly ({ addresses: ReadonlySet<string> } | { cidr: string; except: readonly string[] })[];
  /** Of the flow's destination; undefined: every port. `on`: only at these addresses. */
  ports?: readonly { protocol: string; first: number; last: number; on?: ReadonlySet<string> }[];
}

type Direction = 'egress' | 'ingress';
type Matcher = (flow: Flow, peer: string) => boolean;

interface Isolation {
  object: ObjectReference;
  rules: Matcher[];
}

/**
 * The verdict on new flows: an isolated sender needs one egress rule that fits, an isolated receiver one ingress rule; rules of
 * several policies add up. Answers belong to the flow and need no rule. Flows from and to `exempt` addresses (the node's own)
 * and of a pod with itself are always free.
 */
export function flowPolicy(policies: readonly PolicyRules[], exempt: ReadonlySet<string>): FlowPolicy {
  const isolated = { egress: new Map<string, Isolation[]>(), ingress: new Map<string, Isolation[]>() };
  for (const { object, pods, ...rules } of policies) {
    for (const direction of ['egress', 'ingress'] as const) {
      if (!rules[direction]) continue;
      const isolation = { object, rules: rules[direction].map(matcher) };
      for (const pod of pods) isolated[direction].set(pod, [...(isolated[direction].get(pod) ?? []), isolation]);
    }
  }
  const ask = (direction: Direction, flow: Flow, self: string, peer: string): FlowVerdict | undefined => {
    const found = isolated[direction].get(self);
    if (!found || exempt.has(peer)) return undefined;
    const fitting = found.find(({ rules }) => rules.some((fits) => fits(flow, peer)));
    if (fitting) return { allowed: true, direction, policies: [fitting.object] };
    return { allowed: false, direction, policies: found.map(({ object }) => object) };
  };
  return (flow) => {
    const { source, destination } = flow;
    if (source === destination || flow.from === flow.to) return { allowed: true };
    const egress = ask('egress', flow, source, destination);
    if (egress && !egress.allowed) return egress;
    return ask('ingress', flow, destination, source) ?? egress ?? { allowed: true };
  };
}

function matcher({ peers, ports }: PolicyRule): Matcher {
  const fitsPeer = peers?.map((peer): ((address: string) => boolean) => {
    if ('addresses' in peer) return (address) => peer.addresses.has(address);
    const [range, except] = [parseCidr(peer.cidr), peer.except.map(parseCidr)];
    const holds = (cidr: Cidr | undefined, address: string) => cidr !== undefined && cidrContains(cidr, address);
    return (address) => holds(range, address) && !except.some((cidr) => holds(cidr, address));
  });
  return ({ protocol, port, destination }, peer) =>
    (!fitsPeer || fitsPeer.some((fits) => fits(peer))) &&
    (!ports ||
      ports.some(
        (it) => it.protocol === protocol && it.first <= port && port <= it.last && (!it.on || it.on.has(destination)),
      ));
}
