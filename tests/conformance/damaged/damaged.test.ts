import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crds } from '../../../sandbox/istio/kinds/index.ts';
import type { KubernetesObject } from '../../../sandbox/kubernetes/objects.ts';
import { findKubectl } from '../../tools/kubectl.ts';
import { startStage } from '../documents/stage.ts';
import { Both } from '../kubectl/both.ts';
import { type Damaged, manifests } from './manifests.ts';

const outcome = ({ stdout = '', stderr }: Damaged) => ({ stdout, stderr, exitCode: 1 });

describe('a damaged manifest is refused in the words of the real components', () => {
  let stage: Awaited<ReturnType<typeof startStage>>;
  beforeAll(async () => {
    stage = await startStage({ profile: 'demo' });
  });

  test.each(manifests)('$name', async (damaged) => {
    const kinds =
      'services,endpoints,deployments,serviceentries,destinationrules,virtualservices,gateways.networking.istio.io';
    const before = await stage.run(`kubectl get ${kinds} -n default -o name`);
    expect(before.exitCode).toBe(0);
    const text = damaged.manifest === '' ? '' : `${damaged.manifest}\n`;
    const found = await stage.run(`kubectl ${damaged.command ?? 'apply -f -'} <<'END'\n${text}END`);
    expect(found).toEqual(outcome(damaged));
    expect(await stage.run(`kubectl get ${kinds} -n default -o name`)).toEqual(before);
  });
});

const real = findKubectl();

describe.skipIf(!real)(`with the real kubectl ${real?.version ?? '(SKIPPED: no real kubectl)'}`, () => {
  let both: Both;
  beforeAll(async () => {
    const objects: unknown[] = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', uid: 'default' } },
      ...crds,
    ];
    both = await Both.start(real?.path ?? '', objects as KubernetesObject[], { notes: '' });
  });
  afterAll(() => both.stop());

  test.each(manifests.filter(({ webhook }) => !webhook))('$name', async (damaged) => {
    const args = (damaged.realCommand ?? damaged.command ?? 'apply -f -').split(' ');
    const { own, real } = await both.run(args, `${damaged.manifest}\n`);
    expect(real).toEqual(outcome(damaged));
    expect(own).toEqual(real);
  });
});
