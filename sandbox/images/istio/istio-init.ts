import {
  defaultInterception,
  formatRule,
  type InterceptionParameters,
  istioRules,
  type NatRule,
} from '../../network/iptables.ts';
import type { Daemon, DaemonContainer } from '../image.ts';
import { IstioLogger } from './logger.ts';
import type { IstioServices } from './services.ts';

const flagNames: Record<string, keyof InterceptionParameters> = {
  p: 'outboundPort',
  z: 'inboundPort',
  u: 'proxyUid',
  g: 'proxyGid',
  i: 'includeIpRanges',
  x: 'excludeIpRanges',
  b: 'includeInboundPorts',
  d: 'excludeInboundPorts',
  o: 'excludeOutboundPorts',
  q: 'includeOutboundPorts',
};
const numeric = new Set<keyof InterceptionParameters>(['outboundPort', 'inboundPort', 'proxyUid', 'proxyGid']);

/** The command line of istio-iptables (tools/istio-iptables/pkg/cmd/root.go). */
function parse(words: readonly string[]): { parameters: InterceptionParameters; mode: string } {
  const parameters: Record<string, string | number> = { ...defaultInterception };
  let mode = 'REDIRECT';
  for (let index = 0; index < words.length; index++) {
    const match = /^-([a-z])$/.exec(words[index] ?? '');
    if (!match) continue;
    const value = words[++index] ?? '';
    const name = flagNames[match[1] ?? ''];
    if (match[1] === 'm') mode = value;
    else if (name) parameters[name] = numeric.has(name) ? Number(value) : value;
  }
  return { parameters: parameters as unknown as InterceptionParameters, mode };
}

/** `istio-iptables`: says what it was told, writes the rules of the pod and ends. */
export function istioIptables(container: DaemonContainer, services: IstioServices): Daemon {
  const { parameters, mode } = parse(container.argv);
  const rules = istioRules(parameters);
  const log = new IstioLogger(container);
  log.info(`Istio iptables environment:\n${environment(container)}`);
  log.info(`Istio iptables variables:\n${variables(parameters, mode, container)}`);
  log.info('Applying iptables chains and rules');
  log.info(`Running iptables restore with: iptables-restore and the following input:\n${restoreInput(rules)}`);
  services.setIptables(container.pod, rules);
  log.info(`Final iptables state (IPv4):\n${savedState(rules)}`);
  container.exit(0);
  return { dispose: () => {} };
}

function environment({ env }: DaemonContainer): string {
  const names = [
    ...['ENVOY_PORT', 'INBOUND_CAPTURE_PORT', 'ISTIO_INBOUND_INTERCEPTION_MODE', 'ISTIO_INBOUND_TPROXY_ROUTE_TABLE'],
    ...['ISTIO_INBOUND_PORTS', 'ISTIO_OUTBOUND_PORTS', 'ISTIO_LOCAL_EXCLUDE_PORTS', 'ISTIO_EXCLUDE_INTERFACES'],
    ...['ISTIO_SERVICE_CIDR', 'ISTIO_SERVICE_EXCLUDE_CIDR', 'ISTIO_META_DNS_CAPTURE', 'INVALID_DROP'],
  ];
  return `${names.map((name) => `${name}=${env.get(name) ?? ''}`).join('\n')}\n`;
}

function variables(parameters: InterceptionParameters, mode: string, { env }: DaemonContainer): string {
  const lines: [string, string | number][] = [
    ['PROXY_PORT', parameters.outboundPort],
    ['PROXY_INBOUND_CAPTURE_PORT', parameters.inboundPort],
    ['PROXY_TUNNEL_PORT', 15008],
    ['PROXY_UID', parameters.proxyUid],
    ['PROXY_GID', parameters.proxyGid],
    ['INBOUND_INTERCEPTION_MODE', mode],
    ['INBOUND_TPROXY_MARK', 1337],
    ['INBOUND_TPROXY_ROUTE_TABLE', 133],
    ['INBOUND_PORTS_INCLUDE', parameters.includeInboundPorts],
    ['INBOUND_PORTS_EXCLUDE', parameters.excludeInboundPorts],
    ['OUTBOUND_OWNER_GROUPS_INCLUDE', '*'],
    ['OUTBOUND_OWNER_GROUPS_EXCLUDE', ''],
    ['OUTBOUND_IP_RANGES_INCLUDE', parameters.includeIpRanges],
    ['OUTBOUND_IP_RANGES_EXCLUDE', parameters.excludeIpRanges],
    ['OUTBOUND_PORTS_INCLUDE', parameters.includeOutboundPorts],
    ['OUTBOUND_PORTS_EXCLUDE', parameters.excludeOutboundPorts],
    ['KUBE_VIRT_INTERFACES', ''],
    ['ENABLE_INBOUND_IPV6', 'false'],
    ['DUAL_STACK', 'false'],
    ['DNS_CAPTURE', env.get('ISTIO_META_DNS_CAPTURE') ?? 'false'],
    ['DROP_INVALID', 'false'],
    ['CAPTURE_ALL_DNS', 'false'],
    ['DNS_SERVERS', '[],[]'],
    ['NETWORK_NAMESPACE', ''],
    ['CNI_MODE', 'false'],
    ['EXCLUDE_INTERFACES', ''],
  ];
  return `${lines.map(([name, value]) => `${name}=${value}`).join('\n')}\n`;
}

const ownChains = (rules: readonly NatRule[]) => {
  const named = rules.flatMap(({ chain, target }) => [chain, target]).filter((name) => name.startsWith('ISTIO_'));
  return [...new Set(named)];
};

function restoreInput(rules: readonly NatRule[]): string {
  const chains = ownChains(rules).map((name) => `-N ${name}`);
  return ['* nat', ...chains, ...rules.map(formatRule), 'COMMIT'].join('\n');
}

function savedState(rules: readonly NatRule[]): string {
  const builtIn = ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'].map((name) => `:${name} ACCEPT [0:0]`);
  const chains = ownChains(rules)
    .sort()
    .map((name) => `:${name} - [0:0]`);
  return `*nat\n${[...builtIn, ...chains, ...rules.map(formatRule)].join('\n')}\nCOMMIT\n`;
}
