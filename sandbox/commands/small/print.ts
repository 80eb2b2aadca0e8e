import type { Program } from '../../kernel/process.ts';
import { UsageError } from '../lib/options.ts';
import { Failure, tool } from '../lib/tool.ts';
import { printf as format, unescaped } from './printf.ts';

/** echo(1): like bash's own. */
export const echo: Program = async (process) => {
  const words = process.argv.slice(1);
  let [newline, escapes] = [true, false];
  while (/^-[neE]+$/.test(words[0] ?? '')) {
    for (const letter of words.shift()?.slice(1) ?? '') {
      if (letter === 'n') newline = false;
      else escapes = letter === 'e';
    }
  }
  const text = words.join(' ');
  const printed = escapes ? unescaped(text, 'echo') : { text, stop: false };
  await process.write(1, printed.text + (newline && !printed.stop ? '\n' : ''));
  return 0;
};

export const printf: Program = async (process) => {
  const [, ...words] = process.argv;
  if (words[0] === '--') words.shift();
  const [template, ...args] = words;
  if (template === undefined) {
    await process.write(2, "printf: missing operand\nTry 'printf --help' for more information.\n");
    return 1;
  }
  const { text, errors } = format(template, args);
  await process.write(1, text);
  for (const error of errors) await process.write(2, `printf: ${error}\n`);
  return errors.length > 0 ? 1 : 0;
};

/** yes(1): until nobody reads. */
export const yes: Program = async (process) => {
  const line = `${process.argv.slice(1).join(' ') || 'y'}\n`;
  const many = line.repeat(Math.max(1, Math.floor(8192 / line.length)));
  for (;;) await process.write(1, many);
};

export const succeed: Program = () => Promise.resolve(0);
export const fail: Program = () => Promise.resolve(1);

/** seq(1). */
export const seq = tool(
  {
    usage: '[OPTION]... [FIRST [INCREMENT]] LAST',
    short: 'f:s:w',
    digits: true,
    ordered: true,
    long: { format: 'f', separator: 's', 'equal-width': 'w' },
  },
  async (run) => {
    const { options } = run;
    // Negative numbers look like options.
    const negative = options.given.filter(([name]) => name === '#').map(([, value]) => `-${value}`);
    const words = [...negative, ...run.operands];
    if (words.length === 0) throw new UsageError('missing operand');
    if (words.length > 3) throw new UsageError(`extra operand '${words[3]}'`);
    const numbers = words.map((word) => {
      if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(word)) {
        throw new UsageError(`invalid floating point argument: '${word}'`);
      }
      return Number(word);
    });
    const last = numbers.at(-1) as number;
    const first = words.length > 1 ? (numbers[0] as number) : 1;
    const step = words.length > 2 ? (numbers[1] as number) : 1;
    if (step === 0) throw new UsageError(`invalid Zero increment value: '${words[1]}'`);
    const decimals = (word: string | undefined) => /\.(\d+)/.exec(word ?? '')?.[1]?.length ?? 0;
    const places = Math.max(decimals(words.length > 1 ? words[0] : ''), decimals(words.length > 2 ? words[1] : ''));
    const separator = options.value('s') ?? '\n';
    const template = options.value('f');
    const width = options.has('w') ? Math.max(first.toFixed(places).length, last.toFixed(places).length) : 0;
    const count = Math.floor((last - first) / step + 1e-10);
    for (let at = 0; at <= count; at++) {
      const value = first + at * step;
      const plain = value.toFixed(places);
      const padded = value < 0 ? `-${plain.slice(1).padStart(width - 1, '0')}` : plain.padStart(width, '0');
      run.print((at > 0 ? separator : '') + (template === undefined ? padded : format(template, [String(value)]).text));
      if (at % 4096 === 4095) await run.flush();
    }
    if (count >= 0) run.print('\n');
    return 0;
  },
);

/** What an editor that fills the screen answers where there is none. */
export const noEditor = tool({ usage: '[FILE]...', short: '', ordered: true }, async () => {
  const hint = "edit files with the editor beside the terminal, with `sed -i`, or with `cat > FILE <<'EOF'`";
  throw new Failure(`there is no full-screen editor in this terminal; ${hint}`);
});
