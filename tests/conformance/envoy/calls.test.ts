import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type CallResult, simulateCall } from '../../../sandbox/envoy/simulate.ts';
import { describeGolden, readJson } from '../golden.ts';
import exceptions from './calls-exceptions.json' with { type: 'json' };
import { configuration, type RecordedCall, scenario, scenarios } from './configurations.ts';

/** Calls that were equal when this was last raised. */
const floor = 359;
const fields = ['listener', 'filterChain', 'routeConfig', 'virtualHost', 'route', 'cluster', 'error'] as const;

describeGolden('calls through recorded configuration', (golden) => {
  it('meet what was recorded', () => {
    let [equal, total] = [0, 0];
    const differences: Record<string, string> = {};
    for (const name of scenarios(golden)) {
      if (!existsSync(join(golden, 'xds', name, 'calls.json'))) continue;
      const calls = scenario(golden, name).calls ?? [];
      for (const recorded of readJson<RecordedCall[]>(golden, 'xds', name, 'calls.json')) {
        const call = calls.find((entry) => entry.name === recorded.name && entry.proxy === recorded.proxy);
        const known = configuration(golden, name, recorded.proxy);
        total++;
        if (!call || !known) throw new Error(`${name}: no call ${recorded.name}`);
        const kind = /gateway-/.test(recorded.proxy) ? 'router' : 'sidecar';
        const got = simulateCall(known, call, kind);
        const differing = difference(got, recorded);
        if (differing === '') equal++;
        else differences[`${name}: ${recorded.proxy}: ${recorded.name}`] = differing;
      }
    }
    console.log(`calls: equal ${equal} of ${total}`);
    const unlisted = Object.entries(differences).filter(([key]) => !(key in exceptions));
    expect(unlisted).toEqual([]);
    expect(Object.keys(exceptions).filter((key) => !(key in differences))).toEqual([]);
    expect(equal).toBeGreaterThanOrEqual(floor);
  });
});

function difference(got: CallResult, recorded: CallResult): string {
  return fields
    .filter((field) => got[field] !== recorded[field])
    .map((field) => `${field}: ${got[field]} instead of ${recorded[field]}`)
    .join(', ');
}
