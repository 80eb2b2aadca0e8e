import type { Machine } from '../kernel/process.ts';
import { decode } from '../kernel/streams.ts';
import { ShellState } from './state.ts';

/** What a shell starts from. */
export interface InitialShell {
  machine: Machine;
  env: ReadonlyMap<string, string>;
  cwd: string;
  uid: number;
  pid: number;
  parent?: number;
  /** $0. */
  name: string;
  positional?: readonly string[];
  interactive?: boolean;
  dialect?: 'bash' | 'ash';
}

/** The state of a fresh shell: environment imported, bash's own variables set. */
export function initialState(initial: InitialShell): ShellState {
  const state = new ShellState();
  const { variables } = state;
  const { dialect = 'bash', env, machine } = initial;
  state.cwd = initial.cwd;
  state.name = initial.name;
  state.positional = [...(initial.positional ?? [])];
  state.pid = initial.pid;
  state.secondsFrom = machine.kernel.now();
  for (const [name, value] of env) {
    const own = /^BASH_FUNC_(.*)%%$/.exec(name)?.[1];
    if (own !== undefined) state.functions.set(own, { text: `${own} ${value}`, line: 1, exported: true });
    else if (/^[A-Za-z_]\w*$/.test(name)) variables.put(name, { value, exported: true });
  }
  const ensure = (
    name: string,
    value: string,
    attributes: { exported?: true; readonly?: true; integer?: true } = {},
  ) => {
    if (variables.text(name) === undefined) variables.put(name, { value, ...attributes });
  };
  variables.put('IFS', { value: ' \t\n' });
  variables.put('OPTIND', { value: '1' });
  variables.put('OPTERR', { value: '1' });
  variables.put('PPID', { value: String(initial.parent ?? 0), readonly: true, integer: true });
  variables.put('PWD', { value: initial.cwd, exported: true });
  ensure('PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  ensure('PS4', '+ ');
  const level = Number.parseInt(variables.text('SHLVL') ?? '0', 10) || 0;
  variables.put('SHLVL', { value: String(level + 1), exported: true });
  if (variables.text('OLDPWD') === undefined) variables.put('OLDPWD', { value: undefined, exported: true });
  if (initial.interactive) {
    ensure('PS1', dialect === 'ash' ? '\\w \\$ ' : '\\s-\\v\\$ ');
    ensure('PS2', '> ');
    state.shopts.add('expand_aliases');
    for (const option of ['emacs', 'history', 'monitor']) state.options.add(option);
  }
  if (dialect === 'ash') return state;
  ensure('BASH', '/bin/bash');
  ensure('BASH_VERSION', '5.2.15(1)-release');
  const version = ['5', '2', '15', '1', 'release', 'x86_64-pc-linux-gnu'];
  variables.put('BASH_VERSINFO', { kind: 'indexed', value: version, readonly: true });
  for (const name of ['UID', 'EUID'])
    variables.put(name, { value: String(initial.uid), readonly: true, integer: true });
  ensure('HOSTNAME', machine.hostname);
  ensure('HOSTTYPE', 'x86_64');
  ensure('MACHTYPE', 'x86_64-pc-linux-gnu');
  ensure('OSTYPE', 'linux-gnu');
  variables.put('GROUPS', { kind: 'indexed', value: [String(initial.uid)] });
  return state;
}

/** The home directory that /etc/passwd names for a user, `/` if none. */
export function homeOf(machine: Machine, uid: number): string {
  if (!machine.files.exists('/etc/passwd')) return uid === 0 ? '/root' : '/';
  const lines = decode(machine.files.readFile('/etc/passwd')).split('\n');
  return lines.map((line) => line.split(':')).find((fields) => Number(fields[2]) === uid)?.[5] ?? '/';
}
