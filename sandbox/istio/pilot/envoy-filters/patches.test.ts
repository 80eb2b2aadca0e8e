import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Cluster, Listener, NamedAny, RouteConfiguration } from '../../../envoy/xds/types.ts';
import type { ConfigPatch, EnvoyFilter } from '../api/envoy-filter.ts';
import { objectSource } from '../load.ts';
import type { MeshProxy } from '../proxy.ts';
import { patchClusters } from './clusters.ts';
import { patchListeners } from './listeners.ts';
import { EnvoyFilters } from './patches.ts';
import { patchRoutes } from './routes.ts';
import { canonicalValue, mergeMessage, mergeTyped } from './values.ts';

const proxy = { namespace: 'default', labels: { app: 'web' }, version: '1.30.3', metadata: {} } as unknown as MeshProxy;

function filter(name: string, spec: EnvoyFilter, namespace = 'default') {
  return { apiVersion: 'networking.istio.io/v1alpha3', kind: 'EnvoyFilter', metadata: { name, namespace }, spec };
}

/** What the proxy gets of some patches, each written in YAML. */
function patches(...written: string[]) {
  const configPatches = written.map((text) => parse(text) as ConfigPatch);
  return new EnvoyFilters(objectSource([filter('f', { configPatches })]), 'istio-system').patchesFor(proxy);
}

const httpManager = 'envoy.filters.network.http_connection_manager';
const listener = (): Listener => ({
  name: '0.0.0.0_80',
  address: { socketAddress: { address: '0.0.0.0', portValue: 80 } },
  filterChains: [
    {
      filters: [
        {
          name: httpManager,
          typedConfig: { '@type': 'hcm', httpFilters: [{ name: 'a' }, { name: 'b' }, { name: 'router' }] },
        },
      ],
    },
  ],
});

describe('values', () => {
  test('may be written in either case; what is data stays as it is', () => {
    const value = parse(`
typed_per_filter_config:
  my_filter: { '@type': type.googleapis.com/x.Y, some_field: { inner_field: 1 } }
metadata: { filter_metadata: { my_ns: { a_b: 1 } } }
typed_config: { '@type': type.googleapis.com/udpa.type.v1.TypedStruct, type_url: u, value: { stat_prefix: p } }
`);
    expect(canonicalValue(value)).toEqual({
      typedPerFilterConfig: { my_filter: { '@type': 'type.googleapis.com/x.Y', someField: { innerField: 1 } } },
      metadata: { filterMetadata: { my_ns: { a_b: 1 } } },
      typedConfig: {
        '@type': 'type.googleapis.com/udpa.type.v1.TypedStruct',
        typeUrl: 'u',
        value: { stat_prefix: 'p' },
      },
    });
  });

  test('are merged as messages: lists joined, alternatives replaced', () => {
    expect(mergeMessage({ a: { b: 1, c: [1] }, route: { cluster: 'x' } }, { a: { c: [2] }, redirect: {} })).toEqual({
      a: { b: 1, c: [1, 2] },
      redirect: {},
    });
    expect(mergeTyped({ '@type': 'a', x: 1 }, { '@type': 'b', x: 2 })).toEqual({ '@type': 'a', x: 1 });
  });
});

describe('HTTP filters', () => {
  const match = (name: string) =>
    `{ listener: { filterChain: { filter: { name: ${httpManager}, subFilter: { name: ${name} } } } } }`;
  const names = (...written: string[]) => {
    const [patched] = patchListeners(patches(...written), 'SIDECAR_OUTBOUND', [listener()], true);
    const manager = patched?.filterChains?.[0]?.filters?.[0];
    const filters = (manager?.typedConfig?.httpFilters ?? []) as NamedAny[];
    return filters.map(({ name }) => name);
  };
  const patch = (operation: string, at: string) =>
    `{ applyTo: HTTP_FILTER, match: ${match(at)}, patch: { operation: ${operation}, value: { name: new } } }`;

  test('are inserted, replaced and removed by name', () => {
    expect(names(patch('INSERT_BEFORE', 'router'))).toEqual(['a', 'b', 'new', 'router']);
    expect(names(patch('INSERT_AFTER', 'a'))).toEqual(['a', 'new', 'b', 'router']);
    expect(names(patch('INSERT_FIRST', 'b'))).toEqual(['new', 'a', 'b', 'router']);
    expect(names(patch('REPLACE', 'b'))).toEqual(['a', 'new', 'router']);
    expect(names(patch('REMOVE', 'b'))).toEqual(['a', 'router']);
    expect(names(patch('INSERT_AFTER', 'none'))).toEqual(['a', 'b', 'router']);
  });

  test('stay as they are in another context', () => {
    const inbound = patch('INSERT_AFTER', 'a').replace('match: {', 'match: { context: SIDECAR_INBOUND,');
    expect(names(inbound)).toEqual(['a', 'b', 'router']);
  });
});

test('listeners are added once, to what goes out', () => {
  const add = '{ applyTo: LISTENER, patch: { operation: ADD, value: { name: own } } }';
  const names = (context: 'SIDECAR_INBOUND' | 'SIDECAR_OUTBOUND') =>
    patchListeners(patches(add), context, [listener()], true).map(({ name }) => name);
  expect(names('SIDECAR_OUTBOUND')).toEqual(['0.0.0.0_80', 'own']);
  expect(names('SIDECAR_INBOUND')).toEqual(['0.0.0.0_80']);
});

test('routes are changed where port, host and name fit', () => {
  const configuration: RouteConfiguration = {
    name: '80',
    virtualHosts: [
      { name: 'a:80', domains: ['a'], routes: [{ name: 'x', match: { prefix: '/' }, route: { cluster: 'c' } }] },
      { name: 'b:80', domains: ['b'], routes: [] },
    ],
  };
  const merge = `
applyTo: HTTP_ROUTE
match: { routeConfiguration: { portNumber: 80, vhost: { name: 'a:80', route: { action: ROUTE } } } }
patch: { operation: MERGE, value: { route: { timeout: 5s } } }`;
  const remove = `
applyTo: VIRTUAL_HOST
match: { routeConfiguration: { vhost: { name: 'b:80' } } }
patch: { operation: REMOVE }`;
  const patched = patchRoutes(patches(merge, remove), 'SIDECAR_OUTBOUND', configuration);
  expect(patched.virtualHosts).toHaveLength(1);
  expect(patched.virtualHosts?.[0]?.routes?.[0]?.route).toEqual({ cluster: 'c', timeout: '5s' });
  expect(configuration.virtualHosts?.[0]?.routes?.[0]?.route).toEqual({ cluster: 'c' });
  expect(patchRoutes(patches(merge), 'SIDECAR_OUTBOUND', { ...configuration, name: '81' }).virtualHosts?.[0]).toEqual(
    configuration.virtualHosts?.[0],
  );
});

test('clusters are changed by service and port', () => {
  const cluster: Cluster = { name: 'outbound|80||a.default.svc.cluster.local' };
  const merge = `
applyTo: CLUSTER
match: { cluster: { service: a.default.svc.cluster.local, portNumber: PORT } }
patch: { operation: MERGE, value: { lb_policy: RANDOM } }`;
  const patched = (port: string) =>
    patchClusters(patches(merge.replace('PORT', port)), 'SIDECAR_OUTBOUND', [cluster])[0]?.lbPolicy;
  expect(patched('80')).toBe('RANDOM');
  expect(patched('81')).toBeUndefined();
});

test('EnvoyFilters of the root namespace come first, then by priority; other namespaces have no say', () => {
  const add = (name: string): EnvoyFilter => ({
    configPatches: [{ applyTo: 'CLUSTER', patch: { operation: 'ADD', value: { name } } }],
  });
  const objects = [
    filter('a', add('own')),
    filter('b', { ...add('late'), priority: 10 }, 'istio-system'),
    filter('c', add('root'), 'istio-system'),
    filter('d', add('foreign'), 'other'),
    filter('e', { ...add('unselected'), workloadSelector: { labels: { app: 'db' } } }),
    filter('f', {
      configPatches: [
        {
          applyTo: 'CLUSTER',
          match: { proxy: { proxyVersion: '^1\\.16.*' } },
          patch: { operation: 'ADD', value: { name: 'old' } },
        },
      ],
    }),
  ];
  const mine = new EnvoyFilters(objectSource(objects), 'istio-system').patchesFor(proxy);
  expect(patchClusters(mine, 'SIDECAR_OUTBOUND', []).map(({ name }) => name)).toEqual(['root', 'own', 'late']);
});
