import type { Flag } from '../kubectl/flags.ts';
import type { Command } from './command.ts';

/** The usage of a command, as cobra prints it with wrong arguments. */
export function usageOf(command: Command, path: string): string {
  const aliases = command.aliases?.length ? `\n\nAliases:\n  ${[command.name, ...command.aliases].join(', ')}` : '';
  return `Usage:\n  ${path}${command.use ? ` ${command.use}` : ''} [flags]${aliases}\n${flagList(command.flags ?? [])}`;
}

/** `--help`. `flags`: those of the command and of all commands above it. */
export function printHelp(command: Command, path: string, flags: readonly Flag[]): string {
  const lines = [command.short, ''];
  if (command.commands) {
    const shown = [...command.commands].sort((a, b) => (a.name < b.name ? -1 : 1));
    const width = Math.max(...shown.map(({ name }) => name.length)) + 1;
    lines.push('Usage:', `  ${path} [command]`, '');
    if (command.aliases?.length) lines.push('Aliases:', `  ${[command.name, ...command.aliases].join(', ')}`, '');
    lines.push('Available Commands:');
    for (const { name, short } of shown) lines.push(`  ${name.padEnd(width)} ${short}`);
  } else lines.push(usageOf(command, path).trimEnd());
  const own = new Set(command.flags ?? []);
  const inherited = flags.filter((flag) => !own.has(flag) && !flag.hidden);
  if (inherited.length > 0) lines.push('', 'Global Flags:', flagLines(inherited).trimEnd());
  if (command.commands) lines.push('', `Use "${path} [command] --help" for more information about a command.`);
  return `${lines.join('\n')}\n`;
}

function flagList(flags: readonly Flag[]): string {
  const shown = flags.filter((flag) => !flag.hidden);
  return shown.length > 0 ? `\nFlags:\n${flagLines(shown)}` : '';
}

const kindNames: Record<Flag['kind'], string> = {
  bool: '',
  string: ' string',
  slice: ' strings',
  array: ' stringArray',
  int: ' int',
  int32: ' int32',
  int64: ' int',
  duration: ' duration',
};

function flagLines(flags: readonly Flag[]): string {
  const rows = [...flags]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((flag): [string, string] => {
      const start = flag.short ? `  -${flag.short}, ` : '      ';
      const plain = flag.kind === 'bool' || flag.kind === 'int' || !flag.default;
      const preset = plain ? '' : ` (default ${flag.kind === 'string' ? JSON.stringify(flag.default) : flag.default})`;
      return [`${start}--${flag.name}${kindNames[flag.kind]}`, `${flag.usage}${preset}`];
    });
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return rows.map(([flag, usage]) => `${flag.padEnd(width)}   ${usage}\n`).join('');
}
