import { FileError } from '../../kernel/files.ts';
import { basename } from '../../kernel/paths.ts';
import type { Process, Program } from '../../kernel/process.ts';
import { concat, encode } from '../../kernel/streams.ts';
import { type Batch, lineBatches, openInput } from './input.ts';
import { type OptionSpec, type Options, parseOptions, UsageError } from './options.ts';

/** Ends a tool: `message` goes to standard error behind the tool's name. */
export class Failure extends Error {
  override name = 'Failure';
  readonly status: number;
  constructor(message: string, status = 1) {
    super(message);
    this.status = status;
  }
}

/** What a tool of GNU's kind says about itself. */
export interface ToolSpec extends OptionSpec {
  /** Behind `Usage: NAME `. */
  usage: string;
  /** For `--version`: `sed (GNU sed) 4.9`; coreutils' if absent. */
  version?: string;
  /** Exit status of a wrong command line and of fatal errors; 1 if absent. */
  trouble?: number;
  /** The usage stands before `Try 'NAME --help'…` when the command line is wrong. */
  usageOnError?: boolean;
}

/** One run of a tool: its options, its buffered output, its complaints. */
export class Invocation {
  readonly process: Process;
  readonly name: string;
  readonly options: Options;
  /** What the tool will exit with unless it says otherwise; `complain` raises it. */
  status = 0;
  readonly #trouble: number;
  #text = '';
  #chunks: Uint8Array[] = [];

  constructor(process: Process, name: string, options: Options, trouble: number) {
    this.process = process;
    this.name = name;
    this.options = options;
    this.#trouble = trouble;
  }

  get operands(): string[] {
    return this.options.operands;
  }

  /** The files named, or standard input if none is. */
  get inputs(): string[] {
    return this.operands.length > 0 ? this.operands : ['-'];
  }

  /** Keeps output until `flush`. */
  print(data: string | Uint8Array): void {
    if (typeof data === 'string') this.#text += data;
    else {
      this.#encodeText();
      this.#chunks.push(data);
    }
  }

  async flush(): Promise<void> {
    this.#encodeText();
    if (this.#chunks.length === 0) return;
    await this.process.write(1, concat(this.#chunks.splice(0)));
  }

  /** `NAME: message` on standard error, in order with what was printed; the tool goes on and will fail. */
  async complain(message: string): Promise<void> {
    await this.flush();
    this.status = this.#trouble;
    await this.process.write(2, `${this.name}: ${message}\n`);
  }

  /** Lines of a file (`-`: standard input) as they arrive; `undefined` after a complaint if it cannot be opened. */
  async lines(path: string, separator = '\n'): Promise<AsyncGenerator<Batch> | undefined> {
    const file = await this.open(path);
    return file && lineBatches(file, this.process.cancellation, separator);
  }

  async open(path: string) {
    return this.attempt(path, () => openInput(this.process, path));
  }

  /** The result of `action`; where the file system refuses, a complaint `PATH: reason` and undefined. */
  async attempt<T>(path: string, action: () => T | Promise<T>, prefix = ''): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await this.complain(`${prefix}${path}: ${error.message}`);
      return undefined;
    }
  }

  #encodeText(): void {
    if (this.#text === '') return;
    this.#chunks.push(encode(this.#text));
    this.#text = '';
  }
}

/** A program of GNU's kind: options by getopt, `--help`, `--version`, errors behind its name. */
export function tool(spec: ToolSpec, main: (run: Invocation) => Promise<number | undefined>): Program {
  return async (process) => {
    const name = basename(process.argv[0] ?? '');
    const trouble = spec.trouble ?? 1;
    let options: Options;
    try {
      options = parseOptions(process.argv.slice(1), spec);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const usage = spec.usageOnError ? `Usage: ${name} ${spec.usage}\n` : '';
      const text = `${name}: ${error.message}\n${usage}Try '${name} --help' for more information.\n`;
      await process.write(2, text);
      return trouble;
    }
    if (options.has('help')) {
      await process.write(1, `Usage: ${name} ${spec.usage}\n`);
      return 0;
    }
    if (options.has('version')) {
      await process.write(1, `${spec.version ?? `${name} (GNU coreutils) 9.1`}\n`);
      return 0;
    }
    const run = new Invocation(process, name, options, trouble);
    try {
      const status = await main(run);
      await run.flush();
      return status ?? run.status;
    } catch (error) {
      if (!(error instanceof Failure) && !(error instanceof UsageError)) throw error;
      await run.flush();
      const hint = error instanceof UsageError ? `Try '${name} --help' for more information.\n` : '';
      await process.write(2, `${name}: ${error.message}\n${hint}`);
      return error instanceof Failure ? error.status : trouble;
    }
  };
}
