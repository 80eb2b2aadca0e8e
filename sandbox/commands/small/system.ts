import type { Signal } from '../../kernel/process.ts';
import { groupName, ownerName } from '../files/ls.ts';
import { UsageError } from '../lib/options.ts';
import { Failure, type Invocation, tool } from '../lib/tool.ts';

/** Kernel of the nodes; Debian 12's. */
const release = {
  name: 'Linux',
  release: '6.1.0-41-amd64',
  version: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.158-1',
  machine: 'x86_64',
};

export const uname = tool(
  {
    usage: '[OPTION]...',
    short: 'asnrvmpio',
    long: { all: 'a', 'kernel-name': 's', nodename: 'n', 'kernel-release': 'r', machine: 'm', 'operating-system': 'o' },
  },
  async (run) => {
    const parts: [letter: string, text: string][] = [
      ['s', release.name],
      ['n', run.process.machine.hostname],
      ['r', release.release],
      ['v', release.version],
      ['m', release.machine],
      ['o', 'GNU/Linux'],
    ];
    const all = run.options.has('a');
    const shown = parts.filter(([letter]) => all || run.options.has(letter));
    run.print(`${(shown.length > 0 ? shown : parts.slice(0, 1)).map(([, text]) => text).join(' ')}\n`);
    return 0;
  },
);

export const hostname = tool({ usage: '[-f|-i|-s]', short: 'fsidIA', long: { fqdn: 'f', short: 's' } }, async (run) => {
  const { machine } = run.process;
  const address = (machine.sockets as { address?: string } | undefined)?.address;
  if (run.operands.length > 0) throw new Failure('you must be root to change the host name');
  if (run.options.has('i', 'I')) run.print(`${address ?? '127.0.0.1'}\n`);
  else run.print(`${run.options.has('s') ? machine.hostname.replace(/\..*/, '') : machine.hostname}\n`);
  return 0;
});

export const whoami = tool({ usage: '[OPTION]...', short: '' }, async (run) => {
  run.print(`${ownerName(run, run.process.uid)}\n`);
  return 0;
});

export const id = tool(
  { usage: '[OPTION]... [USER]...', short: 'ugGnr', long: { user: 'u', group: 'g', groups: 'G', name: 'n' } },
  async (run) => {
    const { uid } = run.process;
    const names = run.options.has('n');
    const [user, group] = [ownerName(run, uid), groupName(run, uid)];
    if (run.options.has('u')) run.print(`${names ? user : uid}\n`);
    else if (run.options.has('g', 'G')) run.print(`${names ? group : uid}\n`);
    else {
      const named = (name: string) => (name === String(uid) ? `${uid}` : `${uid}(${name})`);
      run.print(`uid=${named(user)} gid=${named(group)} groups=${named(group)}\n`);
    }
    return 0;
  },
);

/** which(1): the first place in PATH that has each name. */
export const which = tool({ usage: '[-as] args', short: 'as', trouble: 2 }, async (run) => {
  const { machine, env } = run.process;
  let status = 0;
  for (const name of run.operands) {
    const places = name.includes('/')
      ? [run.process.resolve(name)]
      : (env.get('PATH') ?? '/usr/local/bin:/usr/bin:/bin').split(':').map((folder) => `${folder}/${name}`);
    const found = places.filter((place) => machine.findProgram(place, undefined));
    if (found.length === 0) status = 1;
    if (run.options.has('s')) continue;
    for (const place of run.options.has('a') ? found : found.slice(0, 1)) run.print(`${place}\n`);
  }
  return run.operands.length === 0 ? 1 : status;
});

/** Processes other than this one, where a machine keeps them. */
interface ProcessTable {
  readonly processes?: () => readonly { pid: number; argv: readonly string[]; signal(signal: Signal): void }[];
}

export const ps = tool({ usage: '[options]', short: 'aAefuxlo:p:', long: {} }, async (run) => {
  const table = run.process.machine as ProcessTable;
  const others = table.processes?.() ?? [];
  const own = { pid: run.process.pid, argv: run.process.argv };
  const rows = others.some((each) => each.pid === own.pid) ? others : [...others, own];
  run.print('    PID TTY          TIME CMD\n');
  for (const { pid, argv } of rows) run.print(`${String(pid).padStart(7)} pts/0    00:00:00 ${argv[0] ?? ''}\n`);
  return 0;
});

export const kill = tool(
  { usage: '[-s SIGNAL | -SIGNAL] PID...', short: 's:l', ordered: true, digits: true },
  async (run: Invocation) => {
    if (run.operands.length === 0) throw new UsageError('no process ID specified');
    const table = run.process.machine as ProcessTable;
    for (const word of run.operands) {
      if (!/^\d+$/.test(word)) {
        await run.complain(`failed to parse argument: '${word}'`);
        continue;
      }
      const target = table.processes?.().find((each) => each.pid === Number(word));
      if (target) target.signal('SIGTERM');
      else await run.complain(`(${word}) - No such process`);
    }
    return undefined;
  },
);
