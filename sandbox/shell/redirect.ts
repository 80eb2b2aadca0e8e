import type { HereDoc, Redirect, Redirection } from 'unbash';
import { FileError, type OpenFile } from '../kernel/files.ts';
import { openPipe } from '../kernel/open-files.ts';
import { openPath } from '../kernel/open-path.ts';
import { encode } from '../kernel/streams.ts';
import type { Waiting } from './expand/expander.ts';
import type { Shell } from './shell.ts';

/** A redirection that could not be made; the message is bash's, without the shell's prefix. */
export class RedirectError extends Error {
  override name = 'RedirectError';
}

/**
 * Makes redirections, in order, on a copy of the shell's descriptors. `undo` puts the old ones back and closes what was
 * opened; not calling it makes them last (`exec`).
 */
export function* redirect(shell: Shell, redirections: readonly Redirection[]): Waiting<{ undo: () => void }> {
  const before = shell.fds;
  const opened: OpenFile[] = [];
  shell.fds = new Map(before);
  const undo = () => {
    shell.fds = before;
    for (const file of opened) file.close();
  };
  try {
    for (const one of redirections) yield* redirectOne(shell, one, opened);
  } catch (error) {
    undo();
    throw error;
  }
  return { undo };
}

function* redirectOne(shell: Shell, one: Redirection, opened: OpenFile[]): Waiting<void> {
  const variable = one.descriptor?.type === 'FileDescriptorVariable' ? one.descriptor.name : undefined;
  const set = (standard: number, file: OpenFile) => {
    let fd = one.descriptor?.type === 'FileDescriptor' ? one.descriptor.value : standard;
    if (variable !== undefined) {
      fd = 10;
      while (shell.fds.has(fd)) fd++;
      shell.state.variables.assign(variable, String(fd));
    }
    shell.fds.set(fd, file);
  };
  const open = (file: OpenFile) => {
    opened.push(file);
    return file;
  };
  if (one.type === 'HereString') {
    const text = one.target ? yield* shell.expander.text(one.target) : '';
    set(0, open(stringInput(`${text}\n`)));
    return;
  }
  if (one.type === 'HereDoc') {
    set(0, open(stringInput(yield* heredocText(shell, one))));
    return;
  }
  const [target = '', ...more] = one.target ? yield* targets(shell, one) : [];
  if (more.length > 0) throw new RedirectError(`${one.target?.text ?? ''}: ambiguous redirect`);
  const { operator } = one;
  if (operator === '<&' || operator === '>&') {
    if (target === '-') {
      const fd = variable === undefined ? undefined : Number(shell.state.variables.text(variable));
      const standard = operator === '<&' ? 0 : 1;
      shell.fds.delete(fd ?? (one.descriptor?.type === 'FileDescriptor' ? one.descriptor.value : standard));
      return;
    }
    const [, number, moves] = /^(\d+)(-?)$/.exec(target) ?? [];
    if (number !== undefined) {
      const file = shell.fds.get(Number(number));
      if (!file) throw new RedirectError(`${number}: Bad file descriptor`);
      if (moves) shell.fds.delete(Number(number));
      set(operator === '<&' ? 0 : 1, open(file.share()));
      return;
    }
    if (operator === '<&' || one.descriptor) throw new RedirectError(`${one.target?.text ?? ''}: ambiguous redirect`);
  }
  const file = open(openTarget(shell, target, operator));
  if (operator === '&>' || operator === '&>>' || operator === '>&') {
    shell.fds.set(1, file);
    shell.fds.set(2, open(file.share()));
  } else set(operator.startsWith('<') ? 0 : 1, file);
}

/** The target's fields: exactly one, or the redirection is ambiguous. */
function* targets(shell: Shell, one: Redirect): Waiting<string[]> {
  const fields: string[] = [];
  if (one.target) yield* shell.expander.fields(one.target, fields);
  if (fields.length === 0) throw new RedirectError(`${one.target?.text ?? ''}: ambiguous redirect`);
  return fields;
}

function openTarget(shell: Shell, target: string, operator: Redirect['operator']): OpenFile {
  const opener = { machine: shell.process.machine, cwd: shell.state.cwd, fds: shell.fds };
  try {
    if (operator === '<') return openPath(opener, target);
    const keep = operator === '>' && shell.state.options.has('noclobber') && isRegular(shell, target);
    if (keep) throw new RedirectError(`${target}: cannot overwrite existing file`);
    return openPath(opener, target, {
      write: true,
      read: operator === '<>',
      append: operator === '>>' || operator === '&>>',
      truncate: operator !== '>>' && operator !== '&>>' && operator !== '<>',
      create: true,
      mask: shell.state.umask,
    });
  } catch (error) {
    if (error instanceof FileError) throw new RedirectError(`${target}: ${error.message}`);
    throw error;
  }
}

function isRegular(shell: Shell, target: string): boolean {
  const path = shell.path(target);
  const { files } = shell.process.machine;
  return files.exists(path) && files.stat(path).type === 'file';
}

/** A heredoc's text: tabs stripped for `<<-`, expanded unless its delimiter was quoted. */
function* heredocText(shell: Shell, document: HereDoc): Waiting<string> {
  const body = terminated(document.body, document.closing !== undefined);
  const strips = document.operator === '<<-';
  if (document.delimiter?.quoted || !body.parts) {
    return strips ? body.text.replace(/^\t+/gm, '') : body.text;
  }
  if (!strips) return yield* shell.expander.parts(body.parts);
  let text = '';
  let atStart = true;
  for (const part of body.parts) {
    if (part.type === 'Literal') {
      text += part.value.replace(/(^|\n)\t+/g, (whole, start: string, offset: number) =>
        offset === 0 && start === '' && !atStart ? whole : start,
      );
    } else text += yield* shell.expander.parts([part]);
    atStart = part.type === 'Literal' && part.value.endsWith('\n');
  }
  return text;
}

/** The end of input gives a heredoc's last line its newline. */
function terminated(body: HereDoc['body'], closed: boolean): Pick<HereDoc['body'], 'text' | 'parts'> {
  if (closed || body.text === '' || body.text.endsWith('\n')) return body;
  const end = { type: 'Literal', pos: 0, end: 0, text: '\n', value: '\n' } as const;
  return { text: `${body.text}\n`, parts: body.parts && [...body.parts, end] };
}

/** A pipe that holds the text and is closed for writing. */
function stringInput(text: string): OpenFile {
  const { read, write } = openPipe();
  void write.write(encode(text)).catch(() => {}); // nobody may read it at all
  write.close();
  return read;
}
