import { cidrContains, parseCidr } from './addresses.ts';

/** A rule of a network namespace's nat table, as data. Absent fields match everything. */
export interface NatRule {
  chain: string;
  out?: 'lo';
  source?: string;
  destination?: { cidr: string; not?: boolean };
  port?: { value: number; not?: boolean };
  tcp?: boolean;
  owner?: { kind: 'uid' | 'gid'; id: number; not?: boolean };
  /** RETURN, REDIRECT or the name of a chain. */
  target: string;
  /** Of REDIRECT. */
  toPort?: number;
}

/** What istio-iptables is told by its command line (`-p`, `-z`, `-u`, `-g`, `-i`, `-x`, `-b`, `-d`, `-o`, `-q`). Lists as it takes them. */
export interface InterceptionParameters {
  /** `*` or a comma-separated list. */
  includeIpRanges: string;
  excludeIpRanges: string;
  includeInboundPorts: string;
  excludeInboundPorts: string;
  includeOutboundPorts: string;
  excludeOutboundPorts: string;
  proxyUid: number;
  proxyGid: number;
  outboundPort: number;
  inboundPort: number;
}

export const defaultInterception: InterceptionParameters = {
  includeIpRanges: '*',
  excludeIpRanges: '',
  includeInboundPorts: '*',
  excludeInboundPorts: '15090,15021,15020',
  includeOutboundPorts: '',
  excludeOutboundPorts: '',
  proxyUid: 1337,
  proxyGid: 1337,
  outboundPort: 15001,
  inboundPort: 15006,
};

/** HBONE's port, never captured. */
const tunnelPort = 15008;
const loopback = '127.0.0.1/32';

/** The rules istio-iptables makes, in its order (tools/istio-iptables/pkg/capture/run.go). */
export function istioRules(given: Partial<InterceptionParameters> = {}): NatRule[] {
  const parameters = { ...defaultInterception, ...given };
  return [
    { chain: 'ISTIO_INBOUND', tcp: true, port: { value: tunnelPort }, target: 'RETURN' },
    { chain: 'ISTIO_REDIRECT', tcp: true, target: 'REDIRECT', toPort: parameters.outboundPort },
    { chain: 'ISTIO_IN_REDIRECT', tcp: true, target: 'REDIRECT', toPort: parameters.inboundPort },
    ...inboundRules(parameters),
    { chain: 'OUTPUT', target: 'ISTIO_OUTPUT' },
    ...ports(parameters.excludeOutboundPorts).map((value) => output({ tcp: true, port: { value }, target: 'RETURN' })),
    output({ out: 'lo', source: '127.0.0.6/32', target: 'RETURN' }),
    ...ownerRules('uid', parameters.proxyUid),
    ...ownerRules('gid', parameters.proxyGid),
    output({ destination: { cidr: loopback }, target: 'RETURN' }),
    ...list(parameters.excludeIpRanges).map((cidr) => output({ destination: { cidr }, target: 'RETURN' })),
    ...ports(parameters.includeOutboundPorts).map((value) =>
      output({ tcp: true, port: { value }, target: 'ISTIO_REDIRECT' }),
    ),
    ...(parameters.includeIpRanges === '*'
      ? [output({ target: 'ISTIO_REDIRECT' })]
      : list(parameters.includeIpRanges).map((cidr) => output({ destination: { cidr }, target: 'ISTIO_REDIRECT' }))),
  ];
}

function output(rule: Omit<NatRule, 'chain'>): NatRule {
  return { chain: 'ISTIO_OUTPUT', ...rule };
}

function inboundRules(parameters: InterceptionParameters): NatRule[] {
  const included = list(parameters.includeInboundPorts);
  if (included.length === 0) return [];
  const jump: NatRule = { chain: 'PREROUTING', tcp: true, target: 'ISTIO_INBOUND' };
  if (parameters.includeInboundPorts !== '*') {
    return [
      jump,
      ...included.map(
        (port): NatRule => ({
          chain: 'ISTIO_INBOUND',
          tcp: true,
          port: { value: Number(port) },
          target: 'ISTIO_IN_REDIRECT',
        }),
      ),
    ];
  }
  const excluded = ports(parameters.excludeInboundPorts).map(
    (value): NatRule => ({ chain: 'ISTIO_INBOUND', tcp: true, port: { value }, target: 'RETURN' }),
  );
  return [jump, ...excluded, { chain: 'ISTIO_INBOUND', tcp: true, target: 'ISTIO_IN_REDIRECT' }];
}

/** Keeps Envoy's own connections out of Envoy, and lets it reach its own pod by way of the inbound listener. */
function ownerRules(kind: 'uid' | 'gid', id: number): NatRule[] {
  return [
    output({
      out: 'lo',
      destination: { cidr: loopback, not: true },
      tcp: true,
      port: { value: tunnelPort, not: true },
      owner: { kind, id },
      target: 'ISTIO_IN_REDIRECT',
    }),
    output({ out: 'lo', owner: { kind, id, not: true }, target: 'RETURN' }),
    output({ owner: { kind, id }, target: 'RETURN' }),
  ];
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function ports(text: string): number[] {
  return list(text).map(Number);
}

/** The first packet of a connection as the nat table sees it. */
export interface Packet {
  source: string;
  destination: string;
  port: number;
  /** Leaves by the loopback interface. */
  loopback: boolean;
  /** Of the sending socket; undefined where the packet comes from outside. */
  owner?: { uid: number; gid: number };
}

/** Where the nat table sends a packet that enters at `chain`: a port to be redirected to (and the deciding rules), or undefined. */
export function translate(
  rules: readonly NatRule[],
  chain: 'OUTPUT' | 'PREROUTING',
  packet: Packet,
): { port: number; rules: NatRule[] } | undefined {
  const path: NatRule[] = [];
  const walk = (name: string): number | 'return' | undefined => {
    for (const rule of rules) {
      if (rule.chain !== name || !ruleMatches(rule, packet)) continue;
      if (rule.target === 'RETURN') return 'return';
      path.push(rule);
      if (rule.target === 'REDIRECT') return rule.toPort;
      const verdict = walk(rule.target);
      if (typeof verdict === 'number') return verdict;
      path.pop();
    }
    return undefined;
  };
  const port = walk(chain);
  return typeof port === 'number' ? { port, rules: path } : undefined;
}

function ruleMatches(rule: NatRule, packet: Packet): boolean {
  if (rule.out === 'lo' && !packet.loopback) return false;
  if (rule.source !== undefined && !inRange(rule.source, packet.source)) return false;
  const { destination, port, owner } = rule;
  if (destination && inRange(destination.cidr, packet.destination) === (destination.not ?? false)) return false;
  if (port && (packet.port === port.value) === (port.not ?? false)) return false;
  if (owner) {
    if (!packet.owner) return false;
    const id = owner.kind === 'uid' ? packet.owner.uid : packet.owner.gid;
    if ((id === owner.id) === (owner.not ?? false)) return false;
  }
  return true;
}

function inRange(cidr: string, address: string): boolean {
  const range = parseCidr(cidr);
  return range !== undefined && cidrContains(range, address);
}

/** One rule in the words of `iptables-save`. */
export function formatRule(rule: NatRule): string {
  const words = ['-A', rule.chain];
  const negated = (not: boolean | undefined) => (not ? ['!'] : []);
  if (rule.source) words.push('-s', rule.source);
  if (rule.destination) words.push(...negated(rule.destination.not), '-d', rule.destination.cidr);
  if (rule.out) words.push('-o', rule.out);
  if (rule.tcp) words.push('-p', 'tcp');
  if (rule.port) words.push('-m', 'tcp', ...negated(rule.port.not), '--dport', String(rule.port.value));
  if (rule.owner) {
    words.push('-m', 'owner', ...negated(rule.owner.not), `--${rule.owner.kind}-owner`, String(rule.owner.id));
  }
  words.push('-j', rule.target);
  if (rule.toPort !== undefined) words.push('--to-ports', String(rule.toPort));
  return words.join(' ');
}
