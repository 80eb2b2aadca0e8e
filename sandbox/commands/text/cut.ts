import { decode, encode } from '../../kernel/streams.ts';
import { UsageError } from '../lib/options.ts';
import { tool } from '../lib/tool.ts';

/** cut(1). Bytes and characters are told apart, unlike GNU's (in a UTF-8 world `-c` means characters). */
export const cut = tool(
  {
    usage: 'OPTION... [FILE]...',
    short: 'b:c:d:f:nsz',
    long: {
      bytes: 'b',
      characters: 'c',
      delimiter: 'd',
      fields: 'f',
      'only-delimited': 's',
      complement: 'complement',
      'output-delimiter': 'output-delimiter:',
      'zero-terminated': 'z',
    },
  },
  async (run) => {
    const { options } = run;
    const kinds = options.given.filter(([name]) => 'bcf'.includes(name));
    const [kind, list] = kinds[0] ?? throwUsage('you must specify a list of bytes, characters, or fields');
    if (kinds.length > 1) throwUsage('only one list may be specified');
    const delimiter = options.value('d') ?? '\t';
    if ([...delimiter].length > 1) throwUsage('the delimiter must be a single character');
    if (kind !== 'f' && options.has('d'))
      throwUsage('an input delimiter may be specified only when operating on fields');
    if (kind !== 'f' && options.has('s')) {
      throwUsage('suppressing non-delimited lines makes sense\n\tonly when operating on fields');
    }
    const ranges = parseRanges(list as string, kind === 'f' ? 'field' : 'byte/character');
    const complement = options.has('complement');
    const selected = (number: number) => ranges.some(([low, high]) => number >= low && number <= high) !== complement;
    const glue = options.value('output-delimiter');
    const end = options.has('z') ? '\0' : '\n';
    const split = (line: string) =>
      kind === 'b' ? [...encode(line)].map((byte) => String.fromCharCode(byte)) : [...line];
    const one = (line: string): string | undefined => {
      if (kind === 'f') {
        if (!line.includes(delimiter)) return options.has('s') ? undefined : line;
        return line
          .split(delimiter)
          .filter((_, at) => selected(at + 1))
          .join(glue ?? delimiter);
      }
      let [result, previous] = ['', 0];
      split(line).forEach((symbol, at) => {
        if (!selected(at + 1)) return;
        const gap = glue !== undefined && previous > 0 && (previous !== at || startsRange(ranges, at + 1));
        result += gap ? glue + symbol : symbol;
        previous = at + 1;
      });
      return kind === 'b' ? decode(Uint8Array.from(result, (symbol) => symbol.charCodeAt(0))) : result;
    };
    for (const name of run.inputs) {
      const input = await run.lines(name, end);
      if (!input) continue;
      for await (const batch of input) {
        for (const line of batch.lines) {
          const text = one(line);
          if (text !== undefined) run.print(text + end);
        }
        await run.flush();
      }
    }
    return undefined;
  },
);

function throwUsage(message: string): never {
  throw new UsageError(message);
}

function parseRanges(list: string, what: string): [number, number][] {
  const ranges = list.split(/[, ]/).map((text): [number, number] => {
    const match = /^(\d*)(-?)(\d*)$/.exec(text);
    if (!match) {
      const bad = what === 'field' ? `invalid field value '${text}'` : `invalid byte/character position '${text}'`;
      return throwUsage(bad);
    }
    const [, low, dash, high] = match;
    if (low === '' && high === '') {
      throwUsage(
        dash
          ? 'invalid range with no endpoint: -'
          : what === 'field'
            ? 'fields are numbered from 1'
            : 'byte/character positions are numbered from 1',
      );
    }
    if (low === '0' || high === '0') {
      throwUsage(what === 'field' ? 'fields are numbered from 1' : 'byte/character positions are numbered from 1');
    }
    const first = low === '' ? 1 : Number(low);
    const last = dash === '' ? first : high === '' ? Number.POSITIVE_INFINITY : Number(high);
    if (last < first) throwUsage('invalid decreasing range');
    return [first, last];
  });
  return merge(ranges);
}

function merge(ranges: [number, number][]): [number, number][] {
  const merged: [number, number][] = [];
  for (const range of ranges.sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && range[0] <= last[1]) last[1] = Math.max(last[1], range[1]);
    else merged.push(range);
  }
  return merged;
}

function startsRange(ranges: readonly [number, number][], position: number): boolean {
  return ranges.some(([low]) => low === position);
}
