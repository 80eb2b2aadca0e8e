import type { AuthorizationOperation, AuthorizationRule, AuthorizationSource } from '../api/policies.ts';
import { cidrRange } from '../model/addresses.ts';
import { claimMatcher, escapeRegex, headerPattern, metadataMatcher, orValues, patternMatcher } from './matchers.ts';

/** Envoy's config.rbac.v3 Policy, Permission and Principal in JSON. */
export interface RbacPolicy {
  permissions: Record<string, unknown>[];
  principals: Record<string, unknown>[];
}

/** Says why a condition cannot be part of a filter; an ALLOW rule with one is dropped, other actions ignore the condition. */
class NotApplicable extends Error {}

interface Scope {
  forTcp: boolean;
  policyNamespace: string;
}

/** Makes one Permission or Principal of all values of a condition. */
type Generator = (values: readonly string[], scope: Scope) => Record<string, unknown> | undefined;

interface Condition {
  generate: Generator;
  values?: readonly string[] | undefined;
  notValues?: readonly string[] | undefined;
}

/**
 * A rule of an AuthorizationPolicy as a Policy (security/authz/model). Undefined: the rule cannot be said here, as when an ALLOW
 * rule asks for HTTP fields of a TCP connection.
 */
export function rbacPolicy(
  rule: AuthorizationRule,
  options: { forTcp: boolean; policyNamespace: string; allow: boolean },
): RbacPolicy | undefined {
  const conditions: (Condition & { permission: boolean })[] = [];
  for (const { key, values, notValues } of rule.when ?? []) {
    const known = attribute(key);
    if (!known) return undefined;
    conditions.push({ ...known, values, notValues });
  }
  const ofPermission = conditions.filter(({ permission }) => permission);
  const ofPrincipal = conditions.filter(({ permission }) => !permission);
  const sources = rule.from?.length ? rule.from.map(({ source }) => sourceConditions(source)) : [[]];
  const operations = rule.to?.length ? rule.to.map(({ operation }) => operationConditions(operation)) : [[]];
  try {
    return {
      permissions: operations.map((own) => ({
        andRules: { rules: all([...own, ...ofPermission], 'Rule', options) },
      })),
      principals: sources.map((own) => ({ andIds: { ids: all([...own, ...ofPrincipal], 'Id', options) } })),
    };
  } catch (error) {
    if (error instanceof NotApplicable) return undefined;
    throw error;
  }
}

function all(
  conditions: readonly Condition[],
  kind: 'Rule' | 'Id',
  options: { forTcp: boolean; policyNamespace: string; allow: boolean },
): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  const generate = ({ generate }: Condition, values: readonly string[] | undefined) => {
    if (!values?.length) return undefined;
    try {
      return generate(values, options);
    } catch (error) {
      if (options.allow || !(error instanceof NotApplicable)) throw error;
      return undefined;
    }
  };
  for (const condition of conditions) {
    const positive = generate(condition, condition.values);
    if (positive) found.push(positive);
    const negative = generate(condition, condition.notValues);
    if (negative) found.push({ [`not${kind}`]: negative });
  }
  return found.length > 0 ? found : [{ any: true }];
}

/** Conditions of a `from`, in the order in which Istio puts them. */
function sourceConditions(source: AuthorizationSource | undefined): Condition[] {
  if (!source) return [];
  return [
    { generate: principal, values: source.principals, notValues: source.notPrincipals },
    { generate: requestPrincipal, values: source.requestPrincipals, notValues: source.notRequestPrincipals },
    { generate: serviceAccount, values: source.serviceAccounts, notValues: source.notServiceAccounts },
    { generate: trustDomain, values: source.trustDomains, notValues: source.notTrustDomains },
    { generate: namespace, values: source.namespaces, notValues: source.notNamespaces },
    { generate: address('remoteIp'), values: source.remoteIpBlocks, notValues: source.notRemoteIpBlocks },
    { generate: address('directRemoteIp'), values: source.ipBlocks, notValues: source.notIpBlocks },
  ];
}

function operationConditions(operation: AuthorizationOperation | undefined): Condition[] {
  if (!operation) return [];
  return [
    { generate: host, values: operation.hosts, notValues: operation.notHosts },
    { generate: method, values: operation.methods, notValues: operation.notMethods },
    { generate: urlPath, values: operation.paths, notValues: operation.notPaths },
    { generate: port, values: operation.ports, notValues: operation.notPorts },
  ];
}

/** One alternative a value. */
function each(kind: 'orRules' | 'orIds', one: (value: string, scope: Scope) => Record<string, unknown>): Generator {
  return (values, scope) => {
    const found: Record<string, unknown>[] = [];
    let problem: NotApplicable | undefined;
    for (const value of values) {
      try {
        found.push(one(value, scope));
      } catch (error) {
        if (!(error instanceof NotApplicable)) throw error;
        problem = error;
      }
    }
    if (problem) throw problem;
    return kind === 'orRules' ? { orRules: { rules: found } } : { orIds: { ids: found } };
  };
}

function httpOnly({ forTcp }: Scope): void {
  if (forTcp) throw new NotApplicable();
}

function cidr(text: string): Record<string, unknown> {
  const range = cidrRange(text);
  if (!range) throw new NotApplicable();
  return { ...range };
}

const authenticated = (principalName: unknown) => ({ authenticated: { principalName } });
const address = (field: string): Generator => each('orIds', (value) => ({ [field]: cidr(value) }));
const principal = each('orIds', (value) => authenticated(patternMatcher(value, 'spiffe://')));
const namespace = each('orIds', (value) => {
  const pattern = value.split('*').map(escapeRegex).join('.*');
  return authenticated({ safeRegex: { regex: `.*/ns/${pattern}/.*` } });
});
const serviceAccount = each('orIds', (value, { policyNamespace }) => {
  const slash = value.indexOf('/');
  const owner = escapeRegex(slash < 0 ? policyNamespace : value.slice(0, slash));
  const account = escapeRegex(value.slice(slash + 1));
  return authenticated({ safeRegex: { regex: `spiffe://.+/ns/${owner}/(.+/|)sa/${account}(/.+)?` } });
});
const trustDomain = each('orIds', (value) => {
  if (value === '*') return authenticated({ prefix: 'spiffe://' });
  const star = value.indexOf('*');
  if (star < 0) return authenticated({ prefix: `spiffe://${value}/` });
  const pattern = `${escapeRegex(value.slice(0, star))}[^/]*${escapeRegex(value.slice(star + 1))}`;
  return authenticated({ safeRegex: { regex: `spiffe://${pattern}/.*` } });
});

const requestPrincipal: Generator = (values, scope) => {
  httpOnly(scope);
  const found = values.map((value) => {
    const [iss, sub] = issuerAndSubject(value);
    const claim = (name: string, stringMatch: unknown) => ({
      metadata: metadataMatcher('envoy.filters.http.jwt_authn', ['payload', name], { stringMatch }),
    });
    return { andIds: { ids: [claim('iss', iss), claim('sub', sub)] } };
  });
  return found.length === 1 ? found[0] : { orIds: { ids: found } };
};

/** `issuer/subject`, either of which may have a star at its outer end. */
function issuerAndSubject(value: string): [unknown, unknown] {
  const anything = { safeRegex: { regex: '.+' } };
  const slash = value.lastIndexOf('/');
  const issuer = slash < 0 ? value : value.slice(0, slash);
  const subject = slash < 0 ? '' : value.slice(slash + 1);
  if (value === '*') return [anything, anything];
  if (value.startsWith('*')) {
    if (slash < 0) return [anything, { suffix: value.slice(1) }];
    return [issuer === '*' ? anything : { suffix: issuer.slice(1) }, { exact: subject }];
  }
  if (value.endsWith('*')) {
    if (slash < 0) return [{ prefix: value.slice(0, -1) }, anything];
    return [{ exact: issuer }, subject === '*' ? anything : { prefix: subject.slice(0, -1) }];
  }
  return [{ exact: issuer }, { exact: subject }];
}

const claims =
  (names: readonly string[]): Generator =>
  (values, scope) => {
    httpOnly(scope);
    const value = orValues(values.map((each) => ({ stringMatch: patternMatcher(each) })));
    return { metadata: claimMatcher(names, value) };
  };

const requestHeader = (name: string): Generator =>
  each('orIds', (value, scope) => {
    httpOnly(scope);
    return { header: headerPattern(name, value) };
  });

const host = each('orRules', (value, scope) => {
  httpOnly(scope);
  return { header: headerPattern(':authority', value, true) };
});
const method = each('orRules', (value, scope) => {
  httpOnly(scope);
  return { header: headerPattern(':method', value) };
});
const urlPath = each('orRules', (value, scope) => {
  httpOnly(scope);
  if (!value.includes('{*}') && !value.includes('{**}')) return { urlPath: { path: patternMatcher(value) } };
  return {
    uriTemplate: {
      name: 'uri-template',
      typedConfig: {
        '@type': 'type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig',
        pathTemplate: value.replaceAll('{**}', '**').replaceAll('{*}', '*'),
      },
    },
  };
});
const port = each('orRules', (value) => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 65535) throw new NotApplicable();
  return { destinationPort: number };
});

const attributes: Record<string, { permission: boolean; generate: Generator }> = {
  'destination.ip': { permission: true, generate: each('orRules', (value) => ({ destinationIp: cidr(value) })) },
  'destination.port': { permission: true, generate: port },
  'connection.sni': {
    permission: true,
    generate: each('orRules', (value) => ({ requestedServerName: patternMatcher(value) })),
  },
  'source.ip': { permission: false, generate: address('directRemoteIp') },
  'remote.ip': { permission: false, generate: address('remoteIp') },
  'source.namespace': { permission: false, generate: namespace },
  'source.trustDomain': { permission: false, generate: trustDomain },
  'source.serviceAccount': { permission: false, generate: serviceAccount },
  'source.principal': { permission: false, generate: principal },
  'request.auth.principal': { permission: false, generate: requestPrincipal },
  'request.auth.audiences': { permission: false, generate: claims(['aud']) },
  'request.auth.presenter': { permission: false, generate: claims(['azp']) },
};

/** What a key of `when` asks for; undefined if there is no such attribute. */
function attribute(key: string): { permission: boolean; generate: Generator } | undefined {
  const known = attributes[key];
  if (known) return known;
  const header = /^request\.headers\[(.*)\]$/.exec(key)?.[1];
  if (header !== undefined) return { permission: false, generate: requestHeader(header) };
  const nested = /^request\.auth\.claims((?:\[[^[\]]*\])+)$/.exec(key)?.[1];
  if (nested !== undefined) return { permission: false, generate: claims(nested.slice(1, -1).split('][')) };
  const filter = /^experimental\.(envoy\.filters\.[^[]*)\[(.*)\]$/.exec(key);
  if (filter) return { permission: true, generate: filterMetadata(filter[1] as string, filter[2] as string) };
  return undefined;
}

const filterMetadata =
  (filter: string, key: string): Generator =>
  (values) => {
    const matchers = values.map((value) => {
      if (!value.startsWith('[') || !value.endsWith(']')) return { stringMatch: patternMatcher(value) };
      return { listMatch: { oneOf: { stringMatch: patternMatcher(value.slice(1, -1)) } } };
    });
    return { metadata: metadataMatcher(filter, [key], orValues(matchers)) };
  };
