import { allVerbs, type Kind } from '../kind.ts';
import type { ApiRequest, ApiResponse } from './http.ts';
import { json } from './respond.ts';
import { groupVersion } from './served.ts';
import type { ApiServer } from './server.ts';

/** `/api`, `/apis` and below as far as no objects are meant, in the aggregated and in the older form. */
export function discovery(server: ApiServer, request: ApiRequest, path: string): ApiResponse | undefined {
  const clean = path.replace(/\/+$/, '');
  const { kinds } = server.kinds;
  if (clean === '/api' || clean === '/apis') {
    const core = clean === '/api';
    const chosen = groupsOf(kinds).filter(([group]) => (group === '') === core);
    if (wantsAggregated(request)) {
      const items = chosen.map(([group, members]) => aggregatedGroup(group, members));
      const body = { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
      return json(200, body, {
        'content-type': 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
      });
    }
    if (core) return json(200, { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
    return json(200, {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: chosen.map(([group, list]) => apiGroup(group, list)),
    });
  }
  const [, prefix, ...parts] = clean.split('/');
  if (prefix === 'api' && parts.length === 1) return resourceList(kinds, '', parts[0] as string);
  if (prefix === 'apis' && parts.length === 2) return resourceList(kinds, parts[0] as string, parts[1] as string);
  if (prefix === 'apis' && parts.length === 1) {
    const members = kinds.filter((kind) => kind.group === parts[0]);
    if (members.length > 0)
      return json(200, { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(parts[0] as string, members) });
  }
  return undefined;
}

function wantsAggregated(request: ApiRequest): boolean {
  return (
    /as=APIGroupDiscoveryList/.test(request.headers.accept ?? '') && /v=v2(?!beta)/.test(request.headers.accept ?? '')
  );
}

function groupsOf(kinds: readonly Kind[]): [string, Kind[]][] {
  const groups = new Map<string, Kind[]>();
  for (const kind of kinds) groups.set(kind.group, [...(groups.get(kind.group) ?? []), kind]);
  return [...groups];
}

/** Versions of a group, the preferred one first. */
function versionsOf(kinds: readonly Kind[]): string[] {
  const names = new Set(kinds.flatMap((kind) => kind.versions.map((version) => version.name)));
  const rank = (name: string) => (/^v\d+$/.test(name) ? 0 : name.includes('beta') ? 1 : 2);
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? 1 : -1));
}

function apiGroup(name: string, kinds: readonly Kind[]) {
  const versions = versionsOf(kinds).map((version) => ({ groupVersion: groupVersion(name, version), version }));
  return { name, versions, preferredVersion: versions[0] };
}

function subresourcesOf(
  kind: Kind,
  version: string,
): { name: string; kind: string; group: string; version: string; verbs: readonly string[] }[] {
  const own = { group: kind.group, version };
  const list = (kind.subresources ?? []).map((sub) => ({
    name: sub.name,
    kind: sub.kind,
    group: sub.group ?? kind.group,
    version: sub.version ?? version,
    verbs: sub.verbs,
  }));
  const verbs = ['get', 'patch', 'update'];
  if (kind.status) list.push({ name: 'status', kind: kind.kind, ...own, verbs });
  if (kind.scale) list.push({ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs });
  return list.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function aggregatedGroup(group: string, kinds: readonly Kind[]) {
  const versions = versionsOf(kinds).map((version) => ({
    version,
    resources: kinds
      .filter((kind) => kind.versions.some(({ name }) => name === version))
      .map((kind) => ({
        resource: kind.plural,
        responseKind: { group: kind.group, version, kind: kind.kind },
        scope: kind.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: kind.singular,
        verbs: kind.verbs ?? allVerbs,
        ...(kind.shortNames && { shortNames: kind.shortNames }),
        ...(kind.categories && { categories: kind.categories }),
        subresources: subresourcesOf(kind, version).map((sub) => ({
          subresource: sub.name,
          responseKind: { group: sub.group, version: sub.version, kind: sub.kind },
          verbs: sub.verbs,
        })),
      })),
    freshness: 'Current',
  }));
  return { metadata: { ...(group && { name: group }), creationTimestamp: null }, versions };
}

function resourceList(kinds: readonly Kind[], group: string, version: string): ApiResponse | undefined {
  const members = kinds.filter((kind) => kind.group === group && kind.versions.some(({ name }) => name === version));
  if (members.length === 0) return undefined;
  const resources = members.flatMap((kind) => [
    {
      name: kind.plural,
      singularName: kind.singular,
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs: kind.verbs ?? allVerbs,
      ...(kind.shortNames && { shortNames: kind.shortNames }),
      ...(kind.categories && { categories: kind.categories }),
    },
    ...subresourcesOf(kind, version).map((sub) => ({
      name: `${kind.plural}/${sub.name}`,
      singularName: '',
      namespaced: kind.namespaced,
      ...((sub.group !== kind.group || sub.version !== version) && { group: sub.group, version: sub.version }),
      kind: sub.kind,
      verbs: sub.verbs,
    })),
  ]);
  return json(200, {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(group, version),
    resources,
  });
}
