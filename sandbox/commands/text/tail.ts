import { concat } from '../../kernel/streams.ts';
import { openInput, readWhole } from '../lib/input.ts';
import { type Invocation, tool } from '../lib/tool.ts';
import { type Amount, amount, lastLines, lineEnd } from './head.ts';

/** tail(1), with `-f` on files (told by the file system) and pipes. */
export const tail = tool(
  {
    usage: '[OPTION]... [FILE]...',
    short: 'n:c:fFqvzs:',
    digits: true,
    long: {
      lines: 'n',
      bytes: 'c',
      follow: 'follow::',
      retry: 'retry',
      quiet: 'q',
      silent: 'q',
      verbose: 'v',
      'zero-terminated': 'z',
      'sleep-interval': 's',
      pid: 'pid:',
    },
  },
  async (run) => {
    const old = run.operands[0]?.match(/^\+\d+$/) ? run.operands.shift() : undefined;
    if (old) run.options.given.push(['n', old]);
    const wanted = amount(run, '+');
    const { options } = run;
    const follow = options.has('f', 'F', 'follow');
    const names = run.inputs;
    const titles = options.has('v') || (names.length > 1 && !options.has('q'));
    let shown: string | undefined;
    const title = (name: string) => {
      if (titles && shown !== name) {
        run.print(`${shown === undefined ? '' : '\n'}==> ${name === '-' ? 'standard input' : name} <==\n`);
      }
      shown = name;
    };
    const followed: string[] = [];
    for (const name of names) {
      await run.attempt(`cannot open '${name}' for reading`, async () => {
        const file = openInput(run.process, name);
        title(name);
        if (!wanted.inverted || follow) run.print(part(await readWhole(file, run.process.cancellation), wanted, run));
        else await skip(run, file, wanted);
        await run.flush();
        if (isRegular(run, name)) followed.push(name);
      });
    }
    if (follow && names.some((name) => name !== '-')) {
      if (followed.length === 0) {
        await run.complain('no files remaining');
        return 1;
      }
      await followFiles(run, followed, title);
    }
    return undefined;
  },
);

function isRegular(run: Invocation, name: string): boolean {
  const { files } = run.process.machine;
  const path = run.process.resolve(name);
  return name !== '-' && files.exists(path) && files.stat(path).type === 'file';
}

function part(bytes: Uint8Array, { unit, count, inverted }: Amount, run: Invocation): Uint8Array {
  const separator = run.options.has('z') ? 0 : 10;
  if (inverted) {
    const before = Math.max(0, count - 1);
    return bytes.subarray(unit === 'bytes' ? before : lineEnd(bytes, before, separator));
  }
  return bytes.subarray(unit === 'bytes' ? Math.max(0, bytes.length - count) : lastLines(bytes, count, separator));
}

/** `+N`: what comes from there on, as it arrives. */
async function skip(run: Invocation, file: ReturnType<typeof openInput>, wanted: Amount): Promise<void> {
  const separator = run.options.has('z') ? 0 : 10;
  let left = Math.max(0, wanted.count - 1);
  const { cancellation } = run.process;
  for (let bytes = await file.read(cancellation); bytes; bytes = await file.read(cancellation)) {
    let from = 0;
    if (left > 0 && wanted.unit === 'bytes') {
      from = Math.min(left, bytes.length);
      left -= from;
    } else if (left > 0) {
      from = lineEnd(bytes, left, separator);
      left -= bytes.subarray(0, from).reduce((lines, byte) => lines + (byte === separator ? 1 : 0), 0);
    }
    run.print(bytes.subarray(from));
    await run.flush();
  }
  file.close();
}

/** Prints what is appended to the files, until a signal. A file that became shorter is read from its start. */
async function followFiles(run: Invocation, names: string[], title: (name: string) => void): Promise<never> {
  const { files } = run.process.machine;
  const sizes = new Map(names.map((name) => [name, files.stat(run.process.resolve(name)).size]));
  let wake = () => {};
  const off = names.map((name) => files.onChange(run.process.resolve(name), () => wake()));
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      for (const name of names) {
        const path = run.process.resolve(name);
        if (!files.exists(path)) continue;
        const bytes = files.readFile(path);
        const before = sizes.get(name) ?? 0;
        sizes.set(name, bytes.length);
        if (bytes.length < before) await run.process.write(2, `${run.name}: ${name}: file truncated\n`);
        const added = bytes.subarray(bytes.length < before ? 0 : before);
        if (added.length === 0) continue;
        title(name);
        run.print(concat([added]));
        await run.flush();
      }
      await run.process.cancellation.guard(changed);
    }
  } finally {
    for (const unsubscribe of off) unsubscribe();
  }
}
