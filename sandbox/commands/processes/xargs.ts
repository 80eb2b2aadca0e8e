import { nullDevice } from '../../kernel/open-files.ts';
import { openInput, readWhole, text } from '../lib/input.ts';
import { UsageError } from '../lib/options.ts';
import { Failure, type Invocation, tool } from '../lib/tool.ts';
import { start, wait } from './run.ts';

/** xargs(1) of GNU findutils. */
export const xargs = tool(
  {
    usage: '[OPTION]... COMMAND [INITIAL-ARGS]...',
    usageOnError: true,
    version: 'xargs (GNU findutils) 4.9.0',
    ordered: true,
    short: '0a:d:E:I:i::L:l::n:P:prs:tx',
    long: {
      null: '0',
      'arg-file': 'a',
      delimiter: 'd',
      replace: 'i',
      'max-lines': 'l',
      'max-args': 'n',
      'max-procs': 'P',
      interactive: 'p',
      'no-run-if-empty': 'r',
      'max-chars': 's',
      verbose: 't',
    },
  },
  async (run) => {
    const { options, process } = run;
    const command = run.operands.length > 0 ? run.operands : ['echo'];
    const replace = options.has('I') ? options.value('I') : options.has('i') ? options.value('i') || '{}' : undefined;
    const source = options.value('a');
    const content = text(await readWhole(openInput(process, source ?? '-'), process.cancellation));
    const delimiter = options.has('0') ? '\0' : options.has('d') ? unescaped(options.value('d') as string) : undefined;
    const perLine = number(run, 'L') ?? (options.has('l') ? Number(options.value('l') || 1) : undefined);
    const items = split(content, delimiter, replace !== undefined || perLine !== undefined);
    const jobs: string[][] = [];
    if (replace !== undefined) {
      for (const item of items) {
        const value = item.join(' ');
        jobs.push(command.map((word) => word.replaceAll(replace, value)));
      }
    } else if (perLine !== undefined) {
      for (let at = 0; at < items.length; at += perLine)
        jobs.push([...command, ...items.slice(at, at + perLine).flat()]);
    } else {
      const words = items.flat();
      const size = number(run, 'n') ?? Number.POSITIVE_INFINITY;
      for (let at = 0; at < words.length; at += Math.min(size, words.length)) {
        jobs.push([...command, ...words.slice(at, at + size)]);
      }
      if (jobs.length === 0 && !options.has('r')) jobs.push(command);
    }
    return runJobs(run, jobs, number(run, 'P') ?? 1);
  },
);

function number(run: Invocation, name: string): number | undefined {
  const value = run.options.value(name);
  if (value === undefined) return undefined;
  if (!/^\d+$/.test(value)) throw new UsageError(`invalid number "${value}" for -${name} option`);
  if (Number(value) < 1 && name !== 'P') throw new UsageError(`value ${value} for -${name} option should be >= 1`);
  return Number(value) || Number.POSITIVE_INFINITY;
}

function unescaped(text: string): string {
  return ({ '\\n': '\n', '\\t': '\t', '\\0': '\0', '\\r': '\r' } as Record<string, string>)[text] ?? text;
}

/** Items, grouped by line where `lines`; quotes and backslashes hold blanks together unless a delimiter is given. */
function split(content: string, delimiter: string | undefined, lines: boolean): string[][] {
  if (delimiter !== undefined) {
    const items = content.split(delimiter);
    if (items.at(-1) === '') items.pop();
    return items.map((item) => [item]);
  }
  const result: string[][] = [];
  for (const line of content.split('\n')) {
    const words = lineWords(line);
    if (words.length > 0) result.push(words);
  }
  return lines ? result : [result.flat()];
}

function lineWords(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\]|['"])+/g)) {
    if (/^[^'"\\]*$/.test(word)) {
      words.push(word);
      continue;
    }
    const plain = word.replace(/'([^']*)'|"([^"]*)"|\\(.)|(['"])/g, (_, single, double, escaped, quote) => {
      if (quote !== undefined) {
        const kind = quote === '"' ? 'double' : 'single';
        throw new Failure(
          `unmatched ${kind} quote; by default quotes are special to xargs unless you use the -0 option`,
        );
      }
      return single ?? double ?? escaped ?? '';
    });
    words.push(plain);
  }
  return words;
}

async function runJobs(run: Invocation, jobs: string[][], parallel: number): Promise<number> {
  const { process } = run;
  const fds = new Map(process.fds);
  if (!run.options.has('a')) fds.set(0, nullDevice());
  let status = 0;
  const one = async (argv: string[]): Promise<void> => {
    if (run.options.has('t')) await process.write(2, `${argv.join(' ')}\n`);
    const child = start(process, argv, { fds });
    if (!child) throw new Failure(`${argv[0]}: No such file or directory`, 127);
    const exit = await wait(process, child);
    if (exit === 255) throw new Failure(`${argv[0]}: exited with status 255; aborting`, 124);
    if (exit > 128) throw new Failure(`${argv[0]}: terminated by signal ${exit - 128}`, 125);
    if (exit !== 0) status = 123;
  };
  for (let at = 0; at < jobs.length; at += Math.min(parallel, jobs.length)) {
    await Promise.all(jobs.slice(at, at + parallel).map(one));
  }
  return status;
}
