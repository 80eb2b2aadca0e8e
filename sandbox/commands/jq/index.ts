import { FileError } from '../../kernel/files.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { Process, Program } from '../../kernel/process.ts';
import { openInput, readWhole, text } from '../lib/input.ts';
import { Evaluator, Scope } from './evaluate.ts';
import { createNatives, Halt } from './natives.ts';
import { parse, parseDefinitions } from './parse.ts';
import { prelude } from './prelude.ts';
import { ParseError, readValue, readValues } from './read.ts';
import { CompileError, type Definition } from './syntax.ts';
import { Break, format, JqError, truthy } from './values.ts';

const usage = `Usage:\tjq [OPTIONS] FILTER [FILES...]
\tjq [OPTIONS] -n FILTER
`;

interface Settings {
  filter: string | undefined;
  files: string[];
  flags: Set<string>;
  indent: string | undefined;
  variables: JsonObject;
  named: JsonObject;
  positional: Json[];
  filterFile: string | undefined;
}

/** The command line is wrong; exit status 2. */
class UsageError extends Error {}

/** jq 1.7 (all of the language but modules and SQL). */
export const jq: Program = async (process) => {
  let settings: Settings;
  try {
    settings = await readArguments(process);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    await process.write(
      2,
      `jq: error: ${error.message}\nUse jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://jqlang.github.io/jq\n`,
    );
    return 2;
  }
  if (settings.flags.has('help') || settings.flags.has('version')) {
    await process.write(1, settings.flags.has('help') ? usage : 'jq-1.7.1\n');
    return 0;
  }
  if (settings.filter === undefined) {
    await process.write(
      2,
      `${usage}Use jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://jqlang.github.io/jq\n`,
    );
    return 2;
  }
  return new Run(process, settings).main();
};

const letters: Record<string, string> = {
  n: 'null-input',
  r: 'raw-output',
  j: 'join-output',
  a: 'ascii-output',
  c: 'compact-output',
  s: 'slurp',
  R: 'raw-input',
  S: 'sort-keys',
  e: 'exit-status',
  M: 'monochrome-output',
  C: 'color-output',
  h: 'help',
  V: 'version',
};
const known = new Set([...Object.values(letters), 'tab', 'raw-output0', 'unbuffered', 'seq', 'stream']);

async function readArguments(process: Process): Promise<Settings> {
  const settings: Settings = {
    filter: undefined,
    files: [],
    flags: new Set(),
    indent: '  ',
    variables: {},
    named: {},
    positional: [],
    filterFile: undefined,
  };
  const rest = process.argv.slice(1);
  let positionals: 'file' | 'string' | 'json' = 'file';
  let options = true;
  const take = (name: string, count: number) => {
    if (rest.length < count)
      throw new UsageError(
        `${name} takes ${count === 1 ? 'one parameter' : 'two parameters'} (e.g. ${name}${count === 2 ? ' varname value' : ''})`,
      );
    return rest.splice(0, count) as [string, string];
  };
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (options && arg === '--') options = false;
    else if (options && /^--?[a-zA-Z]/.test(arg)) await option(arg);
    else if (settings.filter === undefined && settings.filterFile === undefined) settings.filter = arg;
    else if (positionals === 'file') settings.files.push(arg);
    else settings.positional.push(positionals === 'string' ? arg : json(arg, 'Invalid JSON text passed to --jsonargs'));
  }
  if (settings.flags.has('compact-output')) settings.indent = undefined;
  return settings;

  async function option(arg: string): Promise<void> {
    const long = arg.startsWith('--') ? arg.slice(2) : undefined;
    switch (long) {
      case 'arg':
      case 'argjson': {
        const [name, value] = take(arg, 2);
        settings.named[name] = long === 'arg' ? value : json(value, `Invalid JSON text passed to --argjson`);
        settings.variables[name] = settings.named[name];
        return;
      }
      case 'slurpfile':
      case 'rawfile': {
        const [name, path] = take(arg, 2);
        const content = await fileText(process, path, `Bad JSON in --${long} ${name} ${path}: Could not open ${path}`);
        settings.named[name] = long === 'rawfile' ? content : [...readValues(content)].map(({ value }) => value);
        settings.variables[name] = settings.named[name];
        return;
      }
      case 'args':
        positionals = 'string';
        return;
      case 'jsonargs':
        positionals = 'json';
        return;
      case 'tab':
        settings.indent = '\t';
        return;
      case 'indent': {
        const [width] = take(arg, 1);
        if (!/^\d+$/.test(width) || Number(width) > 7)
          throw new UsageError(Number(width) > 7 ? 'Cannot indent more than 7 characters' : '--indent takes a number');
        settings.indent = Number(width) === 0 ? undefined : ' '.repeat(Number(width));
        return;
      }
      case 'from-file':
        settings.filterFile = 'f';
        return fromFile();
      case undefined:
        break;
      default:
        if (!known.has(long)) throw new UsageError(`Unknown option: ${arg}`);
        settings.flags.add(long);
        return;
    }
    for (const letter of arg.slice(1)) {
      if (letter === 'f') await fromFile();
      else if (letter === 'L') take('-L', 1);
      else if (letters[letter] === undefined) throw new UsageError(`Unknown arguments`);
      else settings.flags.add(letters[letter]);
    }
  }

  async function fromFile(): Promise<void> {
    const [path] = take('-f', 1);
    settings.filter = await fileText(process, path, `Could not open ${path}`);
  }
}

function json(value: string, complaint: string): Json {
  try {
    return readValue(value);
  } catch (error) {
    if (error instanceof ParseError) throw new UsageError(complaint);
    throw error;
  }
}

async function fileText(process: Process, path: string, complaint: string): Promise<string> {
  try {
    return text(await readWhole(openInput(process, path), process.cancellation));
  } catch (error) {
    if (error instanceof FileError) throw new UsageError(`${complaint}: ${error.message}`);
    throw error;
  }
}

let library: Definition[] | undefined;

/** One run: inputs through the filter to standard output. */
class Run {
  readonly #process: Process;
  readonly #settings: Settings;
  #status = 0;
  #last: Json | undefined;
  #out = '';
  #messages = '';
  /** `<stdin>:3`. */
  #place = '<unknown>';
  #fileName: string | null = null;

  constructor(process: Process, settings: Settings) {
    this.#process = process;
    this.#settings = settings;
  }

  async main(): Promise<number> {
    const inputs = this.#inputs(await this.#texts());
    const natives = createNatives({
      now: () => this.#process.kernel.now() / 1000,
      input: () => {
        const next = inputs.next();
        if (next.done) throw new JqError('No more inputs');
        return next.value;
      },
      fileName: () => this.#fileName,
      message: (message) => {
        this.#messages += message;
      },
    });
    try {
      const program = parse(this.#settings.filter as string);
      const evaluator = new Evaluator(natives);
      const scope = this.#scope();
      if (this.#settings.flags.has('null-input')) this.#filter(evaluator, program, scope, null);
      else for (const value of inputs) this.#filter(evaluator, program, scope, value);
    } catch (error) {
      await this.#flush();
      if (error instanceof CompileError) {
        const text = error.message.includes('\n') ? error.message : `${error.message}\n${this.#settings.filter}`;
        await this.#process.write(2, `jq: error: ${text}\njq: 1 compile error\n`);
        return 3;
      }
      if (error instanceof ParseError) {
        await this.#process.write(
          2,
          `parse error: ${error.message}
`,
        );
        return 2;
      }
      if (error instanceof Halt) {
        await this.#process.write(2, error.output);
        return error.status;
      }
      if (error instanceof RangeError) {
        await this.#process.write(2, 'jq: error: the filter recurses too deeply\n');
        return 5;
      }
      throw error;
    }
    await this.#flush();
    if (this.#status !== 0 || !this.#settings.flags.has('exit-status')) return this.#status;
    return this.#last === undefined ? 4 : truthy(this.#last) ? 0 : 1;
  }

  #scope(): Scope {
    library ??= parseDefinitions(prelude);
    const scope = new Scope();
    for (const definition of library) scope.define(definition);
    const { variables, named, positional } = this.#settings;
    for (const [name, value] of Object.entries(variables)) scope.bind(name, value);
    scope.bind('ENV', Object.fromEntries(this.#process.env)).bind('ARGS', { positional, named });
    return new Scope(scope);
  }

  async #texts(): Promise<{ name: string; content: string }[]> {
    const texts: { name: string; content: string }[] = [];
    const { files } = this.#settings;
    for (const name of files.length > 0 ? files : ['-']) {
      try {
        const content = text(await readWhole(openInput(this.#process, name), this.#process.cancellation));
        texts.push({ name: name === '-' ? '<stdin>' : name, content });
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await this.#process.write(2, `jq: error: Could not open ${name}: ${error.message}\n`);
        this.#status = 2;
      }
    }
    return texts;
  }

  *#inputs(texts: { name: string; content: string }[]): Generator<Json> {
    const { flags } = this.#settings;
    if (flags.has('raw-input')) {
      const whole = texts.map(({ content }) => content).join('');
      if (flags.has('slurp')) yield whole;
      else {
        const lines = whole.split('\n');
        if (lines.at(-1) === '') lines.pop();
        for (const [at, line] of lines.entries()) {
          this.#place = `<stdin>:${at + 1}`;
          yield line;
        }
      }
      return;
    }
    const all: Json[] = [];
    for (const { name, content } of texts) {
      this.#fileName = name === '<stdin>' ? null : name;
      for (const { value, line } of readValues(content)) {
        this.#place = `${name}:${line}`;
        if (flags.has('slurp')) all.push(value);
        else yield value;
      }
      this.#place = `${name}:${content.split('\n').length - 1}`;
    }
    if (flags.has('slurp')) yield all;
  }

  #filter(evaluator: Evaluator, program: ReturnType<typeof parse>, scope: Scope, input: Json): void {
    const { flags, indent } = this.#settings;
    const options = { indent, sortKeys: flags.has('sort-keys'), ascii: flags.has('ascii-output') };
    const joined = flags.has('join-output');
    try {
      for (const { value } of evaluator.run(program, { value: input }, scope)) {
        this.#last = value;
        const raw = flags.has('raw-output') || flags.has('raw-output0') || joined;
        this.#out += raw && typeof value === 'string' ? value : format(value, options);
        if (!joined) this.#out += flags.has('raw-output0') ? '\0' : '\n';
      }
    } catch (error) {
      if (error instanceof Break) return;
      if (!(error instanceof JqError)) throw error;
      this.#status = 5;
      const place = flags.has('null-input') ? '<unknown>' : this.#place;
      const { value } = error;
      const shown = typeof value === 'string' ? `: ${value}` : ` (not a string): ${format(value)}`;
      this.#messages += `jq: error (at ${place})${shown}\n`;
    }
  }

  async #flush(): Promise<void> {
    const [out, messages] = [this.#out, this.#messages];
    this.#out = '';
    this.#messages = '';
    await this.#process.write(1, out);
    await this.#process.write(2, messages);
  }
}
