import { InjectionError } from '../../istio/inject/types.ts';
import { InstallError } from '../../istio/install/operator.ts';
import { FileError } from '../../kernel/files.ts';
import type { Process, Program } from '../../kernel/process.ts';
import { KubectlError } from '../kubectl/errors.ts';
import { type Flag, FlagError, type Flags, firstArgument, goQuote, parseFlags } from '../kubectl/flags.ts';
import { similarNames } from '../kubectl/suggestions.ts';
import { type Command, globalFlags, Istioctl, type IstioctlContext } from './command.ts';
import { commands } from './commands.ts';
import { IstioctlError, UsageError } from './errors.ts';
import { printHelp, usageOf } from './help.ts';

export type { IstioctlContext } from './command.ts';

/** Exit status for a command line that cannot be parsed (istioctl/cmd/sysexits.go). */
const incorrectUsage = 64;

/** ms that the real one takes to start and to find its pods. */
const startTime = 250;

/** The program `istioctl`. It reaches the cluster through `context.transport` only. */
export function istioctl(context: IstioctlContext): Program {
  return async (process) => {
    await process.kernel.compute(startTime, process.cancellation);
    return main(process, context);
  };
}

const root: Command = { name: 'istioctl', short: 'Istio control interface.', commands };

async function main(process: Process, context: IstioctlContext): Promise<number> {
  let rest = process.argv.slice(1);
  let command = root;
  let path = 'istioctl';
  const flags: Flag[] = [...globalFlags];
  const fail = async (message: string, status: number) => {
    await process.write(2, `Error: ${message}\n`);
    return status;
  };
  while (command.commands) {
    const place = firstArgument(rest, flags);
    const word = place === undefined ? undefined : rest[place];
    if (place === undefined || word === undefined) break;
    if (word === 'help' && command === root) {
      rest = [...rest.slice(0, place), ...rest.slice(place + 1), '--help'];
      continue;
    }
    const next = command.commands.find((each) => each.name === word || each.aliases?.includes(word));
    if (!next) {
      if (command === root) return fail(unknownCommand(word), incorrectUsage);
      break;
    }
    rest = [...rest.slice(0, place), ...rest.slice(place + 1)];
    command = next;
    path += ` ${next.name}`;
    flags.push(...(next.flags ?? []));
  }
  let parsed: Flags;
  try {
    parsed = parseFlags(rest, flags.reverse());
  } catch (error) {
    if (error instanceof FlagError) return fail(error.message, incorrectUsage);
    throw error;
  }
  if (parsed.bool('help') || !command.run) {
    await process.write(1, printHelp(command, path, flags));
    return 0;
  }
  return run(new Istioctl(process, context, command, path, parsed), fail);
}

async function run(ctl: Istioctl, fail: (message: string, status: number) => Promise<number>): Promise<number> {
  try {
    return (await ctl.command.run?.(ctl)) ?? 0;
  } catch (error) {
    if (error instanceof UsageError) {
      await ctl.err(`${usageOf(ctl.command, ctl.path)}\n`);
      return fail(error.message, 1);
    }
    if (error instanceof IstioctlError) return fail(error.message, error.exitCode);
    if (error instanceof InstallError || error instanceof InjectionError) return fail(error.message, 1);
    if (error instanceof KubectlError || error instanceof FileError) return fail(error.message, 1);
    throw error;
  }
}

function unknownCommand(word: string): string {
  const similar = similarNames(word, commands);
  const hint = similar.length > 0 ? `\n\nDid you mean this?\n${similar.map((name) => `\t${name}\n`).join('')}` : '';
  return `unknown command ${goQuote(word)} for "istioctl"${hint}\nRun 'istioctl --help' for usage.`;
}
