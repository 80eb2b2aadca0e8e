import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { validateObject } from '../../../sandbox/istio/validate/validate.ts';
import type { JsonObject } from '../../../sandbox/kernel/json.ts';
import { describeGolden, readJson } from '../golden.ts';

interface Recorded {
  id: string;
  yaml: string;
  schema: unknown[];
  unknownFields?: string[];
  webhook: { allowed: boolean; message?: string; warnings?: string[] } | null;
}

/** Answers that may differ, with the reason. */
const exceptions: Record<string, string> = {
  'upstream/serviceentry-valid/0':
    'the YAML reader takes the unquoted flow item `001:db8::` for a mapping, Go for a text',
  'learner/envoyfilter/3':
    'Envoy’s own types, which would tell an unknown field of a patch, are not known to validation',
};

/** Equal verdicts and equal answers, of all and of those that reach the webhook in a cluster because their schema passes. */
const floors = { verdicts: 685, answers: 671, reached: 439 };

describeGolden('the validation webhook', (golden) => {
  const runs = ['upstream.json', 'learner.json'].flatMap((file) => readJson<Recorded[]>(golden, 'validation', file));

  test('answers as istiod does', () => {
    const count = { runs: 0, verdicts: 0, answers: 0, reachedRuns: 0, reached: 0 };
    const byKind: Record<string, [equal: number, all: number]> = {};
    const wrong: string[] = [];
    for (const run of runs) {
      const object = readObject(run.yaml);
      if (!object || !run.webhook) continue;
      const kind = String(object.kind);
      const ours = validateObject(object, 'default');
      const reached = run.schema.length === 0 && !run.unknownFields?.length;
      const verdict = (ours.message === undefined) === run.webhook.allowed;
      const answer =
        ours.message === run.webhook.message &&
        JSON.stringify(ours.warnings) === JSON.stringify(run.webhook.warnings ?? []);
      count.runs++;
      if (verdict) count.verdicts++;
      if (answer) count.answers++;
      if (reached) {
        count.reachedRuns++;
        if (answer) count.reached++;
        const [equal, all] = byKind[kind] ?? [0, 0];
        byKind[kind] = [equal + (answer ? 1 : 0), all + 1];
        if (answer === run.id in exceptions) {
          wrong.push(`${run.id}\n  ours ${JSON.stringify(ours)}\n  recorded ${JSON.stringify(run.webhook)}`);
        }
      }
    }
    console.log(
      `validation: verdicts equal ${count.verdicts} of ${count.runs}, answers equal ${count.answers} of ${count.runs}; ` +
        `where the schema passes: answers equal ${count.reached} of ${count.reachedRuns}\n` +
        Object.entries(byKind)
          .map(([kind, [equal, all]]) => `  ${kind}: ${equal} of ${all}`)
          .join('\n'),
    );
    expect(wrong).toEqual([]);
    expect(count.verdicts).toBeGreaterThanOrEqual(floors.verdicts);
    expect(count.answers).toBeGreaterThanOrEqual(floors.answers);
    expect(count.reached).toBeGreaterThanOrEqual(floors.reached);
  });
});

/** One object, or undefined for a text that holds several or none. */
function readObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = parse(text);
    return typeof value === 'object' && value !== null ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
