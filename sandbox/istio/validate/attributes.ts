import { prefixProblem } from '../inject/annotations.ts';
import { Findings } from './findings.ts';
import { isAddress, quote } from './names.ts';

/** Checks of what authorization policies name (upstream pkg/config/security). */

export function emptyProblem(field: string, values: readonly string[]): string | undefined {
  return values.includes('') ? `empty value not allowed, found in ${field}` : undefined;
}

function wildcardsProblem(field: string, values: readonly string[]): string | undefined {
  const empty = emptyProblem(field, values);
  if (empty) return empty;
  for (const value of values) {
    const place = `found in ${field}: ${quote(value)}`;
    if (value.split('*').length > 2) return `at most one wildcard is allowed, ${place}`;
    if (value.includes('*') && !value.startsWith('*') && !value.endsWith('*')) {
      return `wildcard is only allowed at the start or end, ${place}`;
    }
  }
  return undefined;
}

export function trustDomainsProblem(field: string, values: readonly string[]): string | undefined {
  const slashed = values.find((value) => value.includes('/'));
  return (
    wildcardsProblem(field, values) ??
    (slashed === undefined ? undefined : `trust domain must not contain '/', found in ${field}: ${quote(slashed)}`)
  );
}

export function serviceAccountsProblem(field: string, values: readonly string[]): string | undefined {
  if (values.length > 16) return 'may not have more than 16 values';
  for (const value of values) {
    if (value === '') return `empty value not allowed, found in ${field}`;
    if (value.includes('*')) return `wildcard not allowed, found in ${field}`;
    const parts = value.split('/');
    const expected = `expected format 'serviceAccount' or 'namespace/serviceAccount', found`;
    if (parts.length > 2) return `${expected} ${quote(value)} in ${field}`;
    if (value.length > 320) return `value cannot exceed 320 characters, found ${quote(value)} in ${field}`;
    if (parts[0] === '') return `${expected} empty namespace ${quote(value)} in ${field}`;
    if (parts[1] === '') return `${expected} empty serviceAccount ${quote(value)} in ${field}`;
  }
  return undefined;
}

export function ipsFindings(values: readonly string[]): Findings {
  const findings = new Findings();
  for (const value of values) {
    if (value.includes('/')) {
      const problem = prefixProblem(value);
      if (problem) findings.listed(`bad CIDR range (${value}): ${problem}`);
    } else if (!isAddress(value)) findings.listed(`bad IP address (${value})`);
  }
  return findings;
}

export function portsFindings(values: readonly string[]): Findings {
  const findings = new Findings();
  for (const value of values) {
    if (!/^\d+$/.test(value)) {
      findings.listed(`bad port (${value}): strconv.ParseUint: parsing ${quote(value)}: invalid syntax`);
    } else if (Number(value) >= 2 ** 32) {
      findings.listed(`bad port (${value}): strconv.ParseUint: parsing ${quote(value)}: value out of range`);
    } else if (Number(value) > 65535) findings.listed(`bad port (${value}): <nil>`);
  }
  return findings;
}

/** Paths with the templates `{*}` and `{**}`. */
export function pathsProblem(field: string, paths: readonly string[]): string | undefined {
  for (const whole of paths) {
    const template = whole.includes('{*}') || whole.includes('{**}');
    const path = whole.replace(/^\/+|\/+$/g, '');
    const invalid = `invalid or unsupported path ${path}, found in ${field}.`;
    let ended = false;
    for (const part of path.split('/')) {
      if (part === '{*}' || part === '{**}') {
        if (ended) return `${invalid} {**} is not the last operator`;
        ended = part === '{**}';
      } else if (/[{}]/.test(part)) return `${invalid} Contains '{' or '}' beyond a supported path template`;
      else if (template && !/^[a-zA-Z0-9-._~%!$&'()+,;:@=]+$/.test(part)) {
        return `${invalid} Contains segment ${part} with invalid string literal`;
      }
    }
  }
  return undefined;
}

const freeAttributes = [
  'source.namespace',
  'source.principal',
  'request.auth.principal',
  'request.auth.audiences',
  'request.auth.presenter',
  'connection.sni',
];

/** Key and values of a condition. */
export function attributeFindings(key: string, values: readonly string[]): Findings {
  const findings = new Findings();
  const empty = emptyProblem(key, values);
  if (empty) return findings.error(empty);
  if (/^(request\.headers|request\.auth\.claims|experimental\.envoy\.filters\.)/.test(key)) {
    const open = key.indexOf('[');
    const fine = key.endsWith(']') && open > 0 && open < key.length - 2;
    return fine ? findings : findings.error(`bad key (${key}): should have format a[b]`);
  }
  if (['source.ip', 'remote.ip', 'destination.ip'].includes(key)) return findings.add(ipsFindings(values));
  if (key === 'source.serviceAccount') return findings.error(serviceAccountsProblem(key, values));
  if (key === 'source.trustDomain') return findings.error(wildcardsProblem(key, values));
  if (key === 'destination.port') return findings.add(portsFindings(values));
  if (key === 'destination.namespace') {
    return findings.error(`attribute ${key} is replaced by the metadata.namespace`);
  }
  if (key.startsWith('destination.labels')) {
    return findings.error(`attribute ${key} is replaced by the workload selector`);
  }
  if (key === 'destination.name' || key === 'destination.user') {
    return findings.error(`deprecated attribute ${key}: only supported in v1alpha1`);
  }
  return freeAttributes.includes(key) ? findings : findings.error(`unknown attribute: ${key}`);
}
