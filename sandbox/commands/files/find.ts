import { basename } from '../../kernel/paths.ts';
import type { Program } from '../../kernel/process.ts';
import { globToRegex, type WalkEntry, walk } from '../lib/walk.ts';
import { start, wait } from '../processes/run.ts';

type Test = (entry: WalkEntry) => boolean | Promise<boolean>;

class FindError extends Error {}

/** find(1): names, types, sizes, times, -exec, -delete, and their combination. */
export const find: Program = async (process) => {
  const words = process.argv.slice(1);
  const first = words.findIndex((word) => /^[-(!]/.test(word));
  const roots = words.slice(0, first < 0 ? words.length : first);
  const rest = first < 0 ? [] : words.slice(first);
  let [low, high, acts, status] = [0, Number.POSITIVE_INFINITY, false, 0];
  let output = '';
  const batches: { argv: string[]; paths: string[] }[] = [];
  const { files } = process.machine;
  const stat = (entry: WalkEntry) => files.stat(process.resolve(entry.path), { link: true });

  const take = (name: string) => {
    const value = rest.shift();
    if (value === undefined) throw new FindError(`missing argument to \`${name}'`);
    return value;
  };
  const or = (): Test => {
    let left = and();
    while (rest[0] === '-o' || rest[0] === '-or') {
      rest.shift();
      const [one, other] = [left, and()];
      left = async (entry) => (await one(entry)) || other(entry);
    }
    return left;
  };
  const and = (): Test => {
    let left = not();
    while (rest.length > 0 && !['-o', '-or', ')'].includes(rest[0] as string)) {
      if (rest[0] === '-a' || rest[0] === '-and') rest.shift();
      const [one, other] = [left, not()];
      left = async (entry) => (await one(entry)) && other(entry);
    }
    return left;
  };
  const not = (): Test => {
    if (rest[0] !== '!' && rest[0] !== '-not') return primary();
    rest.shift();
    const inner = not();
    return async (entry) => !(await inner(entry));
  };
  const compared = (text: string, value: number) => {
    const number = Number(text.replace(/^[-+]/, ''));
    return text.startsWith('+') ? value > number : text.startsWith('-') ? value < number : value === number;
  };
  const execute = (name: string): Test => {
    acts = true;
    const argv: string[] = [];
    for (;;) {
      const word = take(name);
      if (word === ';') break;
      if (word === '+' && argv.at(-1) === '{}') {
        const batch = { argv: argv.slice(0, -1), paths: [] as string[] };
        batches.push(batch);
        return (entry) => batch.paths.push(entry.path) > 0;
      }
      argv.push(word);
    }
    return async (entry) => {
      await flush();
      return (await runCommand(argv.map((word) => word.replaceAll('{}', entry.path)))) === 0;
    };
  };
  const runCommand = async (argv: string[]) => {
    const child = start(process, argv);
    if (child) return wait(process, child);
    await process.write(2, `find: '${argv[0]}': No such file or directory\n`);
    return 1;
  };
  const flush = async () => {
    const text = output;
    output = '';
    await process.write(1, text);
  };
  const primary = (): Test => {
    const name = rest.shift() as string;
    switch (name) {
      case '(': {
        const inner = or();
        if (rest.shift() !== ')')
          throw new FindError("invalid expression; I was expecting to find a ')' somewhere but did not see one.");
        return inner;
      }
      case '-name':
      case '-iname': {
        const pattern = globToRegex(take(name), name === '-iname');
        return (entry) => pattern.test(basename(entry.path));
      }
      case '-path':
      case '-wholename': {
        const pattern = globToRegex(take(name));
        return (entry) => pattern.test(entry.path);
      }
      case '-type': {
        const letters = take(name).split(',');
        const types = { f: 'file', d: 'directory', l: 'symlink', p: 'fifo', c: 'device' } as Record<string, string>;
        const unknown = letters.find((letter) => types[letter] === undefined);
        if (unknown !== undefined) throw new FindError(`Unknown argument to -type: ${unknown}`);
        return (entry) => letters.some((letter) => types[letter] === entry.type);
      }
      case '-maxdepth':
        high = Number(take(name));
        return () => true;
      case '-mindepth':
        low = Number(take(name));
        return () => true;
      case '-empty':
        return (entry) =>
          entry.type === 'directory'
            ? files.readDirectory(process.resolve(entry.path)).length === 0
            : stat(entry).size === 0;
      case '-size': {
        const [, sign = '', number = '0', unit = 'b'] = /^([-+]?)(\d+)([bckMG]?)$/.exec(take(name)) ?? [];
        const size = { b: 512, c: 1, k: 1024, M: 1024 ** 2, G: 1024 ** 3 }[unit || 'b'] as number;
        return (entry) => compared(sign + number, Math.ceil(stat(entry).size / size));
      }
      case '-mtime':
      case '-mmin': {
        const value = take(name);
        const unit = name === '-mmin' ? 60_000 : 86_400_000;
        return (entry) => compared(value, Math.floor((process.kernel.now() - stat(entry).modified) / unit));
      }
      case '-newer': {
        const reference = files.stat(process.resolve(take(name))).modified;
        return (entry) => stat(entry).modified > reference;
      }
      case '-print':
      case '-print0':
        acts = true;
        return (entry) => {
          output += entry.path + (name === '-print' ? '\n' : '\0');
          return true;
        };
      case '-exec':
        return execute(name);
      case '-delete':
        acts = true;
        return (entry) => {
          files.remove(process.resolve(entry.path), { recursive: entry.type === 'directory' });
          return true;
        };
      case '-true':
        return () => true;
      case '-false':
        return () => false;
      default:
        throw new FindError(
          name.startsWith('-') ? `unknown predicate \`${name}'` : `paths must precede expression: \`${name}'`,
        );
    }
  };

  try {
    const test = rest.length > 0 ? or() : () => true;
    if (rest.length > 0) throw new FindError(`paths must precede expression: \`${rest[0]}'`);
    for (const root of roots.length > 0 ? roots : ['.']) {
      if (!files.exists(process.resolve(root))) {
        await flush();
        await process.write(2, `find: '${root}': No such file or directory\n`);
        status = 1;
        continue;
      }
      for (const entry of [...walk(process, root)]) {
        if (entry.depth < low || entry.depth > high) continue;
        if ((await test(entry)) && !acts) output += `${entry.path}\n`;
      }
    }
    await flush();
    for (const { argv, paths } of batches)
      if (paths.length > 0 && (await runCommand([...argv, ...paths])) !== 0) status = 1;
    return status;
  } catch (error) {
    if (!(error instanceof FindError)) throw error;
    await process.write(2, `find: ${error.message}\n`);
    return 1;
  }
};
