import { InjectionError } from './types.ts';

/** Go's netip.ParsePrefix: what is wrong with `text`, or undefined. */
export function prefixProblem(text: string): string | undefined {
  const quoted = JSON.stringify(text);
  const slash = text.lastIndexOf('/');
  if (slash < 0) return `netip.ParsePrefix(${quoted}): no '/'`;
  const address = text.slice(0, slash);
  const bits = text.slice(slash + 1);
  const four = /^[^:%.]*\./.test(address);
  const six = address.includes(':') && /^[0-9a-fA-F:.]+$/.test(address);
  const problem = four ? ipv4Problem(address) : six ? undefined : 'unable to parse IP';
  if (problem) return `netip.ParsePrefix(${quoted}): ParseAddr(${JSON.stringify(address)}): ${problem}`;
  if (!/^\d+$/.test(bits)) return `netip.ParsePrefix(${quoted}): bad bits after slash: ${JSON.stringify(bits)}`;
  if (Number(bits) > (four ? 32 : 128)) return `netip.ParsePrefix(${quoted}): prefix length out of range`;
  return undefined;
}

function ipv4Problem(address: string): string | undefined {
  const at = (index: number) => `(at ${JSON.stringify(address.slice(index))})`;
  const other = /[^0-9.]/.exec(address);
  if (other) return `unexpected character ${at(other.index)}`;
  const missing = /^\.|\.\.|\.$/.exec(address);
  if (missing) {
    const dot = missing[0] === '..' ? missing.index + 1 : missing.index;
    return `IPv4 field must have at least one digit ${at(dot)}`;
  }
  const fields = address.split('.');
  if (fields.slice(0, 4).some((field) => /^0\d/.test(field))) return 'IPv4 field has octet with leading zero';
  if (fields.slice(0, 4).some((field) => Number(field) > 255)) return 'IPv4 field has value >255';
  if (fields.length === 4) return undefined;
  return fields.length < 4 ? 'IPv4 address too short' : 'IPv4 address too long';
}

function unsignedProblem(text: string, limit: number): string | undefined {
  const parsing = `strconv.ParseUint: parsing ${JSON.stringify(text)}`;
  if (!/^\d+$/.test(text)) return `${parsing}: invalid syntax`;
  return Number(text) > limit ? `${parsing}: value out of range` : undefined;
}

function portProblem(text: string): string | undefined {
  const problem = unsignedProblem(text.trim(), 65535);
  return problem && `failed parsing port '${text}': ${problem}`;
}

function portsProblem(parameter: string, text: string): string | undefined {
  for (const port of text.trim() === '' ? [] : text.trim().split(',')) {
    const problem = portProblem(port);
    if (problem) return `${parameter} invalid: failed parsing port '${port}': ${problem}`;
  }
  return undefined;
}

function rangesProblem(parameter: string, text: string): string | undefined {
  for (const range of text === '' ? [] : text.split(',')) {
    const problem = prefixProblem(range);
    if (problem) return `${parameter} invalid: failed parsing cidr '${range}': ${problem}`;
  }
  return undefined;
}

function quantityProblem(text: string): string | undefined {
  const fine = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/.test(text);
  if (fine) return undefined;
  return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
}

const uint32 = (text: string) => unsignedProblem(text, 2 ** 32 - 1);
const goBools = ['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False'];

const checks: Record<string, (value: string) => string | undefined> = {
  'sidecar.istio.io/interceptionMode': (mode) =>
    ['REDIRECT', 'TPROXY', 'NONE'].includes(mode)
      ? undefined
      : `interceptionMode invalid, use REDIRECT,TPROXY,NONE: ${mode}`,
  'status.sidecar.istio.io/port': (port) => {
    const problem = portProblem(port);
    return problem && `excludeInboundPorts invalid: ${problem}`;
  },
  'readiness.status.sidecar.istio.io/initialDelaySeconds': uint32,
  'readiness.status.sidecar.istio.io/periodSeconds': uint32,
  'readiness.status.sidecar.istio.io/failureThreshold': uint32,
  'traffic.sidecar.istio.io/includeOutboundIPRanges': (text) =>
    text === '*' ? undefined : rangesProblem('includeIPRanges', text),
  'traffic.sidecar.istio.io/excludeOutboundIPRanges': (text) => rangesProblem('excludeIPRanges', text),
  'traffic.sidecar.istio.io/includeInboundPorts': (text) =>
    text === '*' ? undefined : portsProblem('includeInboundPorts', text),
  'traffic.sidecar.istio.io/excludeInboundPorts': (text) => portsProblem('excludeInboundPorts', text),
  'traffic.sidecar.istio.io/excludeOutboundPorts': (text) => portsProblem('excludeOutboundPorts', text),
  'prometheus.istio.io/merge-metrics': (text) =>
    goBools.includes(text) ? undefined : `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`,
  'sidecar.istio.io/proxyCPU': quantityProblem,
  'sidecar.istio.io/proxyMemory': quantityProblem,
  'sidecar.istio.io/proxyCPULimit': quantityProblem,
  'sidecar.istio.io/proxyMemoryLimit': quantityProblem,
};

/** What is wrong with the value of an annotation, or undefined. */
export function annotationProblem(name: string, value: string): string | undefined {
  return checks[name]?.(value);
}

/** Refuses a pod whose annotations the injector cannot follow (upstream pkg/kube/inject/validate.go). */
export function checkAnnotations(annotations: Record<string, string>): void {
  const problems: string[] = [];
  for (const name of Object.keys(annotations).sort()) {
    const value = annotations[name] as string;
    const problem = annotationProblem(name, value);
    if (problem) problems.push(`invalid value '${value}' for annotation '${name}': ${problem}`);
  }
  if (problems.length === 0) return;
  const count = problems.length === 1 ? '1 error occurred' : `${problems.length} errors occurred`;
  const lines = problems.map((problem) => `\t* ${problem}\n`).join('');
  throw new InjectionError(`failed to run injection template: ${count}:\n${lines}\n`);
}
