import { Exit, type Program } from '../../kernel/process.ts';
import { Failure, type Invocation, type ToolSpec, tool } from '../lib/tool.ts';
import { globToRegex, walk } from '../lib/walk.ts';
import { Matcher, type PatternKind } from './matcher.ts';
import { Search } from './search.ts';

const spec: ToolSpec = {
  usage: '[OPTION]... PATTERNS [FILE]...',
  usageOnError: true,
  version: 'grep (GNU grep) 3.8',
  trouble: 2,
  digits: true,
  short: 'EFGPe:f:iyvwxcolLqsnHhbrRzaA:B:C:m:',
  long: {
    'extended-regexp': 'E',
    'fixed-strings': 'F',
    'basic-regexp': 'G',
    'perl-regexp': 'P',
    regexp: 'e',
    file: 'f',
    'ignore-case': 'i',
    'no-ignore-case': 'no-ignore-case',
    'invert-match': 'v',
    'word-regexp': 'w',
    'line-regexp': 'x',
    count: 'c',
    color: 'color::',
    colour: 'color::',
    'only-matching': 'o',
    'files-with-matches': 'l',
    'files-without-match': 'L',
    quiet: 'q',
    silent: 'q',
    'no-messages': 's',
    'line-number': 'n',
    'with-filename': 'H',
    'no-filename': 'h',
    'byte-offset': 'b',
    recursive: 'r',
    'dereference-recursive': 'R',
    'null-data': 'z',
    text: 'a',
    'after-context': 'A',
    'before-context': 'B',
    context: 'C',
    'max-count': 'm',
    'line-buffered': 'line-buffered',
    include: 'include:',
    exclude: 'exclude:',
    label: 'label:',
  },
};

export const grep = tool(spec, (run) => main(run, 'G'));
export const egrep: Program = tool(spec, (run) => main(run, 'E'));
export const fgrep: Program = tool(spec, (run) => main(run, 'F'));

async function main(run: Invocation, kind: PatternKind): Promise<number> {
  const { options } = run;
  const patterns = await readPatterns(run);
  const matcher = new Matcher(patterns, {
    kind: (options.last('E', 'F', 'G', 'P') as PatternKind | undefined) ?? kind,
    ignoreCase: ['i', 'y'].includes(options.last('i', 'y', 'no-ignore-case') ?? ''),
    lines: options.has('x'),
    words: options.has('w'),
  });
  const recursive = options.has('r', 'R');
  const names = options.last('H', 'h');
  const files = recursive ? filesBelow(run) : run.inputs;
  const context = contextLength(run, 'C') ?? contextLength(run, '#') ?? 0;
  const searchOptions = {
    limit: maxCount(options.value('m')),
    before: contextLength(run, 'B') ?? context,
    after: contextLength(run, 'A') ?? context,
    separator: options.has('z') ? '\0' : '\n',
    names: names ? names === 'H' : files.length > 1 || (recursive && !(files[0] && run.operands.includes(files[0]))),
  };
  let [selected, trouble, printedAny] = [false, false, false];
  for (const name of files) {
    const label = name === '-' ? (options.value('label') ?? '(standard input)') : name;
    const lines = await openLines(run, name, searchOptions.separator);
    if (!lines) {
      trouble = true;
      continue;
    }
    const search = new Search(run, matcher, searchOptions, label, printedAny);
    const count = await search.count(lines);
    printedAny = search.printedAny;
    const listed = options.last('l', 'L');
    if (options.has('c') && !listed && !options.has('q')) {
      run.print(`${searchOptions.names ? `${label}:` : ''}${count}\n`);
    }
    if (listed && !options.has('q') && (listed === 'l') === count > 0) run.print(`${label}\n`);
    if (listed === 'L' ? count === 0 : count > 0) selected = true;
    if (selected && options.has('q')) return 0;
  }
  return trouble ? 2 : selected ? 0 : 1;
}

async function readPatterns(run: Invocation): Promise<string[]> {
  const patterns: string[] = [];
  for (const [name, value] of run.options.given) {
    if (name === 'e') patterns.push(...value.split('\n'));
    if (name !== 'f') continue;
    const lines = await run.lines(value);
    if (!lines) throw new Exit(2);
    for await (const batch of lines) patterns.push(...batch.lines);
  }
  if (run.options.has('e', 'f')) return patterns;
  const first = run.operands.shift();
  if (first !== undefined) return first.split('\n');
  await run.process.write(2, `Usage: ${run.name} ${spec.usage}\nTry '${run.name} --help' for more information.\n`);
  throw new Exit(2);
}

function maxCount(value: string | undefined): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (!/^-?\d+$/.test(value)) throw new Failure('invalid max count', 2);
  return Number(value) < 0 ? Number.POSITIVE_INFINITY : Number(value);
}

function contextLength(run: Invocation, option: string): number | undefined {
  const value = run.options.value(option);
  if (value !== undefined && !/^\d+$/.test(value)) throw new Failure(`${value}: invalid context length argument`, 2);
  return value === undefined ? undefined : Number(value);
}

async function openLines(run: Invocation, name: string, separator: string) {
  if (!run.options.has('s')) return run.lines(name, separator);
  const there = name === '-' || run.process.machine.files.exists(run.process.resolve(name));
  return there ? run.lines(name, separator) : undefined;
}

function filesBelow(run: Invocation): string[] {
  const { options, process, operands } = run;
  const include = options.values('include').map((glob) => globToRegex(glob));
  const exclude = options.values('exclude').map((glob) => globToRegex(glob));
  const wanted = (path: string) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (exclude.some((pattern) => pattern.test(name))) return false;
    return include.length === 0 || include.some((pattern) => pattern.test(name));
  };
  if (operands.length === 0) return below('.').map((path) => path.replace(/^\.\//, ''));
  return operands.flatMap((name) => (name === '-' ? [name] : below(name)));

  function below(name: string): string[] {
    if (!process.machine.files.exists(process.resolve(name))) return [name];
    return [...walk(process, name)]
      .filter((entry) => entry.type !== 'directory')
      .map((entry) => entry.path)
      .filter(wanted);
  }
}
