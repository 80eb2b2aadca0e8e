import { decode } from '../kernel/streams.ts';
import type { Shell } from './shell.ts';

/** What `~user` means; '' is the shell's own user, `+` and `-` the directories. */
export function homeDirectory(shell: Shell, user: string): string | undefined {
  const { variables } = shell.state;
  if (user === '')
    return variables.text('HOME') ?? passwd(shell, (fields) => Number(fields[2]) === shell.process.uid, 5);
  if (user === '+') return shell.state.cwd;
  if (user === '-') return variables.text('OLDPWD');
  return passwd(shell, (fields) => fields[0] === user, 5);
}

/** The user's name, as `whoami` knows it. */
export function userName(shell: Shell): string {
  const name = passwd(shell, (fields) => Number(fields[2]) === shell.process.uid, 0);
  return name ?? (shell.process.uid === 0 ? 'root' : 'I have no name!');
}

function passwd(shell: Shell, matches: (fields: string[]) => boolean, field: number): string | undefined {
  const { files } = shell.process.machine;
  if (!files.exists('/etc/passwd')) return undefined;
  const lines = decode(files.readFile('/etc/passwd')).split('\n');
  return lines.map((line) => line.split(':')).find(matches)?.[field];
}
