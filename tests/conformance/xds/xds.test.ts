import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Call, simulateCall } from '../../../sandbox/envoy/simulate.ts';
import type { ProxyConfiguration } from '../../../sandbox/envoy/xds/types.ts';
import { pilotConfigurations } from '../../../sandbox/istio/pilot/load.ts';
import { describeGolden, readJson, readYaml } from '../golden.ts';
import { byName, compareProxy, type ResourceDifference, type ResourceType, Scenarios } from './scenarios.ts';

/** A difference that is known: which resources, and why. Patterns are whole names, `*` for any text. */
interface Exception {
  id: string;
  scenario: string;
  reason: string;
  proxy?: string;
  type?: ResourceType | 'calls';
  name?: string;
}

interface ExceptionsFile {
  /** Resources and calls that are equal: they may only become more. */
  floor: { resources: number; calls: number };
  exceptions: Exception[] | null;
}

type Recorded = { name: string; proxy: string } & Record<string, unknown>;
type Difference = Omit<ResourceDifference, 'type'> & { type: ResourceType | 'calls'; detail?: string };

/** Scenarios that must be equal as a whole. */
const sacred = [/^baseline$/, /^seed-003-http-/];

describeGolden('xDS of istiod', (golden) => {
  const file = readYaml<ExceptionsFile>(join(import.meta.dirname), 'exceptions.yaml');
  const exceptions = file.exceptions ?? [];

  test('every recorded resource and call is equal, apart from the listed exceptions', () => {
    const scenarios = new Scenarios(golden);
    const counts = { resources: 0, allResources: 0, calls: 0, allCalls: 0 };
    const differences: Difference[] = [];
    for (const name of scenarios.names) {
      const scenario = scenarios.read(name);
      const recorded = recordedCalls(golden, name);
      const proxies = [...new Set([...scenario.expected.keys(), ...recorded.map(({ proxy }) => proxy)])];
      const { config, mesh } = scenario;
      const actual = pilotConfigurations({ cluster: scenarios.cluster, config, mesh, proxies });
      for (const [proxy, expected] of scenario.expected) {
        const result = compareProxy(name, proxy, expected, actual[proxy] && byName(actual[proxy]));
        counts.resources += result.equal;
        counts.allResources += result.equal + result.differences.length;
        differences.push(...result.differences);
      }
      for (const wanted of recorded) {
        counts.allCalls++;
        const call = scenario.calls.find((each) => each.name === wanted.name && each.proxy === wanted.proxy);
        const configuration = actual[wanted.proxy];
        const kind = call?.mode === 'gateway' ? 'router' : 'sidecar';
        const met = call && configuration ? simulateCall(configuration, call as unknown as Call, kind) : {};
        const detail = callDifference(wanted, { ...met }, configuration);
        if (detail === undefined) counts.calls++;
        else
          differences.push({
            scenario: name,
            proxy: wanted.proxy,
            type: 'calls',
            name: wanted.name,
            kind: 'different',
            detail,
          });
      }
    }
    console.log(
      `xds: resources equal ${counts.resources} of ${counts.allResources}; calls equal ${counts.calls} of ${counts.allCalls}`,
    );
    const used = new Set<Exception>();
    const unlisted = differences.filter((difference) => {
      const exception = exceptions.find((each) => covers(each, difference));
      if (exception) used.add(exception);
      return !exception;
    });
    expect(unlisted.map(describeDifference)).toEqual([]);
    expect(exceptions.filter((each) => !used.has(each)).map(({ id }) => `stale exception ${id}`)).toEqual([]);
    expect(counts.resources).toBeGreaterThanOrEqual(file.floor.resources);
    expect(counts.calls).toBeGreaterThanOrEqual(file.floor.calls);
  });

  test('exceptions have an id and a reason, and none is of a scenario that must be equal', () => {
    for (const { id, reason, scenario } of exceptions) {
      expect(id).toMatch(/^[a-z0-9-]+$/);
      expect(reason.length).toBeGreaterThan(10);
      expect(sacred.some((pattern) => pattern.test(scenario))).toBe(false);
    }
    expect(new Set(exceptions.map(({ id }) => id)).size).toBe(exceptions.length);
  });
});

function recordedCalls(golden: string, scenario: string): Recorded[] {
  const folder = join(golden, 'xds', scenario);
  return existsSync(join(folder, 'calls.json')) ? readJson<Recorded[]>(folder, 'calls.json') : [];
}

/**
 * Undefined if what the call meets is as recorded. The recorder picks a route by its path alone and names no cluster for
 * weighted routes, redirects and direct responses: where it has none, or the virtual host looks at more than paths, listener,
 * chain and virtual host are compared.
 */
function callDifference(
  wanted: Recorded,
  met: Record<string, unknown>,
  configuration: ProxyConfiguration | undefined,
): string | undefined {
  const byMore = looksAtMore(configuration, met.routeConfig, met.virtualHost);
  const fields = ['listener', 'filterChain', 'routeConfig', 'virtualHost'];
  if (!byMore) fields.push('error');
  if (!byMore && wanted.cluster !== undefined) fields.push('cluster');
  const different = fields.filter((field) => wanted[field] !== met[field]);
  if (different.length === 0) return undefined;
  return different.map((field) => `${field}: recorded ${wanted[field]}, got ${met[field]}`).join('; ');
}

function looksAtMore(
  configuration: ProxyConfiguration | undefined,
  routeConfig: unknown,
  virtualHost: unknown,
): boolean {
  const routes = configuration?.routes
    .find(({ name }) => name === routeConfig)
    ?.virtualHosts?.find(({ name }) => name === virtualHost)?.routes;
  return (routes ?? []).some(({ match }) => match.headers || match.queryParameters || match.dynamicMetadata);
}

function covers(exception: Exception, { scenario, proxy, type, name }: Difference): boolean {
  const matches = (pattern: string | undefined, text: string) =>
    pattern === undefined || new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`).test(text);
  return (
    exception.scenario === scenario &&
    matches(exception.proxy, proxy) &&
    (exception.type === undefined || exception.type === type) &&
    matches(exception.name, name)
  );
}

function describeDifference({ scenario, proxy, type, name, kind, detail }: Difference): string {
  return `${scenario} ${proxy} ${type} ${name}: ${detail ?? kind}`;
}
