import type { JsonObject } from '../../kernel/json.ts';
import { Findings } from './findings.ts';
import { quote, selectorFindings } from './names.ts';
import { regexProblem } from './regex.ts';
import { type IstioObject, isRecord, labelsOf, objectsOf, recordOf, textOf } from './spec.ts';

const exposed =
  'EnvoyFilter exposes internal implementation details that may change at any time. ' +
  'Prefer other APIs if possible, and exercise extreme caution, especially around upgrades.';

/** EnvoyFilter (upstream ValidateEnvoyFilter), without Envoy's own types: what a patch holds is not read. */
export function validateEnvoyFilter({ spec }: IstioObject): Findings {
  const findings = new Findings().warn(exposed);
  if (isRecord(spec.workloadSelector)) {
    const labels = labelsOf(spec.workloadSelector.labels);
    const problems = selectorFindings(labels);
    if (problems.failed) return problems;
    if (Object.keys(labels).length === 0) {
      findings.warn(
        'Envoy filter: workload selector specified without labels, will be applied to all services in namespace',
      );
    }
  }
  for (const patch of objectsOf(spec.configPatches)) findings.add(patchFindings(patch));
  return findings;
}

/** What a patch may match by, by what it applies to. */
const matches: Record<string, [field: string, error: string]> = {
  LISTENER: ['listener', 'listener class objects cannot have non listener match'],
  FILTER_CHAIN: ['listener', 'listener class objects cannot have non listener match'],
  NETWORK_FILTER: ['listener', 'listener class objects cannot have non listener match'],
  HTTP_FILTER: ['listener', 'listener class objects cannot have non listener match'],
  ROUTE_CONFIGURATION: ['routeConfiguration', 'http route class objects cannot have non route configuration match'],
  VIRTUAL_HOST: ['routeConfiguration', 'http route class objects cannot have non route configuration match'],
  HTTP_ROUTE: ['routeConfiguration', 'http route class objects cannot have non route configuration match'],
  CLUSTER: ['cluster', 'cluster class objects cannot have non cluster match'],
};

function patchFindings({ match, patch, applyTo: target }: JsonObject): Findings {
  const findings = new Findings();
  const applyTo = textOf(target);
  if (isRecord(match) && match.context === 'WAYPOINT') return findings;
  const missing = missingPart(applyTo, patch);
  if (missing) return findings.error(`Envoy filter: missing ${missing}`);
  if (!isRecord(match)) return findings;
  const version = textOf(recordOf(match.proxy).proxyVersion);
  const regex = version === '' ? undefined : regexProblem(version);
  if (regex) return findings.error(`Envoy filter: invalid regex for proxy version, [${regex}]`);
  const [field, error] = matches[applyTo] ?? [];
  const matched = ['listener', 'routeConfiguration', 'cluster'].some((name) => isRecord(match[name]));
  if (!field || !matched) return findings;
  if (!isRecord(match[field])) return findings.error(`Envoy filter: applyTo for ${error}`);
  const filter = recordOf(match[field].filterChain).filter;
  return field === 'listener' && isRecord(filter) ? findings.add(filterMatch(filter, applyTo)) : findings;
}

function missingPart(applyTo: string, patch: unknown): string | undefined {
  if (applyTo === '' || applyTo === 'INVALID') return 'applyTo';
  if (!isRecord(patch)) return 'patch';
  const operation = textOf(patch.operation);
  if (operation === '' || operation === 'INVALID') return 'patch operation';
  return operation !== 'REMOVE' && patch.value === undefined ? 'patch value for non-remove operation' : undefined;
}

const connectionManager = 'envoy.filters.network.http_connection_manager';

function filterMatch(filter: JsonObject, applyTo: string): Findings {
  const findings = new Findings();
  const [name, subFilter] = [textOf(filter.name), filter.subFilter];
  if (applyTo === 'LISTENER' || applyTo === 'FILTER_CHAIN') {
    findings.warn(`Envoy filter: filter match has no effect when used with ${applyTo}`);
  }
  if (name === '') return findings.error('Envoy filter: filter match has no name to match on');
  if (isRecord(subFilter)) {
    if (applyTo !== 'HTTP_FILTER') {
      return findings.error('Envoy filter: subfilter match can be used with applyTo HTTP_FILTER only');
    }
    if (name !== connectionManager && name !== 'envoy.http_connection_manager') {
      return findings.error(`Envoy filter: subfilter match requires filter match with ${connectionManager}`);
    }
    if (!subFilter.name) return findings.error('Envoy filter: subfilter match has no name to match on');
  }
  for (const used of [name, textOf(recordOf(subFilter).name)]) {
    const current = renamedFilters[used];
    if (current) findings.warn(`using deprecated filter name ${quote(used)}; use ${quote(current)} instead`);
  }
  return findings;
}

/** Filters by the names that Envoy once had for them. */
const renamedFilters: Record<string, string> = {
  'envoy.buffer': 'envoy.filters.http.buffer',
  'envoy.cors': 'envoy.filters.http.cors',
  'envoy.csrf': 'envoy.filters.http.csrf',
  'envoy.fault': 'envoy.filters.http.fault',
  'envoy.grpc_http1_bridge': 'envoy.filters.http.grpc_http1_bridge',
  'envoy.grpc_json_transcoder': 'envoy.filters.http.grpc_json_transcoder',
  'envoy.grpc_web': 'envoy.filters.http.grpc_web',
  'envoy.gzip': 'envoy.filters.http.gzip',
  'envoy.health_check': 'envoy.filters.http.health_check',
  'envoy.http_connection_manager': connectionManager,
  'envoy.ip_tagging': 'envoy.filters.http.ip_tagging',
  'envoy.listener.http_inspector': 'envoy.filters.listener.http_inspector',
  'envoy.listener.original_dst': 'envoy.filters.listener.original_dst',
  'envoy.listener.original_src': 'envoy.filters.listener.original_src',
  'envoy.listener.proxy_protocol': 'envoy.filters.listener.proxy_protocol',
  'envoy.listener.tls_inspector': 'envoy.filters.listener.tls_inspector',
  'envoy.lua': 'envoy.filters.http.lua',
  'envoy.mongo_proxy': 'envoy.filters.network.mongo_proxy',
  'envoy.rate_limit': 'envoy.filters.http.ratelimit',
  'envoy.ratelimit': 'envoy.filters.network.ratelimit',
  'envoy.redis_proxy': 'envoy.filters.network.redis_proxy',
  'envoy.router': 'envoy.filters.http.router',
  'envoy.squash': 'envoy.filters.http.squash',
  'envoy.tcp_proxy': 'envoy.filters.network.tcp_proxy',
};
