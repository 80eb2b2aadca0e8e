import { fromBase64, toBase64 } from '../../kernel/base64.ts';
import { readWhole, text } from '../lib/input.ts';
import { parseCount } from '../lib/numbers.ts';
import { Failure, tool } from '../lib/tool.ts';

/** base64(1). */
export const base64 = tool(
  { usage: '[OPTION]... [FILE]', short: 'dDiw:', long: { decode: 'd', 'ignore-garbage': 'i', wrap: 'w' } },
  async (run) => {
    const { options } = run;
    const file = await run.open(run.operands[0] ?? '-');
    if (!file) return 1;
    const bytes = await readWhole(file, run.process.cancellation);
    if (options.has('d', 'D')) {
      const letters = options.has('i') ? text(bytes).replace(/[^A-Za-z0-9+/=]/g, '') : text(bytes).replaceAll('\n', '');
      // What is whole before the first wrong letter still comes out, as coreutils does it.
      const valid = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?/.exec(letters)?.[0] ?? '';
      run.print(fromBase64(valid) ?? new Uint8Array());
      if (valid !== letters) throw new Failure('invalid input');
      return 0;
    }
    const width = parseCount(options.value('w') ?? '76', 'wrap size');
    const encoded = toBase64(bytes);
    if (width === 0) run.print(encoded);
    else for (let at = 0; at < encoded.length; at += width) run.print(`${encoded.slice(at, at + width)}\n`);
    return 0;
  },
);
