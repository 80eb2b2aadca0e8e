import { prefixProblem } from '../inject/annotations.ts';
import { Findings } from './findings.ts';

/** Checks of names, addresses, ports and times (upstream pkg/config/validation/agent, pkg/config/labels). */

const label = '[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?';
const labelPattern = new RegExp(`^${label}$`);
const wildcardPattern = new RegExp(`^(\\*|(\\*|\\*-)?${label})$`);
const qualified = '(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const keyPattern = new RegExp(`^(${label}(?:\\.${label})*/)?(${qualified})$`);
const valuePattern = new RegExp(`^(${qualified})?$`);

export const quote = (text: string) => JSON.stringify(text);

export function isLabel(text: string): boolean {
  return text.length <= 63 && labelPattern.test(text);
}

export function portProblem(port: number): string | undefined {
  return port >= 1 && port <= 65535 ? undefined : `port number ${port} must be in the range 1..65535`;
}

export function portNameProblem(name: string): string | undefined {
  return isLabel(name) ? undefined : `invalid port name: ${name}`;
}

function lengthProblem(name: string): string | undefined {
  if (name.length > 255) return `domain name ${quote(name)} too long (max 255)`;
  return name === '' ? 'empty domain name not allowed' : undefined;
}

function labelsProblem(domain: string): string | undefined {
  const parts = domain.split('.');
  const last = parts.at(-1) as string;
  if (/^[+-]?\d+$/.test(last)) {
    return `domain name ${quote(domain)} invalid (top level domain ${quote(last)} cannot be all-numeric)`;
  }
  for (const [index, part] of parts.entries()) {
    // A name may end with a dot.
    if (index === parts.length - 1 && part === '') return undefined;
    if (!isLabel(part)) return `domain name ${quote(domain)} invalid (label ${quote(part)} invalid)`;
  }
  return undefined;
}

export function fqdnProblem(name: string): string | undefined {
  return lengthProblem(name) ?? labelsProblem(name);
}

/** A name whose first label may be a wildcard. */
export function wildcardDomainProblem(domain: string): string | undefined {
  const problem = lengthProblem(domain);
  if (problem) return problem;
  const dot = domain.indexOf('.');
  const first = dot < 0 ? domain : domain.slice(0, dot);
  if (first.length > 63 || !wildcardPattern.test(first)) {
    return `domain name ${quote(domain)} invalid (label ${quote(first)} invalid)`;
  }
  return dot < 0 ? undefined : labelsProblem(domain.slice(dot + 1));
}

export function partialWildcardProblem(host: string): string | undefined {
  const partial = host.includes('*') && host.length !== 1 && !host.startsWith('*.');
  return partial ? `partial wildcard ${quote(host)} not allowed` : undefined;
}

export function isAddress(text: string): boolean {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    return text.split('.').every((part) => Number(part) <= 255 && (part === '0' || !part.startsWith('0')));
  }
  return isIpv6(text);
}

function isIpv6(text: string): boolean {
  const [address = ''] = text.split('%');
  const halves = address.split('::');
  if (!address.includes(':') || halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const dotted = last.includes('.');
  if (dotted && !isAddress(last)) return false;
  const plain = dotted ? groups.slice(0, -1) : groups;
  const count = plain.length + (dotted ? 2 : 0);
  return plain.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group)) && (halves.length === 2 ? count < 8 : count === 8);
}

export function addressProblem(text: string): string | undefined {
  return isAddress(text) ? undefined : `${text} is not a valid IP`;
}

/** An address, or a block of them. */
export function subnetProblem(text: string): string | undefined {
  if (text.split('/').length !== 2) return addressProblem(text);
  const [address = ''] = text.split('/');
  return isAddress(address) && !prefixProblem(text) ? undefined : `${text} is not a valid CIDR block`;
}

/** `[namespace/]host` of a gateway's server, or `namespace/host` of a sidecar. */
export function namespacedHost(text: string, gateway: boolean, fromGatewayApi = false): Findings {
  const slash = text.indexOf('/');
  if (slash < 0) {
    return gateway ? hostPart(text, true) : new Findings().error('host must be of form namespace/dnsName');
  }
  const findings = new Findings();
  const [namespace, name] = [text.slice(0, slash), text.slice(slash + 1)];
  if (namespace === '' || name === '') findings.error('config namespace and dnsName in host entry cannot be empty');
  const special = gateway && !fromGatewayApi ? ['*', '.'] : ['*', '.', '~'];
  if (!special.includes(namespace) && !isLabel(namespace)) {
    findings.error(`invalid namespace value ${quote(namespace)} in ${gateway ? 'gateway' : 'sidecar'}`);
  }
  return findings.add(hostPart(name, gateway));
}

function hostPart(host: string, gateway: boolean): Findings {
  const findings = new Findings();
  if (host !== '*' && !host.includes('.')) findings.error('short names (non FQDN) are not allowed');
  const problem = wildcardDomainProblem(host);
  if (problem) {
    if (!gateway) findings.error(problem);
    if (!isAddress(host)) findings.error(problem);
  }
  return findings.error(partialWildcardProblem(host));
}

/** Labels that select something. */
export function labelsFindings(labels: Record<string, string> | undefined): Findings {
  const findings = new Findings();
  for (const key of Object.keys(labels ?? {}).sort()) {
    const value = labels?.[key] ?? '';
    const match = keyPattern.exec(key);
    if (!match) findings.listed(`invalid tag key: ${quote(key)}`);
    else if ((match[1] ?? '').length > 254) findings.listed(`invalid tag key: ${quote(key)} (DNS prefix is too long)`);
    else if ((match[2] ?? '').length > 63) findings.listed(`invalid tag key: ${quote(key)} (name is too long)`);
    if (!valuePattern.test(value)) findings.listed(`invalid tag value: ${quote(value)}`);
  }
  return findings;
}

/** Labels of a workload selector: the errors, and whether it selects everything. */
export function selectorFindings(labels: Record<string, string> | undefined): Findings {
  const findings = new Findings();
  for (const key of Object.keys(labels ?? {}).sort()) {
    const value = labels?.[key] ?? '';
    if (key === '') findings.error(`empty key is not supported in selector: ${quote(`${key}=${value}`)}`);
    if (key.includes('*') || value.includes('*')) {
      findings.error(`wildcard is not supported in selector: ${quote(`${key}=${value}`)}`);
    }
  }
  return findings;
}

const units: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** A duration in nanoseconds, or undefined if it is none. */
export function nanoseconds(text: string): number | undefined {
  const match = /^([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+|0)$/.exec(text);
  if (!match) return undefined;
  let total = 0;
  for (const [, number, unit] of (match[2] as string).matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(number) * (units[unit as string] as number);
  }
  return Math.round(match[1] === '-' ? -total : total);
}

export function durationProblem(text: string): string | undefined {
  const time = nanoseconds(text) ?? 0;
  if (time < 1e6) return 'duration must be greater than 1ms';
  return time % 1e6 === 0 ? undefined : 'only durations to ms precision are supported';
}

export type Protocol =
  | 'TCP'
  | 'UDP'
  | 'GRPC'
  | 'GRPC-WEB'
  | 'HTTP'
  | 'HTTP_PROXY'
  | 'HTTP2'
  | 'HTTPS'
  | 'TLS'
  | 'MONGO'
  | 'REDIS'
  | 'MYSQL';
const protocols = new Set<string>('TCP UDP GRPC GRPC-WEB HTTP HTTP_PROXY HTTP2 HTTPS TLS MONGO REDIS MYSQL'.split(' '));

export function parseProtocol(text: string): Protocol | undefined {
  const upper = text.toUpperCase();
  return protocols.has(upper) ? (upper as Protocol) : undefined;
}

/** A protocol may be missing, which means it is to be found out. */
export function protocolProblem(text: string): string | undefined {
  return text === '' || parseProtocol(text) ? undefined : `unsupported protocol: ${text}`;
}

export const isHttp = (protocol: Protocol | undefined) =>
  protocol !== undefined && ['HTTP', 'HTTP2', 'HTTP_PROXY', 'GRPC', 'GRPC-WEB'].includes(protocol);
export const isTls = (protocol: Protocol | undefined) => protocol === 'HTTPS' || protocol === 'TLS';
export const isTcp = (protocol: Protocol | undefined) =>
  protocol !== undefined && ['TCP', 'HTTPS', 'TLS', 'MONGO', 'REDIS', 'MYSQL'].includes(protocol);

export function unixProblem(path: string): string | undefined {
  if (path === '') return 'unix address must not be empty';
  if (path.startsWith('@')) return undefined;
  return path.startsWith('/') && !path.endsWith('/') ? undefined : `${path} is not an absolute path to a file`;
}

/** exportTo of a resource: `.`, `*`, `~` or namespaces. */
export function exportToFindings(
  namespace: string,
  exportTo: readonly string[],
  options: { serviceEntry?: boolean; selectsWorkloads?: boolean } = {},
): Findings {
  const findings = new Findings();
  if (exportTo.length === 0) return findings;
  const seen = new Set<string>();
  for (const entry of exportTo) {
    const key = entry === '.' ? namespace : entry;
    if (seen.has(key)) {
      findings.error(
        key === entry
          ? `duplicate entries in exportTo for entry ${entry}`
          : `duplicate entries in exportTo: . and current namespace ${namespace}`,
      );
    } else if (options.serviceEntry && entry === '~') seen.add(key);
    else if (key === '*' || key === '.' || isLabel(key)) seen.add(key);
    else if (key === '~') findings.error('exportTo ~ (none) is not allowed for Istio configuration objects');
    else findings.error('only .,*, or a valid DNS 1123 label is allowed as exportTo entry');
  }
  if (options.selectsWorkloads && seen.size > 0) {
    if (!seen.has(namespace)) {
      findings.error('destination rule with workload selector cannot have exportTo beyond current namespace');
    } else if (seen.size > 1) {
      findings.error('destination rule with workload selector cannot have multiple entries in exportTo');
    }
  }
  if (seen.has('*') && exportTo.length > 1) {
    findings.error('cannot have both public (*) and non-public exportTo values for a resource');
  }
  if (seen.has('~') && exportTo.length > 1) findings.error('cannot export service entry to no one (~) and someone');
  return findings;
}

/** Whether two hosts with or without wildcard overlap. */
export function hostsOverlap(a: string, b: string): boolean {
  const [left, right] = [a.startsWith('*'), b.startsWith('*')];
  if (left && right) return a.length < b.length ? b.slice(1).endsWith(a.slice(1)) : a.slice(1).endsWith(b.slice(1));
  if (left) return b.endsWith(a.slice(1));
  return right ? a.endsWith(b.slice(1)) : a === b;
}

/** Whether every host that `a` stands for is one of `b`. */
export function hostWithin(a: string, b: string): boolean {
  if (!b.startsWith('*')) return a === b;
  if (a.startsWith('*') && a.length < b.length) return false;
  return (a.startsWith('*') ? a.slice(1) : a).endsWith(b.slice(1));
}
