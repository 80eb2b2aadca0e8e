/**
 * Prints where generated configurations differ from the recorded ones:
 * `node tests/tools/xds-differences.ts [SCENARIO…] [--first N]` (MESHTAB_GOLDEN says where the records are).
 */
import { pilotConfigurations } from '../../sandbox/istio/pilot/load.ts';
import { byName, compareProxy, type ResourceDifference, Scenarios } from '../conformance/xds/scenarios.ts';

const golden = process.env.MESHTAB_GOLDEN;
if (!golden) throw new Error('MESHTAB_GOLDEN is not set');
const args = process.argv.slice(2);
const flag = args.indexOf('--first');
const shown = flag < 0 ? 3 : Number(args[flag + 1]);
const wanted = flag < 0 ? args : args.slice(0, flag);

const scenarios = new Scenarios(golden);
let equal = 0;
let all = 0;
for (const name of wanted.length > 0 ? wanted : scenarios.names) {
  const scenario = scenarios.read(name);
  const differences: ResourceDifference[] = [];
  let own = 0;
  const proxies = [...scenario.expected.keys()];
  const { mesh, config } = scenario;
  try {
    const actual = pilotConfigurations({ cluster: scenarios.cluster, config, mesh, proxies });
    for (const [proxy, expected] of scenario.expected) {
      const found = actual[proxy] && byName(actual[proxy]);
      const result = compareProxy(name, proxy, expected, found);
      own += result.equal;
      for (const difference of result.differences) {
        differences.push(difference);
        if (differences.length > shown) continue;
        const { type, kind } = difference;
        process.stdout.write(`${name} ${proxy} ${type} ${difference.name}: ${kind}\n`);
        if (kind === 'different') {
          const left = expected[type].get(difference.name);
          for (const line of explain(left, found?.[type].get(difference.name), ''))
            process.stdout.write(`    ${line}\n`);
        }
      }
    }
  } catch (error) {
    process.stdout.write(`${name}: ${(error as Error).stack}\n`);
  }
  equal += own;
  all += own + differences.length;
  process.stdout.write(
    `${differences.length === 0 ? 'EQUAL' : '     '} ${name}: ${own} of ${own + differences.length}\n`,
  );
}
process.stdout.write(`equal ${equal} of ${all}\n`);

/** The first few paths at which two JSON values differ. */
function explain(expected: unknown, actual: unknown, path: string): string[] {
  if (expected === actual) return [];
  const objects = [expected, actual].every((value) => typeof value === 'object' && value !== null);
  if (!objects || Array.isArray(expected) !== Array.isArray(actual)) {
    return [`${path}: expected ${short(expected)}, got ${short(actual)}`];
  }
  const left = expected as Record<string, unknown>;
  const right = actual as Record<string, unknown>;
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return keys.flatMap((key) => explain(left[key], right[key], `${path}.${key}`)).slice(0, 6);
}

function short(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 300);
}
