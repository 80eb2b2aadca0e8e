import { FileError } from '../../kernel/files.ts';
import { Exit, Killed, type Process, type Program } from '../../kernel/process.ts';
import { BrokenPipe } from '../../kernel/streams.ts';
import { type Command, globalFlags } from './command.ts';
import { commands } from './commands.ts';
import { describeError, ErrorList, KubectlError, NoKindMatch, QuietExit, StatusError } from './errors.ts';
import { FlagError, type Flags, firstArgument, goQuote, parseFlags } from './flags.ts';
import { printHelp, printRootHelp } from './help.ts';
import { Kubectl, type KubectlContext } from './kubectl.ts';
import { ManifestError } from './manifests.ts';
import { DiscoveryCache } from './mapper.ts';
import { similarNames } from './suggestions.ts';

export type { ClientVersion, KubectlContext } from './kubectl.ts';

/** ms that the real one takes to start, read its configuration and discover what the server has. */
const startTime = 110;

/** The program `kubectl`. It reaches the cluster through `context.transport` only. */
export function kubectl(context: KubectlContext): Program {
  const cache = new DiscoveryCache();
  return async (process) => {
    await process.kernel.compute(startTime, process.cancellation);
    return main(process, context, cache);
  };
}

async function main(process: Process, context: KubectlContext, cache: DiscoveryCache): Promise<number> {
  const argv = process.argv.slice(1);
  const say = async (fd: number, text: string, status: number) => {
    await process.write(fd, text);
    return status;
  };
  const place = firstArgument(argv, globalFlags);
  const name = place === undefined ? undefined : (argv[place] as string);
  if (name === undefined || name === 'help') {
    try {
      if (name === undefined) parseFlags(argv, globalFlags);
    } catch (error) {
      if (error instanceof FlagError) return say(2, flagMessage(error, 'kubectl'), 1);
      throw error;
    }
    const about =
      name === undefined ? undefined : argv.slice((place as number) + 1).find((word) => !word.startsWith('-'));
    if (about === undefined) return say(1, printRootHelp(), 0);
    const known = commands.find((each) => each.name === about);
    if (known) return say(1, printHelp(await process.kernel.hold(known.load()), `kubectl ${known.name}`), 0);
    return say(1, `Unknown help topic ${goQuote(about)}\n`, 0);
  }
  const entry = commands.find((each) => each.name === name);
  if (!entry) {
    const similar = similarNames(name, commands);
    const hint = similar.length > 0 ? `\nDid you mean this?\n${similar.map((each) => `\t${each}\n`).join('')}` : '';
    return say(2, `error: unknown command ${goQuote(name)} for "kubectl"\n${hint}`, 1);
  }
  let rest = [...argv.slice(0, place), ...argv.slice((place as number) + 1)];
  // The host may have to fetch the verb's code: time stands still meanwhile.
  let command = await process.kernel.hold(entry.load());
  let path = `kubectl ${command.name}`;
  while (command.commands) {
    const flags = [...globalFlags, ...(command.flags ?? [])];
    const next = firstArgument(rest, flags);
    const word = next === undefined ? undefined : (rest[next] as string);
    const child: Command | undefined = command.commands.find(
      (each) => each.name === word || (word !== undefined && each.aliases?.includes(word)),
    );
    if (!child || next === undefined) break;
    rest = [...rest.slice(0, next), ...rest.slice(next + 1)];
    command = child;
    path += ` ${child.name}`;
  }
  return run(process, context, cache, command, path, rest);
}

async function run(
  process: Process,
  context: KubectlContext,
  cache: DiscoveryCache,
  command: Command,
  path: string,
  argv: string[],
): Promise<number> {
  let flags: Flags;
  try {
    flags = parseFlags(argv, [...(command.flags ?? []), ...globalFlags]);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    if (argv.includes('--help') || argv.includes('-h')) {
      await process.write(1, printHelp(command, path));
      return 0;
    }
    await process.write(2, flagMessage(error, path));
    return 1;
  }
  if (flags.bool('help')) {
    await process.write(1, printHelp(command, path));
    return 0;
  }
  const session = new Kubectl(process, context, cache, path, flags);
  for (const note of flags.notes) session.err(`${note}\n`);
  if (wantsTemplates(flags)) session.templates = await process.kernel.hold(import('./templates.ts'));
  try {
    if (!command.run) {
      if (flags.args.length > 0) throw new KubectlError(unknownSubcommand(path, flags.args[0] as string));
      const help = printHelp(command, path);
      if (command.helpToStderr) session.err(help);
      else session.out(help);
      throw new QuietExit(1);
    }
    const status = (await command.run(session)) ?? 0;
    if (session.flags.bool('warnings-as-errors') && session.warned > 0) {
      throw new KubectlError(`${session.warned} warning${session.warned === 1 ? '' : 's'} received`);
    }
    await session.flush();
    return status;
  } catch (error) {
    if (error instanceof Killed || error instanceof Exit || error instanceof BrokenPipe) throw error;
    if (!isExpected(error)) throw error;
    const { text, exitCode } = describeError(error);
    session.err(text);
    await session.flush();
    return exitCode;
  }
}

/** The flags that `templates.ts` is for. */
function wantsTemplates(flags: Flags): boolean {
  const format = /^(?:go-)?template|^jsonpath|^custom-columns/;
  return format.test(flags.text('output')) || flags.text('template') !== '' || flags.text('sort-by') !== '';
}

function isExpected(error: unknown): error is Error {
  return (
    error instanceof KubectlError ||
    error instanceof StatusError ||
    error instanceof ErrorList ||
    error instanceof ManifestError ||
    error instanceof NoKindMatch ||
    error instanceof FileError
  );
}

function flagMessage(error: FlagError, path: string): string {
  return `error: ${error.message}\nSee '${path} --help' for usage.\n`;
}

function unknownSubcommand(path: string, word: string): string {
  return `unknown command ${goQuote(word)}\nSee '${path} -h' for help and examples`;
}
