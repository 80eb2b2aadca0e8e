import { Exit } from '../../kernel/process.ts';
import { encode } from '../../kernel/streams.ts';
import { Failure, type Invocation, type ToolSpec, tool } from '../lib/tool.ts';
import { Executor } from './execute.ts';
import { parseScript, type ScriptPart } from './parse.ts';
import { LineReader } from './reader.ts';

const spec: ToolSpec = {
  usage: '[OPTION]... {script-only-if-no-other-script} [input-file]...',
  usageOnError: true,
  version: 'sed (GNU sed) 4.9',
  short: 'nEre:f:i::suzl:',
  long: {
    quiet: 'n',
    silent: 'n',
    expression: 'e',
    file: 'f',
    'in-place': 'i',
    'regexp-extended': 'E',
    separate: 's',
    unbuffered: 'u',
    'null-data': 'z',
    posix: 'posix',
    sandbox: 'sandbox',
  },
};

export const sed = tool(spec, async (run) => {
  const { options } = run;
  const parts: ScriptPart[] = [];
  for (const [name, value] of options.given) {
    if (name === 'e') parts.push({ text: value });
    if (name === 'f') parts.push({ text: await readScript(run, value), file: value });
  }
  if (parts.length === 0) {
    const script = run.operands.shift();
    if (script === undefined) {
      await run.process.write(1, `Usage: ${run.name} ${spec.usage}\n`);
      throw new Exit(1);
    }
    parts.push({ text: script });
  }
  const commands = parseScript(parts, options.has('E', 'r'));
  const separator = options.has('z') ? '\0' : '\n';
  const open = async (name: string) => {
    const lines = await readable(run, name, separator);
    if (!lines) run.status = run.process.machine.files.exists(run.process.resolve(name)) ? 4 : 2;
    return lines;
  };
  const output = { print: (text: string) => run.print(text), flush: () => run.flush() };
  const executor = new Executor(run, commands, output);
  executor.openFiles();
  if (!options.has('i', 's')) await executor.execute(new LineReader(run.inputs, open), output);
  else {
    for (const name of run.inputs) {
      if (options.has('i') && name !== '-') await inPlace(run, executor, name, open);
      else await executor.execute(new LineReader([name], open), output);
      if (executor.ended !== undefined) break;
    }
  }
  return executor.ended || run.status;
});

async function readScript(run: Invocation, name: string): Promise<string> {
  const lines = await run.lines(name).catch(() => undefined);
  if (!lines) throw new Exit(1);
  const script: string[] = [];
  for await (const batch of lines) script.push(...batch.lines);
  return script.join('\n');
}

async function readable(run: Invocation, name: string, separator: string) {
  const { files } = run.process.machine;
  const path = run.process.resolve(name);
  if (name === '-' || path.startsWith('/dev/')) return run.lines(name, separator);
  if (!files.exists(path)) await run.complain(`can't read ${name}: No such file or directory`);
  else if (files.stat(path).type === 'directory') {
    await run.complain(
      run.options.has('i') ? `couldn't edit ${name}: not a regular file` : `read error on ${name}: Is a directory`,
    );
  } else return run.lines(name, separator);
  return undefined;
}

async function inPlace(
  run: Invocation,
  executor: Executor,
  name: string,
  open: (name: string) => ReturnType<typeof readable>,
): Promise<void> {
  const { files } = run.process.machine;
  const path = run.process.resolve(name);
  let content = '';
  const output = {
    print: (text: string) => {
      content += text;
    },
    flush: () => Promise.resolve(),
  };
  const before = run.status;
  run.status = 0;
  const reader = new LineReader([name], open);
  await executor.execute(reader, output);
  if (run.status !== 0) {
    run.status = 4;
    return;
  }
  run.status = before;
  // `q` leaves the rest of the file as it is.
  for (let more = await reader.next(); more; more = await reader.next()) {
    content += reader.line + (reader.unterminated ? '' : '\n');
  }
  const suffix = run.options.value('i');
  try {
    if (suffix)
      files.writeFile(
        suffix.includes('*') ? path.replace(/[^/]*$/, (base) => suffix.replace('*', base)) : path + suffix,
        files.readFile(path),
      );
    files.writeFile(path, encode(content));
  } catch (error) {
    throw new Failure(`couldn't open temporary file ${name}: ${(error as Error).message}`, 4);
  }
}
