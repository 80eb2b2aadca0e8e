import { type Signal, signals } from '../../kernel/process.ts';
import type { Job } from '../jobs.ts';
import type { Shell } from '../shell.ts';
import { type Builtin, invalidOption, options, usage } from './types.ts';

export const jobs: Builtin = async (shell, args) => {
  const { given, rest, unknown } = options(args, 'lnprs');
  if (unknown) return await invalidOption(shell, 'jobs', unknown);
  let status = 0;
  const chosen: Job[] = [];
  for (const spec of rest) {
    const job = shell.jobs.find(spec);
    if (job) chosen.push(job);
    else {
      await shell.error(`jobs: ${spec}: no such job`);
      status = 1;
    }
  }
  const list = rest.length > 0 ? chosen : shell.jobs.list();
  for (const job of [...list]) {
    if (given.has('r') && job.status !== undefined) continue;
    if (given.has('s')) continue;
    await shell.write(1, given.has('p') ? `${job.pid}\n` : `${shell.jobs.line(job, given.has('l'))}\n`);
    if (job.status !== undefined) shell.jobs.remove(job);
  }
  return status;
};

/** Waits for a job's end; a trapped signal cuts it short. */
async function waitFor(shell: Shell, job: Job): Promise<number> {
  const signalled = new Promise<number>((resolve) => {
    shell.onPending = () => resolve(128 + signals[shell.pending[0] ?? 'SIGINT']);
  });
  try {
    return await shell.cancellation.guard(Promise.race([job.child.exited, signalled]));
  } finally {
    shell.onPending = undefined;
    if (job.status !== undefined) shell.jobs.remove(job);
  }
}

export const wait: Builtin = async (shell, args) => {
  const { given, rest, unknown } = options(args, 'fnp:');
  if (unknown) return await invalidOption(shell, 'wait', unknown);
  const all = [...shell.jobs.list()];
  if (given.has('n')) {
    const chosen = rest.length > 0 ? rest.map((spec) => shell.jobs.find(spec)).filter((job) => job !== undefined) : all;
    if (chosen.length === 0) return 127;
    const first = await shell.cancellation.guard(
      Promise.race(chosen.map((job) => job.child.exited.then((status) => ({ job, status })))),
    );
    shell.jobs.remove(first.job);
    const variable = given.get('p');
    if (variable !== undefined) shell.state.variables.assign(variable, String(first.job.pid));
    return first.status;
  }
  if (rest.length === 0) {
    for (const job of all) {
      await waitFor(shell, job);
      if (shell.pending.length > 0) return 128 + signals[shell.pending[0] ?? 'SIGINT'];
    }
    return 0;
  }
  let status = 0;
  for (const spec of rest) {
    const job = shell.jobs.find(spec);
    if (job) status = await waitFor(shell, job);
    else if (spec.startsWith('%')) {
      await shell.error(`wait: ${spec}: no such job`);
      status = 127;
    } else if (!/^\d+$/.test(spec)) {
      await shell.error(`wait: \`${spec}': not a pid or valid job spec`);
      status = 1;
    } else {
      const ended = shell.jobs.ended(Number(spec));
      if (ended === undefined) await shell.error(`wait: pid ${spec} is not a child of this shell`);
      status = ended ?? 127;
    }
  }
  return status;
};

export const fg: Builtin = async (shell, args) => {
  if (!shell.interactive) {
    await shell.error('fg: no job control');
    return 1;
  }
  const spec = args[0] ?? '%%';
  const job = shell.jobs.find(spec.startsWith('%') ? spec : `%${spec}`);
  if (!job) {
    await shell.error(`fg: ${args[0] ?? 'current'}: no such job`);
    return 1;
  }
  await shell.write(1, `${job.text}\n`);
  const status = await shell.wait(job.child);
  shell.jobs.remove(job);
  return status;
};

export const bg: Builtin = async (shell, args) => {
  if (!shell.interactive) {
    await shell.error('bg: no job control');
    return 1;
  }
  const job = shell.jobs.find(args[0] ?? '%%');
  await shell.error(job ? `bg: job ${job.id} already in background` : `bg: ${args[0] ?? 'current'}: no such job`);
  return job ? 0 : 1;
};

function signalOf(text: string): Signal | 0 | undefined {
  const name = text.toUpperCase().replace(/^(?:SIG)?/, 'SIG');
  if (name in signals) return name as Signal;
  if (text === '0') return 0;
  return Object.entries(signals).find(([, number]) => String(number) === text)?.[0] as Signal | undefined;
}

export const kill: Builtin = async (shell, args) => {
  let signal: Signal | 0 | undefined = 'SIGTERM';
  let list = args;
  const [first] = args;
  if (first === undefined) return await usage(shell, 'kill');
  if (first === '-l' || first === '-L') return await listSignals(shell, args.slice(1));
  if (first === '-s' || first === '-n') {
    signal = signalOf(args[1] ?? '');
    if (signal === undefined) return await invalidSignal(shell, args[1] ?? '');
    list = args.slice(2);
  } else if (/^-./.test(first) && first !== '--') {
    signal = signalOf(first.slice(1));
    if (signal === undefined) return await invalidSignal(shell, first.slice(1));
    list = args.slice(1);
  }
  if (list[0] === '--') list = list.slice(1);
  if (list.length === 0) return await usage(shell, 'kill');
  let status = 0;
  for (const spec of list) {
    const job = shell.jobs.find(spec);
    if (job && job.status === undefined) {
      if (signal !== 0) job.child.kill(signal);
    } else if (Number(spec) === shell.process.pid || Number(spec) === shell.state.pid) {
      if (signal !== 0) shell.signalSelf(signal);
    } else if (spec.startsWith('%')) {
      await shell.error(`kill: ${spec}: no such job`);
      status = 1;
    } else if (!/^-?\d+$/.test(spec)) {
      await shell.error(`kill: ${spec}: arguments must be process or job IDs`);
      status = 1;
    } else {
      await shell.error(`kill: (${spec}) - No such process`);
      status = 1;
    }
  }
  return status;
};

async function invalidSignal(shell: Shell, text: string): Promise<number> {
  await shell.error(`kill: ${text}: invalid signal specification`);
  return 1;
}

async function listSignals(shell: Shell, wanted: string[]): Promise<number> {
  if (wanted.length === 0) {
    const list = Object.entries(signals).map(([name, number]) => `${String(number).padStart(2)}) ${name}`);
    await shell.write(1, `${list.join('\t')}\n`);
    return 0;
  }
  for (const text of wanted) {
    const number = /^\d+$/.test(text) ? Number(text) % 128 : undefined;
    const name = number === undefined ? undefined : Object.entries(signals).find(([, own]) => own === number)?.[0];
    const signal = number === undefined ? signalOf(text) : undefined;
    if (name) await shell.write(1, `${name.slice(3)}\n`);
    else if (signal) await shell.write(1, `${signals[signal]}\n`);
    else return await invalidSignal(shell, text);
  }
  return 0;
}
