import type { HttpMatchRequest, HttpRoute, StringMatch } from '../api/networking.ts';
import type { VirtualServiceConfig } from './virtual-services.ts';
import { resolveNames, usesGatewaySemantics } from './virtual-services.ts';
import { isVisible } from './visibility.ts';

/**
 * VirtualServices with full names, each delegate merged into the routes that name it (model/virtualservice.go). One without
 * hosts is only a delegate; a delegate that is not there or not visible drops its route.
 */
export function mergeVirtualServices(
  configs: readonly VirtualServiceConfig[],
  options: { domain: string; defaultExportTo: readonly string[] },
): VirtualServiceConfig[] {
  const delegates = new Map<string, VirtualServiceConfig>();
  for (const config of configs) {
    if (config.spec.hosts?.length) continue;
    delegates.set(`${config.namespace}/${config.name}`, resolveNames(config, options.domain));
  }
  return configs.flatMap((config) => {
    if (!config.spec.hosts?.length) return [];
    if (usesGatewaySemantics(config)) return [config];
    const root = resolveNames(config, options.domain);
    if (!root.spec.http?.some(({ delegate }) => delegate)) return [root];
    const http = root.spec.http.flatMap((route) => {
      if (!route.delegate) return [route];
      const owner = route.delegate.namespace || root.namespace;
      const delegate = delegates.get(`${owner}/${route.delegate.name}`);
      const exportTo = delegate?.spec.exportTo?.length ? delegate.spec.exportTo : options.defaultExportTo;
      if (!delegate || !isVisible(exportTo, owner, root.namespace)) return [];
      return (delegate.spec.http ?? []).flatMap((leaf) => mergeRoute(route, leaf) ?? []);
    });
    return [{ ...root, spec: { ...root.spec, http } }];
  });
}

const inherited = [
  'rewrite',
  'directResponse',
  'timeout',
  'retries',
  'fault',
  'mirror',
  'mirrorPercent',
  'mirrorPercentage',
  'corsPolicy',
  'mirrors',
  'headers',
] as const satisfies readonly (keyof HttpRoute)[];

/** A delegate's route with what it leaves to its root; undefined when no match of it fits the root's. */
function mergeRoute(root: HttpRoute, leaf: HttpRoute): HttpRoute | undefined {
  const match = mergeMatches(root.match, leaf.match);
  if (!match) return undefined;
  const merged: HttpRoute = { ...leaf, match };
  const name = [root.name, leaf.name].filter(Boolean).join('-');
  if (name) merged.name = name;
  for (const field of inherited) if (merged[field] === undefined) Object.assign(merged, { [field]: root[field] });
  return merged;
}

function mergeMatches(root: HttpMatchRequest[] = [], leaf: HttpMatchRequest[] = []): HttpMatchRequest[] | undefined {
  if (root.length === 0) return leaf;
  if (leaf.length === 0) return root;
  const merged: HttpMatchRequest[] = [];
  for (const match of leaf) {
    const fitting = root.filter((each) => !conflict(each, match));
    if (fitting.length === 0) return undefined;
    merged.push(...fitting.map((each) => mergeMatch(each, match)));
  }
  return merged;
}

function mergeMatch(root: HttpMatchRequest, leaf: HttpMatchRequest): HttpMatchRequest {
  const name = [root.name, leaf.name].filter(Boolean).join('-');
  return {
    ...root,
    ...leaf,
    ...(name ? { name } : {}),
    headers: { ...root.headers, ...leaf.headers },
    withoutHeaders: { ...root.withoutHeaders, ...leaf.withoutHeaders },
    queryParams: { ...root.queryParams, ...leaf.queryParams },
    sourceLabels: { ...root.sourceLabels, ...leaf.sourceLabels },
    gateways: leaf.gateways?.length ? leaf.gateways : (root.gateways ?? []),
  };
}

function conflict(root: HttpMatchRequest, leaf: HttpMatchRequest): boolean {
  const fields = ['uri', 'scheme', 'method', 'authority'] as const;
  if (fields.some((field) => stringConflict(root[field], leaf[field]))) return true;
  for (const field of ['headers', 'withoutHeaders', 'queryParams'] as const) {
    for (const key in leaf[field]) if (stringConflict(root[field]?.[key], leaf[field][key])) return true;
  }
  if ((root.ignoreUriCase ?? false) !== (leaf.ignoreUriCase ?? false)) return true;
  if (root.port && leaf.port && root.port !== leaf.port) return true;
  if (root.sourceNamespace && leaf.sourceNamespace !== root.sourceNamespace) return true;
  for (const key in leaf.sourceLabels) {
    const label = root.sourceLabels?.[key];
    if (label !== undefined && label !== leaf.sourceLabels[key]) return true;
  }
  const gateways = root.gateways ?? [];
  return gateways.length > 0 && (leaf.gateways ?? []).some((gateway) => !gateways.includes(gateway));
}

/** Whether no value can fit both: a leaf may only narrow what its root says, and regular expressions can't be compared. */
function stringConflict(root: StringMatch | undefined, leaf: StringMatch | undefined): boolean {
  if (!root || !leaf) return false;
  if (root.regex || leaf.regex) return true;
  if (root.exact) return leaf.exact !== root.exact;
  if (root.prefix) return !(leaf.prefix ?? leaf.exact ?? '').startsWith(root.prefix);
  return true;
}
