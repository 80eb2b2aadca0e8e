import { cidrContains } from '../../network/addresses.ts';
import { requestHeader } from '../headers.ts';
import { type MetadataMatcher, metadataMatches, templateMatches } from '../match/route.ts';
import { headerMatches, stringMatches } from '../match/string-match.ts';
import type { StreamInfo } from '../stream-info.ts';
import type { Any, CidrRange, HeaderMatcher, StringMatcher } from '../xds/types.ts';

/** envoy.config.rbac.v3. */
export interface Rules {
  action?: 'ALLOW' | 'DENY' | 'LOG';
  policies?: Record<string, { permissions: Permission[]; principals: Principal[] }>;
}

interface Permission {
  andRules?: { rules: Permission[] };
  orRules?: { rules: Permission[] };
  any?: boolean;
  header?: HeaderMatcher;
  urlPath?: { path: StringMatcher };
  uriTemplate?: { typedConfig: Any };
  destinationIp?: CidrRange;
  destinationPort?: number;
  metadata?: MetadataMatcher;
  notRule?: Permission;
  requestedServerName?: StringMatcher;
}

interface Principal {
  andIds?: { ids: Principal[] };
  orIds?: { ids: Principal[] };
  any?: boolean;
  authenticated?: { principalName?: StringMatcher };
  directRemoteIp?: CidrRange;
  remoteIp?: CidrRange;
  sourceIp?: CidrRange;
  header?: HeaderMatcher;
  urlPath?: { path: StringMatcher };
  metadata?: MetadataMatcher;
  filterState?: { key: string; stringMatch?: StringMatcher };
  notId?: Principal;
}

export interface Verdict {
  allowed: boolean;
  /** The policy that matched. */
  policy: string | undefined;
}

/** Policies are asked in the order of their names (a protobuf map, which Envoy keeps sorted). */
export function evaluate(rules: Rules, info: StreamInfo): Verdict {
  const action = rules.action ?? 'ALLOW';
  for (const name of Object.keys(rules.policies ?? {}).sort()) {
    const policy = rules.policies?.[name];
    if (!policy) continue;
    const matches =
      policy.permissions.some((permission) => permits(permission, info)) &&
      policy.principals.some((principal) => identifies(principal, info));
    if (matches) return { allowed: action !== 'DENY', policy: name };
  }
  return { allowed: action !== 'ALLOW', policy: undefined };
}

/** RBAC sees the path without query and fragment. */
function urlPath(info: StreamInfo): string | undefined {
  return info.request?.path.replace(/[?#].*$/, '');
}

function header(matcher: HeaderMatcher, info: StreamInfo): boolean {
  return headerMatches(matcher, (name) => (info.request ? requestHeader(info.request, name) : undefined));
}

function inRange(range: CidrRange, address: string): boolean {
  return cidrContains({ address: range.addressPrefix, length: range.prefixLen ?? 0 }, address);
}

function permits(rule: Permission, info: StreamInfo): boolean {
  if (rule.andRules) return rule.andRules.rules.every((part) => permits(part, info));
  if (rule.orRules) return rule.orRules.rules.some((part) => permits(part, info));
  if (rule.notRule) return !permits(rule.notRule, info);
  if (rule.any) return true;
  if (rule.header) return header(rule.header, info);
  if (rule.urlPath) {
    const path = urlPath(info);
    return path !== undefined && stringMatches(rule.urlPath.path, path);
  }
  if (rule.uriTemplate) {
    const path = urlPath(info);
    return path !== undefined && templateMatches(String(rule.uriTemplate.typedConfig.pathTemplate ?? ''), path);
  }
  if (rule.destinationPort !== undefined) return rule.destinationPort === info.downstream.local.port;
  if (rule.destinationIp) return inRange(rule.destinationIp, info.downstream.local.address);
  if (rule.requestedServerName) return stringMatches(rule.requestedServerName, info.downstream.serverName ?? '');
  if (rule.metadata) return metadataMatches(rule.metadata, info.dynamicMetadata);
  return unknown(rule);
}

function identifies(id: Principal, info: StreamInfo): boolean {
  if (id.andIds) return id.andIds.ids.every((part) => identifies(part, info));
  if (id.orIds) return id.orIds.ids.some((part) => identifies(part, info));
  if (id.notId) return !identifies(id.notId, info);
  if (id.any) return true;
  if (id.authenticated) return authenticated(id.authenticated.principalName, info);
  const direct = id.directRemoteIp ?? id.sourceIp;
  if (direct) return inRange(direct, info.downstream.remote.address);
  if (id.remoteIp) return inRange(id.remoteIp, (info.remoteAddress ?? info.downstream.remote).address);
  if (id.header) return header(id.header, info);
  if (id.urlPath) {
    const path = urlPath(info);
    return path !== undefined && stringMatches(id.urlPath.path, path);
  }
  if (id.metadata) return metadataMatches(id.metadata, info.dynamicMetadata);
  if (id.filterState) {
    const value = info.filterState[id.filterState.key];
    return typeof value === 'string' && stringMatches(id.filterState.stringMatch ?? {}, value);
  }
  return unknown(id);
}

/** The client's certificate: its URI names, or DNS names, or subject; only the first kind there is counts. */
function authenticated(matcher: StringMatcher | undefined, info: StreamInfo): boolean {
  const certificate = info.downstream.tls?.clientCertificate;
  if (!certificate) return false;
  if (!matcher) return true;
  const uris = certificate.subjectAltNames.filter((name) => name.includes('://'));
  const names = uris.length > 0 ? uris : certificate.subjectAltNames;
  return (names.length > 0 ? names : [certificate.subject]).some((name) => stringMatches(matcher, name));
}

function unknown(rule: object): never {
  throw new Error(`RBAC: ${Object.keys(rule).join()} is not known`);
}
