import { expect, test } from 'vitest';
import { describeGolden, readYaml } from '../golden.ts';
import { startStage } from './stage.ts';
import { type Dispute, type Document, play, withoutDisputes } from './transcript.ts';

const disputes = readYaml<Dispute[]>(import.meta.dirname, 'disputed.yaml');

/** Each way through a document (its tabs), and how many of its steps hold: these numbers only rise. */
interface Path {
  document: string;
  variants: string[];
  floor: number;
}

const paths = readYaml<Path[]>(import.meta.dirname, 'paths.yaml');

describeGolden('the five documents', (folder) => {
  test('every disputed matcher has its proof', () => {
    for (const dispute of disputes) expect(dispute.proof.length, dispute.step).toBeGreaterThan(80);
  });

  test.each(paths.map((path) => ({ ...path, name: `${path.document} (${path.variants.join(' + ')})` })))(
    '$name',
    { timeout: 300_000 },
    async ({ document: name, variants, floor }) => {
      const document = readYaml<Document>(folder, 'documents', `${name}.yaml`);
      const own = disputes.filter((dispute) => dispute.document === name);
      const stage = await startStage({ profile: document.start.profile });
      for (const [namespace, labels] of Object.entries(document.start.labels ?? {})) {
        for (const [key, value] of Object.entries(labels))
          await stage.run(`kubectl label ns ${namespace} ${key}=${value}`);
      }
      const steps = document.steps.filter((step) => step.run && variants.includes(step.variant));
      const failures: string[][] = [];
      for (const step of steps) {
        const found = await play(stage, withoutDisputes(step, own));
        if (found.length > 0) failures.push(found);
      }
      const passed = steps.length - failures.length;
      console.log(`${name} (${variants.join(' + ')}): steps passed ${passed} of ${steps.length}`);
      if (passed < floor) expect(failures).toEqual([]);
      expect(passed).toBeGreaterThanOrEqual(floor);
      expect(passed === steps.length || floor < steps.length, 'the floor says more than there is').toBe(true);
    },
  );
});
