import { openOutput } from '../lib/input.ts';
import { tool } from '../lib/tool.ts';

/** tee(1). */
export const tee = tool(
  { usage: '[OPTION]... [FILE]...', short: 'aip', long: { append: 'a', 'ignore-interrupts': 'i' } },
  async (run) => {
    const { process } = run;
    if (run.options.has('i')) process.onSignal('SIGINT', () => {});
    const targets = [];
    for (const name of run.operands) {
      const file = await run.attempt(name, () => openOutput(process, name, run.options.has('a')));
      if (file) targets.push(file);
    }
    for (let bytes = await process.read(0); bytes; bytes = await process.read(0)) {
      await process.write(1, bytes);
      for (const target of targets) await target.write(bytes);
    }
    for (const target of targets) target.close();
    return undefined;
  },
);
