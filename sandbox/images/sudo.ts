import type { Program } from '../kernel/process.ts';
import { decode } from '../kernel/streams.ts';
import type { DaemonContainer } from './image.ts';

/** sudo(8) where everybody may become root without a password: `sudo [-nEHS] [-u USER] [--] COMMAND …`. */
export function sudo(container: DaemonContainer): Program {
  return async (process) => {
    const fail = async (message: string) => {
      await process.write(2, message);
      return 1;
    };
    if (container.noNewPrivileges && process.uid !== 0) {
      return fail(
        'sudo: The "no new privileges" flag is set, which prevents sudo from running as root.\n' +
          'sudo: If sudo is running in a container, you may need to adjust the container configuration to disable the flag.\n',
      );
    }
    const words = process.argv.slice(1);
    let uid = 0;
    const env = new Map([...process.env, ['USER', 'root'], ['LOGNAME', 'root'], ['HOME', '/root']]);
    for (let word = words[0]; word?.startsWith('-'); word = words[0]) {
      words.shift();
      if (word === '--') break;
      if (word === '-u' || word === '--user') {
        const user = words.shift() ?? '';
        const known = user === 'root' ? 0 : /^#\d+$/.test(user) ? Number(user.slice(1)) : passwdUid(container, user);
        if (known === undefined)
          return fail(`sudo: unknown user ${user}\nsudo: error initializing audit plugin sudoers_audit\n`);
        uid = known;
        env.set('USER', user).set('LOGNAME', user);
      } else if (!/^-[nEHSkb]+$/.test(word))
        return fail(`sudo: invalid option -- '${word.replace(/^-+/, '')}'\n${usage}`);
    }
    for (let match = /^(\w+)=(.*)$/s.exec(words[0] ?? ''); match; match = /^(\w+)=(.*)$/s.exec(words[0] ?? '')) {
      env.set(match[1] ?? '', match[2] ?? '');
      words.shift();
    }
    const [name] = words;
    if (name === undefined) return fail(usage);
    const program = process.machine.findProgram(name, process.env.get('PATH'));
    if (!program) return fail(`sudo: ${name}: command not found\n`);
    const child = process.spawn(program, { argv: words, uid, env });
    const stops = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) =>
      process.onSignal(signal, () => child.kill(signal)),
    );
    const off = process.cancellation.onCancel(() => child.kill('SIGKILL'));
    try {
      return await child.exited;
    } finally {
      off();
      for (const stop of stops) stop();
    }
  };
}

const usage =
  'usage: sudo -h | -K | -k | -V\nusage: sudo [-bEHknS] [-u user] [VAR=value] [-i | -s] [command [arg ...]]\n';

function passwdUid({ files }: DaemonContainer, user: string): number | undefined {
  if (!files.exists('/etc/passwd')) return undefined;
  const lines = decode(files.readFile('/etc/passwd')).split('\n');
  const line = lines.find((entry) => entry.startsWith(`${user}:`));
  return line === undefined ? undefined : Number(line.split(':')[2]);
}
