import { basename } from '../../kernel/paths.ts';
import { parseTime } from '../../kernel/time.ts';
import { UsageError } from '../lib/options.ts';
import { type Invocation, tool } from '../lib/tool.ts';
import { parseMode } from './mode.ts';

function needOperands(run: Invocation, count: number, words = 'missing operand'): void {
  if (run.operands.length >= count) return;
  if (run.operands.length === 0) throw new UsageError(words);
  throw new UsageError(
    count === 2 && words.includes('file') ? `missing destination file operand after '${run.operands[0]}'` : words,
  );
}

function isDirectory(run: Invocation, name: string): boolean {
  const { files } = run.process.machine;
  const path = run.process.resolve(name);
  return files.exists(path) && files.stat(path).type === 'directory';
}

function present(run: Invocation, name: string): boolean {
  try {
    run.process.machine.files.stat(run.process.resolve(name), { link: true });
    return true;
  } catch {
    return false;
  }
}

export const mkdir = tool(
  { usage: '[OPTION]... DIRECTORY...', short: 'pvm:', long: { parents: 'p', verbose: 'v', mode: 'm' } },
  async (run) => {
    needOperands(run, 1);
    const parents = run.options.has('p');
    const mode = run.options.value('m');
    for (const name of run.operands) {
      await run.attempt(
        `'${name}'`,
        () => {
          const there = present(run, name);
          if (parents && there && isDirectory(run, name)) return;
          run.process.machine.files.makeDirectory(run.process.resolve(name), {
            parents: parents && !there,
            mode: parseMode(mode ?? '755', 0o777, true) ?? 0o755,
          });
          if (run.options.has('v')) run.print(`${run.name}: created directory '${name}'\n`);
        },
        'cannot create directory ',
      );
    }
    return undefined;
  },
);

export const rmdir = tool({ usage: '[OPTION]... DIRECTORY...', short: 'pv', long: { parents: 'p' } }, async (run) => {
  needOperands(run, 1);
  for (const name of run.operands) {
    await run.attempt(
      `'${name}'`,
      () => {
        const { files } = run.process.machine;
        const path = run.process.resolve(name);
        if (files.stat(path, { link: true }).type !== 'directory') files.readDirectory(path);
        files.remove(path);
      },
      'failed to remove ',
    );
  }
  return undefined;
});

export const rm = tool(
  {
    usage: '[OPTION]... [FILE]...',
    short: 'firRdvI',
    long: { force: 'f', recursive: 'r', dir: 'd', verbose: 'v', interactive: 'interactive::' },
  },
  async (run) => {
    const { options } = run;
    const force = options.has('f');
    if (!force) needOperands(run, 1);
    const { files } = run.process.machine;
    for (const name of run.operands) {
      const path = run.process.resolve(name);
      if (/(^|\/)\.{1,2}\/?$/.test(name)) {
        await run.complain(`refusing to remove '.' or '..' directory: skipping '${name}'`);
        continue;
      }
      if (path === '/') {
        await run.complain(
          "it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe",
        );
        continue;
      }
      if (force && !present(run, name)) continue;
      await run.attempt(
        `'${name}'`,
        async () => {
          const directory = files.stat(path, { link: true }).type === 'directory';
          if (directory && !options.has('r', 'R', 'd')) return run.complain(`cannot remove '${name}': Is a directory`);
          files.remove(path, { recursive: options.has('r', 'R') });
          if (options.has('v')) run.print(`removed ${directory ? 'directory ' : ''}'${name}'\n`);
        },
        'cannot remove ',
      );
    }
    return undefined;
  },
);

/** Where each source of cp, mv or ln goes: into the last operand if that is a directory. */
async function targets(run: Invocation): Promise<{ source: string; target: string }[]> {
  needOperands(run, 2, 'missing file operand');
  const last = run.options.value('t') ?? (run.operands.at(-1) as string);
  const sources = run.options.has('t') ? run.operands : run.operands.slice(0, -1);
  const into = isDirectory(run, last) && !run.options.has('T');
  if (!into && sources.length > 1) {
    await run.complain(`target '${last}': ${present(run, last) ? 'Not a directory' : 'No such file or directory'}`);
    return [];
  }
  return sources.map((source) => ({ source, target: into ? `${last.replace(/\/+$/, '')}/${basename(source)}` : last }));
}

export const mv = tool(
  {
    usage: '[OPTION]... SOURCE... DEST',
    short: 'finvt:T',
    long: { force: 'f', 'no-clobber': 'n', verbose: 'v', 'target-directory': 't' },
  },
  async (run) => {
    const { files } = run.process.machine;
    for (const { source, target } of await targets(run)) {
      if (!present(run, source)) {
        await run.complain(`cannot stat '${source}': No such file or directory`);
        continue;
      }
      const [from, to] = [run.process.resolve(source), run.process.resolve(target)];
      if (from === to) {
        await run.complain(`'${source}' and '${target}' are the same file`);
        continue;
      }
      if (run.options.has('n') && present(run, target)) continue;
      await run.attempt(
        `'${source}' to '${target}'`,
        () => {
          files.rename(from, to);
          if (run.options.has('v')) run.print(`renamed '${source}' -> '${target}'\n`);
        },
        'cannot move ',
      );
    }
    return undefined;
  },
);

export const cp = tool(
  {
    usage: '[OPTION]... SOURCE... DEST',
    short: 'rRafinpdvt:TL',
    long: { recursive: 'r', archive: 'a', force: 'f', 'no-clobber': 'n', verbose: 'v', 'target-directory': 't' },
  },
  async (run) => {
    const recursive = run.options.has('r', 'R', 'a');
    for (const { source, target } of await targets(run)) {
      if (!present(run, source)) await run.complain(`cannot stat '${source}': No such file or directory`);
      else if (isDirectory(run, source) && !recursive) {
        await run.complain(`-r not specified; omitting directory '${source}'`);
      } else if (run.process.resolve(source) === run.process.resolve(target)) {
        await run.complain(`'${source}' and '${target}' are the same file`);
      } else await copy(run, source, target, recursive);
    }
    return undefined;
  },
);

async function copy(run: Invocation, source: string, target: string, recursive: boolean): Promise<void> {
  const { files } = run.process.machine;
  const [from, to] = [run.process.resolve(source), run.process.resolve(target)];
  if (`${to}/`.startsWith(`${from}/`))
    return run.complain(`cannot copy a directory, '${source}', into itself, '${target}'`);
  if (run.options.has('n') && present(run, target)) return;
  await run.attempt(
    `'${target}'`,
    async () => {
      const { type, mode } = files.stat(from, { link: recursive });
      if (run.options.has('v')) run.print(`'${source}' -> '${target}'\n`);
      if (type === 'symlink') files.makeSymlink(files.readSymlink(from), to);
      else if (type !== 'directory') files.writeFile(to, files.readFile(from), files.exists(to) ? {} : { mode });
      else {
        if (!files.exists(to)) files.makeDirectory(to, { mode });
        for (const child of files.readDirectory(from))
          await copy(run, `${source}/${child}`, `${target}/${child}`, true);
      }
    },
    'cannot create regular file ',
  );
}

export const ln = tool(
  {
    usage: '[OPTION]... [-T] TARGET LINK_NAME',
    short: 'sfnvT',
    long: { symbolic: 's', force: 'f', 'no-dereference': 'n' },
  },
  async (run) => {
    needOperands(run, 1, 'missing file operand');
    const [target = '', name = basename(target)] = run.operands;
    const link = isDirectory(run, name) && !run.options.has('n', 'T') ? `${name}/${basename(target)}` : name;
    const { files } = run.process.machine;
    const kind = run.options.has('s') ? 'symbolic' : 'hard';
    await run.attempt(
      `'${link}'`,
      () => {
        const path = run.process.resolve(link);
        if (run.options.has('f') && present(run, link)) files.remove(path);
        // Without inodes a hard link is a copy: the names show the same content from the start.
        if (kind === 'symbolic') files.makeSymlink(target, path);
        else files.writeFile(path, files.readFile(run.process.resolve(target)));
      },
      `failed to create ${kind} link `,
    );
    return undefined;
  },
);

export const touch = tool(
  { usage: '[OPTION]... FILE...', short: 'acmd:r:t:h', long: { 'no-create': 'c', date: 'd', reference: 'r' } },
  async (run) => {
    needOperands(run, 1, 'missing file operand');
    const { files } = run.process.machine;
    const date = run.options.value('d');
    if (date !== undefined && parseTime(date) === undefined) throw new UsageError(`invalid date format '${date}'`);
    for (const name of run.operands) {
      const path = run.process.resolve(name);
      if (run.options.has('c') && !files.exists(path)) continue;
      await run.attempt(
        `'${name}'`,
        () => {
          if (isDirectory(run, name)) return;
          files.writeFile(path, new Uint8Array(), { append: true });
        },
        'cannot touch ',
      );
    }
    return undefined;
  },
);

export const chmod = tool(
  { usage: '[OPTION]... MODE[,MODE]... FILE...', short: 'RvcfrwxXst', long: { recursive: 'R' } },
  async (run) => {
    // `chmod -x file`: the letters of a mode come as options.
    const minus = run.options.given.map(([name]) => name).filter((name) => 'rwxXst'.includes(name));
    if (minus.length > 0) run.operands.unshift(`-${minus.join('')}`);
    needOperands(run, 1);
    const [mode = '', ...names] = run.operands;
    if (names.length === 0) throw new UsageError(`missing operand after '${mode}'`);
    const { files } = run.process.machine;
    if (parseMode(mode, 0, false) === undefined) throw new UsageError(`invalid mode: '${mode}'`);
    const change = async (name: string): Promise<void> => {
      const path = run.process.resolve(name);
      await run.attempt(
        `'${name}'`,
        () => {
          const stat = files.stat(path);
          files.chmod(path, parseMode(mode, stat.mode, stat.type === 'directory') as number);
        },
        'cannot access ',
      );
      if (run.options.has('R') && isDirectory(run, name)) {
        for (const child of files.readDirectory(path)) await change(`${name}/${child}`);
      }
    };
    for (const name of names) await change(name);
    return undefined;
  },
);
