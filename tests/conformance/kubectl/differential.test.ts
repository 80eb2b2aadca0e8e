import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findKubectl } from '../../tools/kubectl.ts';
import { Both, words } from './both.ts';
import { commandLines, files } from './command-lines.ts';
import { objects } from './objects.ts';

const real = findKubectl();

/** Every command line gives the same bytes and exit code with the real kubectl and with the sandbox's. */
describe.skipIf(!real)(`kubectl ${real?.version ?? '(SKIPPED: no real kubectl)'}`, () => {
  let both: Both;
  beforeAll(async () => {
    both = await Both.start(real?.path ?? '', objects, files);
  });
  afterAll(() => both.stop());

  it.each(commandLines)('kubectl %s', async (line) => {
    const [command = '', stdin = ''] = line.split(' <<< ');
    const outcome = await both.run(words(command), stdin.replaceAll('\\n', '\n').replaceAll('\\t', '\t'));
    expect(outcome.own).toEqual(outcome.real);
  });
});
