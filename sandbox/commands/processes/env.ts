import { UsageError } from '../lib/options.ts';
import { Failure, tool } from '../lib/tool.ts';
import { start, wait } from './run.ts';

/** env(1). */
export const env = tool(
  {
    usage: '[OPTION]... [-] [NAME=VALUE]... [COMMAND [ARG]...]',
    trouble: 125,
    ordered: true,
    short: 'i0u:C:S:v',
    long: { 'ignore-environment': 'i', null: '0', unset: 'u', chdir: 'C', 'split-string': 'S' },
  },
  async (run) => {
    const { options, process } = run;
    const operands = [...(options.value('S')?.split(/\s+/).filter(Boolean) ?? []), ...run.operands];
    const values = new Map(options.has('i') || operands[0] === '-' ? [] : process.env);
    if (operands[0] === '-') operands.shift();
    for (const name of options.values('u')) values.delete(name);
    for (let split = operands[0]?.indexOf('=') ?? -1; split > 0; split = operands[0]?.indexOf('=') ?? -1) {
      const assignment = operands.shift() as string;
      values.set(assignment.slice(0, split), assignment.slice(split + 1));
    }
    const end = options.has('0') ? '\0' : '\n';
    if (operands.length === 0) {
      for (const [name, value] of values) run.print(`${name}=${value}${end}`);
      return 0;
    }
    if (options.has('0')) throw new UsageError('cannot specify --null (-0) with command');
    const cwd = options.value('C');
    const child = start(process, operands, {
      env: values,
      ...(cwd === undefined ? {} : { cwd: process.resolve(cwd) }),
    });
    if (!child) throw new Failure(`'${operands[0]}': No such file or directory`, 127);
    return wait(process, child);
  },
);

/** printenv(1). */
export const printenv = tool(
  { usage: '[OPTION]... [VARIABLE]...', trouble: 2, short: '0', long: { null: '0' } },
  async (run) => {
    const end = run.options.has('0') ? '\0' : '\n';
    const { env: values } = run.process;
    if (run.operands.length === 0) for (const [name, value] of values) run.print(`${name}=${value}${end}`);
    for (const name of run.operands) {
      const value = values.get(name);
      if (value === undefined) run.status = 1;
      else run.print(`${value}${end}`);
    }
    return undefined;
  },
);
