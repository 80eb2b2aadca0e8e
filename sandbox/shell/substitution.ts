import type { ParsedScript, Word } from 'unbash';
import { openPipe } from '../kernel/open-files.ts';
import { readPath } from '../kernel/open-path.ts';
import { concat, decode } from '../kernel/streams.ts';
import { ExpansionError } from './errors.ts';
import { executeList } from './execute.ts';
import { settle } from './expand/expander.ts';
import type { Shell } from './shell.ts';

/** `$(…)`: the output of a subshell without trailing newlines. */
export async function substitute(outer: Shell, script: ParsedScript, text: string): Promise<string> {
  const only = script.commands.length === 1 ? script.commands[0]?.command : undefined;
  if (only?.type === 'Command' && !only.name && only.prefix.length === 1) {
    const one = only.prefix[0];
    if (one?.type === 'Redirect' && one.operator === '<' && one.target) return await contentOf(outer, one.target);
  }
  const { read, write } = openPipe();
  const fds = new Map(outer.fds).set(1, write);
  const child = outer.fork(
    async (shell) => {
      shell.state.options.delete('errexit');
      if (outer.state.shopts.has('inherit_errexit') && outer.state.options.has('errexit')) {
        shell.state.options.add('errexit');
      }
      if (script.source !== undefined) shell.source = { text: script.source, line: outer.line() };
      if (text.startsWith('`') && script.errors?.length) {
        return await shell.runText(script.source ?? text.slice(1, -1), { label: 'command substitution: ' });
      }
      return await executeList(shell, script.commands);
    },
    { fds },
  );
  write.close();
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (let chunk = await read.read(outer.cancellation); chunk; chunk = await read.read(outer.cancellation)) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > outer.limits.text) throw new ExpansionError(`xrealloc: cannot allocate ${size} bytes`, 2);
    }
    outer.substituted = await outer.wait(child);
    outer.state.status = outer.substituted;
    return decode(concat(chunks)).replace(/\0/g, '').replace(/\n+$/, '');
  } catch (error) {
    child.kill('SIGTERM');
    throw error;
  } finally {
    read.close();
  }
}

/** `$(< file)`: no process is needed. */
async function contentOf(outer: Shell, target: Word): Promise<string> {
  const path = await settle(outer.expander.text(target));
  const opener = {
    machine: outer.process.machine,
    cwd: outer.state.cwd,
    fds: outer.fds,
    cancellation: outer.cancellation,
  };
  try {
    const bytes = await readPath(opener, path);
    outer.substituted = 0;
    return decode(bytes).replace(/\n+$/, '');
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'FileError') throw error;
    await outer.error(`${path}: ${error.message}`);
    outer.substituted = 1;
    return '';
  }
}

/** `<(…)` and `>(…)`: a path that the command opens; the descriptor behind it closes with the command. */
export function processSubstitution(outer: Shell, script: ParsedScript, operator: '<' | '>'): string {
  const { read, write } = openPipe();
  const [ours, theirs, standard] = operator === '<' ? [read, write, 1] : [write, read, 0];
  const child = outer.fork((shell) => executeList(shell, script.commands), {
    fds: new Map(outer.fds).set(standard, theirs),
  });
  theirs.close();
  outer.state.lastBackground = child.pid;
  if (operator === '>') outer.outputs.push(child.exited);
  let fd = 63;
  while (outer.fds.has(fd)) fd--;
  outer.fds.set(fd, ours);
  outer.opened.push(ours);
  return `/dev/fd/${fd}`;
}
