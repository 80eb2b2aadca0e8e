import type { Command } from './command.ts';
import { commandGroups, commands } from './commands.ts';
import type { Flag } from './flags.ts';

const footer = 'Use "kubectl options" for a list of global command-line options (applies to all commands).\n';

/** What `kubectl` prints without arguments. */
export function printRootHelp(): string {
  let text = 'kubectl controls the Kubernetes cluster manager.\n\n';
  text += ' Find more information at: https://kubernetes.io/docs/reference/kubectl/\n';
  for (const group of commandGroups) {
    const members = commands.filter((command) => command.group === group);
    if (members.length === 0 && group !== 'Subcommands provided by plugins:') continue;
    text += `\n${group}\n`;
    for (const command of members) text += `  ${command.name.padEnd(15)} ${command.short}\n`;
  }
  text += '\nUsage:\n  kubectl [flags] [options]\n\n';
  return `${text}Use "kubectl <command> --help" for more information about a given command.\n${footer}`;
}

/** What `kubectl COMMAND --help` prints. */
export function printHelp(command: Command, path: string): string {
  let text = `${command.long ?? `${command.short}.`}\n\n`;
  if (command.examples) {
    text += `Examples:\n${command.examples
      .split('\n')
      .map((line) => `  ${line}\n`)
      .join('')}\n`;
  }
  if (command.commands) {
    const width = Math.max(11, ...command.commands.map((each) => each.name.length)) + 2;
    text += 'Available Commands:\n';
    for (const each of command.commands) text += `  ${each.name.padEnd(width)} ${each.short}\n`;
    text += '\n';
  }
  const flags = (command.flags ?? []).filter((flag) => !flag.hidden && !flag.deprecated);
  if (flags.length > 0) {
    text += 'Options:\n';
    for (const flag of [...flags].sort((a, b) => (a.name < b.name ? -1 : 1))) text += printFlag(flag);
  }
  const parent = path.split(' ').slice(0, -1).join(' ');
  text += `Usage:\n  ${parent} ${command.use} [options]\n\n`;
  if (command.commands) text += `Use "${path} <command> --help" for more information about a given command.\n`;
  return text + footer;
}

function printFlag(flag: Flag): string {
  const preset = {
    bool: flag.default ?? 'false',
    string: `'${flag.default ?? ''}'`,
    slice: `[${flag.default ?? ''}]`,
    array: `[${flag.default ?? ''}]`,
    int: flag.default ?? '0',
    int32: flag.default ?? '0',
    int64: flag.default ?? '0',
    duration: flag.default ?? '0s',
  }[flag.kind];
  const short = flag.short ? `-${flag.short}, ` : '';
  return `    ${short}--${flag.name}=${preset}:\n\t${flag.usage}\n\n`;
}
