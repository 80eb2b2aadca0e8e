import { FileError } from '../../kernel/files.ts';
import type { Shell } from '../shell.ts';
import { type Builtin, invalidOption, options } from './types.ts';

/** Goes to a directory and keeps PWD and OLDPWD; an error in bash's words, or undefined. */
function change(shell: Shell, directory: string): string | undefined {
  const { state, process } = shell;
  const path = shell.path(directory);
  try {
    if (process.machine.files.stat(path).type !== 'directory') return 'Not a directory';
  } catch (error) {
    if (error instanceof FileError) return error.message;
    throw error;
  }
  state.variables.assign('OLDPWD', state.cwd);
  state.variables.setAttribute('OLDPWD', 'exported', true);
  state.cwd = path;
  state.variables.assign('PWD', path);
  state.variables.setAttribute('PWD', 'exported', true);
  return undefined;
}

/** The path without symbolic links. */
function physical(shell: Shell, path: string): string {
  const { files } = shell.process.machine;
  let done = '';
  const rest = path.split('/').filter((name) => name !== '');
  for (let links = 0; rest.length > 0; ) {
    const name = rest.shift() as string;
    if (name === '..') {
      done = done.slice(0, Math.max(0, done.lastIndexOf('/')));
      continue;
    }
    const next = `${done}/${name}`;
    const link = links < 40 && files.stat(next, { link: true }).type === 'symlink';
    if (!link) {
      done = next;
      continue;
    }
    links++;
    const target = files.readSymlink(next);
    if (target.startsWith('/')) done = '';
    rest.unshift(...target.split('/').filter((part) => part !== '' && part !== '.'));
  }
  return done || '/';
}

export const cd: Builtin = async (shell, args) => {
  const { given, rest, unknown } = options(args, 'LPe@');
  if (unknown) return await invalidOption(shell, 'cd', unknown);
  if (rest.length > 1) {
    await shell.error('cd: too many arguments');
    return 1;
  }
  const { variables } = shell.state;
  let [target] = rest;
  let shows = false;
  if (target === undefined) {
    target = variables.text('HOME');
    if (target === undefined) {
      await shell.error('cd: HOME not set');
      return 1;
    }
  } else if (target === '-') {
    target = variables.text('OLDPWD');
    shows = true;
    if (target === undefined) {
      await shell.error('cd: OLDPWD not set');
      return 1;
    }
  }
  if (target === '') return 0;
  const places = /^\.{0,2}(\/|$)/.test(target)
    ? []
    : (variables.text('CDPATH') ?? '').split(':').filter((one) => one !== '');
  for (const place of places) {
    if (change(shell, `${place}/${target}`) !== undefined) continue;
    await shell.write(1, `${shell.state.cwd}\n`);
    return 0;
  }
  const error = change(shell, target);
  if (error !== undefined) {
    await shell.error(`cd: ${target}: ${error}`);
    return 1;
  }
  if (given.has('P')) {
    shell.state.cwd = physical(shell, shell.state.cwd);
    variables.assign('PWD', shell.state.cwd);
  }
  if (shows) await shell.write(1, `${shell.state.cwd}\n`);
  return 0;
};

export const pwd: Builtin = async (shell, args) => {
  const { given, unknown } = options(args, 'LP');
  if (unknown) return await invalidOption(shell, 'pwd', unknown);
  await shell.output('pwd', `${given.has('P') ? physical(shell, shell.state.cwd) : shell.state.cwd}\n`);
  return shell.outputStatus;
};

function shortened(shell: Shell, path: string): string {
  const home = shell.state.variables.text('HOME');
  return home && home !== '/' && `${path}/`.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

async function show(shell: Shell): Promise<void> {
  const all = [shell.state.cwd, ...shell.state.directories];
  await shell.write(1, `${all.map((path) => shortened(shell, path)).join(' ')}\n`);
}

/** The index in the whole stack (0 is the working directory) that `+N` or `-N` means. */
function indexOf(shell: Shell, text: string): number | undefined {
  const [, sign, digits] = /^([+-])(\d+)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return sign === '+' ? Number(digits) : shell.state.directories.length - Number(digits);
}

export const pushd: Builtin = async (shell, args) => {
  const { state } = shell;
  const stays = args[0] === '-n';
  const [target] = stays ? args.slice(1) : args;
  if (target === undefined) {
    const [top, ...below] = state.directories;
    if (top === undefined) {
      await shell.error('pushd: no other directory');
      return 1;
    }
    const old = state.cwd;
    const error = change(shell, top);
    if (error !== undefined) {
      await shell.error(`pushd: ${top}: ${error}`);
      return 1;
    }
    state.directories = [old, ...below];
    await show(shell);
    return 0;
  }
  const index = indexOf(shell, target);
  if (index !== undefined) {
    const all = [state.cwd, ...state.directories];
    if (index < 0 || index >= all.length) {
      await shell.error(
        all.length === 1 ? 'pushd: directory stack empty' : `pushd: ${target}: directory stack index out of range`,
      );
      return 1;
    }
    const turned = [...all.slice(index), ...all.slice(0, index)];
    change(shell, turned[0] as string);
    state.directories = turned.slice(1);
    await show(shell);
    return 0;
  }
  const old = state.cwd;
  if (stays) state.directories = [shell.path(target), ...state.directories];
  else {
    const error = change(shell, target);
    if (error !== undefined) {
      await shell.error(`pushd: ${target}: ${error}`);
      return 1;
    }
    state.directories = [old, ...state.directories];
  }
  await show(shell);
  return 0;
};

export const popd: Builtin = async (shell, args) => {
  const { state } = shell;
  const index = args[0] === undefined ? 0 : indexOf(shell, args[0]);
  if (state.directories.length === 0) {
    await shell.error('popd: directory stack empty');
    return 1;
  }
  if (index === undefined || index < 0 || index > state.directories.length) {
    await shell.error(`popd: ${args[0]}: directory stack index out of range`);
    return 1;
  }
  if (index === 0) {
    const error = change(shell, state.directories[0] as string);
    if (error !== undefined) {
      await shell.error(`popd: ${state.directories[0]}: ${error}`);
      return 1;
    }
    state.directories = state.directories.slice(1);
  } else state.directories = state.directories.filter((_, at) => at !== index - 1);
  await show(shell);
  return 0;
};

export const dirs: Builtin = async (shell, args) => {
  const { given, rest, unknown } = options(
    args.filter((one) => !/^[+-]\d+$/.test(one)),
    'clpv',
  );
  if (unknown) return await invalidOption(shell, 'dirs', unknown);
  const { state } = shell;
  if (given.has('c')) {
    state.directories = [];
    return 0;
  }
  const all = [state.cwd, ...state.directories].map((path) => (given.has('l') ? path : shortened(shell, path)));
  const wanted = args.map((one) => indexOf(shell, one)).find((index) => index !== undefined);
  if (wanted !== undefined) {
    const path = all[wanted];
    if (path === undefined) {
      await shell.error(`dirs: ${rest[0] ?? wanted}: directory stack index out of range`);
      return 1;
    }
    await shell.write(1, `${path}\n`);
  } else if (given.has('v')) {
    await shell.write(1, all.map((path, index) => `${String(index).padStart(2)}  ${path}\n`).join(''));
  } else await shell.write(1, `${all.join(given.has('p') ? '\n' : ' ')}\n`);
  return 0;
};
