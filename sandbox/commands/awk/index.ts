import { FileError } from '../../kernel/files.ts';
import type { Program } from '../../kernel/process.ts';
import { encode } from '../../kernel/streams.ts';
import { openInput, openOutput, readWhole, text } from '../lib/input.ts';
import { PatternError } from '../lib/posix-regex.ts';
import { Failure, tool } from '../lib/tool.ts';
import { AwkError, Interpreter } from './interpret.ts';
import { parse } from './parse.ts';
import { type AwkProgram, AwkSyntaxError, unescapeAwk } from './syntax.ts';
import { Input } from './values.ts';

/** awk(1) as POSIX has it, without pipes to and from commands. Input is read to its end before the first record. */
export const awk: Program = tool(
  {
    usage: "[-F value] [-v var=value] 'program' [file ...]",
    trouble: 2,
    version: 'awk (POSIX)',
    ordered: true,
    short: 'F:v:f:',
  },
  async (run) => {
    const { process, options } = run;
    const scripts = options.values('f');
    let source = '';
    for (const name of scripts) source += `${text(await readWhole(openInput(process, name), process.cancellation))}\n`;
    if (scripts.length === 0) {
      const first = run.operands.shift();
      if (first === undefined) throw new Failure("usage: awk [-F value] [-v var=value] 'program' [file ...]", 2);
      source = first;
    }
    let program: AwkProgram;
    try {
      program = parse(source);
    } catch (error) {
      if (error instanceof AwkSyntaxError) throw new Failure(`line ${error.line}: ${error.message}`, 2);
      throw error;
    }
    const files: { name: string; content: string }[] = [];
    const assignments = run.operands.filter((operand) => /^[A-Za-z_]\w*=/.test(operand));
    const named = run.operands.filter((operand) => !assignments.includes(operand));
    const reads = program.rules.some(({ pattern }) => pattern !== 'BEGIN') || /\bgetline\b/.test(source);
    for (const name of reads ? (named.length > 0 ? named : ['-']) : []) {
      const file = await run.attempt(name, () => openInput(process, name), 'cannot open ');
      if (file)
        files.push({ name: name === '-' ? '' : name, content: text(await readWhole(file, process.cancellation)) });
    }
    const written = new Map<string, { append: boolean; content: string }>();
    const others = new Map<string, string[]>();
    let [file, queue] = [-1, [] as string[]];
    let first = false;
    const interpreter: Interpreter = new Interpreter(program, {
      print: (output) => run.print(output),
      write: (name, output, append) => {
        const present = written.get(name) ?? { append, content: '' };
        present.content += output;
        written.set(name, present);
      },
      nextRecord: () => {
        while (queue.length === 0) {
          const next = files[++file];
          if (!next) return undefined;
          queue = records(next.content, interpreter.text('RS'));
          first = true;
        }
        interpreter.counted(files[file]?.name ?? '', first);
        first = false;
        return queue.shift();
      },
      readFrom: (name) => {
        const path = process.resolve(name);
        if (!others.has(name)) {
          if (!process.machine.files.exists(path)) return null;
          others.set(name, records(text(process.machine.files.readFile(path)), interpreter.text('RS')));
        }
        return others.get(name)?.shift();
      },
      random: () => process.kernel.random.float(),
      now: () => Math.floor(process.kernel.now() / 1000),
    });
    const { globals } = interpreter;
    globals.set('ENVIRON', new Map([...process.env].map(([name, value]) => [name, new Input(value)])));
    const argv = ['awk', ...run.operands];
    globals.set('ARGC', argv.length);
    globals.set('ARGV', new Map(argv.map((word, at) => [String(at), new Input(word)])));
    const separator = options.value('F');
    if (separator !== undefined) globals.set('FS', separator === 't' ? '\t' : unescapeAwk(separator));
    for (const assignment of [...options.values('v'), ...assignments]) {
      const split = assignment.indexOf('=');
      globals.set(assignment.slice(0, split), new Input(unescapeAwk(assignment.slice(split + 1))));
    }
    let trouble: string | undefined;
    try {
      interpreter.run();
    } catch (error) {
      if (error instanceof RangeError) trouble = 'the program recurses too deeply';
      else if (error instanceof AwkError || error instanceof PatternError) trouble = error.message;
      else throw error;
    }
    await run.flush();
    for (const [name, { append, content }] of written) {
      try {
        const target = openOutput(process, name, append);
        await target.write(encode(content));
        target.close();
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        trouble ??= `can't redirect to ${name} (${error.message})`;
      }
    }
    if (trouble !== undefined) throw new Failure(trouble, 2);
    return interpreter.status || run.status;
  },
);

/** RS: a character, a regular expression, or, where empty, paragraphs. */
function records(content: string, separator: string): string[] {
  if (separator === '')
    return content
      .replace(/^\n+|\n+$/g, '')
      .split(/\n\n+/)
      .filter((part) => part !== '');
  const parts = separator.length === 1 ? content.split(separator) : content.split(new RegExp(separator));
  if (parts.at(-1) === '' || (separator !== '\n' && parts.at(-1) === '\n')) parts.pop();
  return parts;
}
