import type { FileSystem } from '../../kernel/files.ts';
import { basename as baseOf, dirname as parentOf, posixResolve } from '../../kernel/paths.ts';
import { UsageError } from '../lib/options.ts';
import { tool } from '../lib/tool.ts';

export const basename = tool(
  { usage: 'NAME [SUFFIX]', ordered: true, short: 'as:z', long: { multiple: 'a', suffix: 's', zero: 'z' } },
  async (run) => {
    const many = run.options.has('a', 's');
    if (run.operands.length === 0) throw new UsageError('missing operand');
    if (!many && run.operands.length > 2) throw new UsageError(`extra operand '${run.operands[2]}'`);
    const suffix = many ? run.options.value('s') : run.operands[1];
    for (const name of many ? run.operands : run.operands.slice(0, 1)) {
      const base = name === '' ? '' : baseOf(name);
      const cut = suffix && base !== suffix && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base;
      run.print(cut + (run.options.has('z') ? '\0' : '\n'));
    }
    return 0;
  },
);

export const dirname = tool({ usage: '[OPTION] NAME...', short: 'z', long: { zero: 'z' } }, async (run) => {
  if (run.operands.length === 0) throw new UsageError('missing operand');
  for (const name of run.operands) run.print(`${parentOf(name)}${run.options.has('z') ? '\0' : '\n'}`);
  return 0;
});

/** The path without symbolic links, `mode` as readlink(1)'s -e, -f, -m; undefined where a part is missing. */
export function canonical(files: FileSystem, path: string, mode: 'e' | 'f' | 'm'): string | undefined {
  let resolved = '/';
  const parts = path.split('/').filter((part) => part !== '');
  let links = 0;
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const next = posixResolve(resolved, part);
    let type: string | undefined;
    try {
      type = files.stat(next, { link: true }).type;
    } catch {
      if (mode === 'e' || (mode === 'f' && parts.length > 0)) return undefined;
    }
    if (type === 'symlink') {
      if (++links > 40) return undefined;
      const target = files.readSymlink(next);
      if (target.startsWith('/')) resolved = '/';
      parts.unshift(...target.split('/').filter((each) => each !== ''));
    } else resolved = next;
  }
  return resolved;
}

export const realpath = tool(
  {
    usage: '[OPTION]... FILE...',
    short: 'emqsz',
    long: { 'canonicalize-existing': 'e', 'canonicalize-missing': 'm', quiet: 'q', 'no-symlinks': 's', zero: 'z' },
  },
  async (run) => {
    if (run.operands.length === 0) throw new UsageError('missing operand');
    const mode = (run.options.last('e', 'm') ?? 'f') as 'e' | 'f' | 'm';
    for (const name of run.operands) {
      const path = run.process.resolve(name);
      const found = run.options.has('s') ? path : canonical(run.process.machine.files, path, mode);
      if (found !== undefined) run.print(found + (run.options.has('z') ? '\0' : '\n'));
      else if (run.options.has('q')) run.status = 1;
      else await run.complain(`${name}: No such file or directory`);
    }
    return undefined;
  },
);

export const readlink = tool(
  {
    usage: '[OPTION]... FILE...',
    short: 'efmnqsvz',
    long: {
      canonicalize: 'f',
      'canonicalize-existing': 'e',
      'canonicalize-missing': 'm',
      'no-newline': 'n',
      zero: 'z',
    },
  },
  async (run) => {
    if (run.operands.length === 0) throw new UsageError('missing operand');
    const mode = run.options.last('e', 'f', 'm') as 'e' | 'f' | 'm' | undefined;
    const { files } = run.process.machine;
    for (const name of run.operands) {
      const path = run.process.resolve(name);
      let target: string | undefined;
      if (mode) target = canonical(files, path, mode);
      else {
        try {
          target = files.readSymlink(path);
        } catch {
          target = undefined;
        }
      }
      if (target === undefined) run.status = 1;
      else run.print(target + (run.options.has('n') ? '' : run.options.has('z') ? '\0' : '\n'));
    }
    return undefined;
  },
);
