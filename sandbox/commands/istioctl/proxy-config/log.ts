import type { Command, Istioctl } from '../command.ts';
import { IstioctlError, UsageError } from '../errors.ts';
import { inferPod } from '../pods.ts';

const levels = ['trace', 'debug', 'info', 'warning', 'warn', 'error', 'critical', 'off'];

/** `istioctl proxy-config log`: the levels of Envoy's loggers, and changes of them. */
export const logCommand: Command = {
  name: 'log',
  aliases: ['o'],
  use: '[<type>/]<name>[.<namespace>]',
  short: 'Retrieves logging levels of the Envoy in the specified pod',
  flags: [
    { name: 'level', kind: 'string', usage: 'New levels: <level> for all loggers, or <logger>:<level>,…' },
    { name: 'reset', short: 'r', kind: 'bool', usage: 'Back to the default (warning)' },
    { name: 'output', short: 'o', kind: 'string', default: 'short', usage: 'Not for this command' },
  ],
  async run(ctl) {
    const [name] = ctl.args;
    if (name === undefined) throw new UsageError('log requires pod name or --selector');
    const level = ctl.flags.text('level');
    if (ctl.flags.bool('reset') && level) throw new UsageError('--level cannot be combined with --reset');
    if (ctl.flags.text('output') !== 'short') throw new IstioctlError('--output is not applicable for this command');
    const { pod, namespace } = inferPod(ctl, name);
    const post = (query: string) => postLogging(ctl, { namespace, pod }, query);
    const known = await post('');
    let answer = known;
    for (const change of ctl.flags.bool('reset') ? ['level=warning'] : parseLevels(level, known))
      answer = await post(`?${change}`);
    await ctl.out(`${pod}.${namespace}:\n${answer}`);
    return 0;
  },
};

async function postLogging(ctl: Istioctl, target: { namespace: string; pod: string }, query: string): Promise<string> {
  try {
    const command = ['pilot-agent', 'request', 'POST', `logging${query}`];
    return await ctl.api.exec(ctl.process, { ...target, container: 'istio-proxy' }, command);
  } catch (error) {
    if (!(error instanceof IstioctlError)) throw error;
    throw new IstioctlError(`failed to execute command on Envoy: ${error.message}`);
  }
}

/** Changes as Envoy's admin interface takes them; the one for all loggers first. */
function parseLevels(text: string, known: string): string[] {
  const single: string[] = [];
  let all: string | undefined;
  for (const part of text === '' ? [] : text.split(',')) {
    if (!/[:=]/.test(part)) {
      if (!levels.includes(part)) throw new IstioctlError(`unrecognized logging level: ${part}`);
      all = part;
      single.length = 0;
      continue;
    }
    const [logger = '', level = ''] = (part.split('::').at(-1) ?? part).split(/[:=](.*)/s);
    if (!known.includes(logger) && logger !== 'level') throw new IstioctlError(`unrecognized logger name: ${logger}`);
    if (!levels.includes(level)) throw new IstioctlError(`unrecognized logging level: ${level}`);
    if (logger === 'level') all = level;
    else single.push(`${logger}=${level === 'warn' ? 'warning' : level}`);
  }
  return [...(all === undefined ? [] : [`level=${all === 'warn' ? 'warning' : all}`]), ...single];
}
