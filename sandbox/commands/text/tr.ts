import { openInput, textPieces } from '../lib/input.ts';
import { UsageError } from '../lib/options.ts';
import { Failure, tool } from '../lib/tool.ts';

const ascii = (pattern: RegExp) =>
  Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter((c) => pattern.test(c));

const classes: Record<string, () => string[]> = {
  alnum: () => ascii(/[0-9A-Za-z]/),
  alpha: () => ascii(/[A-Za-z]/),
  blank: () => ['\t', ' '],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the control characters
  cntrl: () => ascii(/[\x00-\x1f\x7f]/),
  digit: () => ascii(/\d/),
  graph: () => ascii(/[!-~]/),
  lower: () => ascii(/[a-z]/),
  print: () => ascii(/[ -~]/),
  punct: () => ascii(/[!-/:-@[-`{-~]/),
  space: () => ['\t', '\n', '\v', '\f', '\r', ' '],
  upper: () => ascii(/[A-Z]/),
  xdigit: () => ascii(/[0-9A-Fa-f]/),
};

/** tr(1). */
export const tr = tool(
  {
    usage: '[OPTION]... SET1 [SET2]',
    short: 'cCdst',
    ordered: true,
    long: { complement: 'c', delete: 'd', 'squeeze-repeats': 's', 'truncate-set1': 't' },
  },
  async (run) => {
    const { options, operands } = run;
    const [deletes, squeezes] = [options.has('d'), options.has('s')];
    if (operands.length === 0) throw new UsageError('missing operand');
    if (operands.length === 1 && !deletes && !squeezes) {
      throw new UsageError(`missing operand after '${operands[0]}'\nTwo strings must be given when translating.`);
    }
    if (operands.length === 1 && deletes && squeezes) {
      throw new UsageError(
        `missing operand after '${operands[0]}'\nTwo strings must be given when both deleting and squeezing repeats.`,
      );
    }
    if (operands.length > 1 && deletes && !squeezes) {
      throw new UsageError(
        `extra operand '${operands[1]}'\nOnly one string may be given when deleting without squeezing repeats.`,
      );
    }
    if (operands.length > 2) throw new UsageError(`extra operand '${operands[2]}'`);
    const first = expandSet(operands[0] as string, 0);
    const second = operands[1] === undefined ? undefined : expandSet(operands[1], first.length);
    if (second?.length === 0 && !deletes && !options.has('t'))
      throw new Failure('when not truncating set1, string2 must be non-empty');
    const members = new Set(first);
    const complement = options.has('c', 'C');
    const inFirst = (symbol: string) => members.has(symbol) !== complement;
    const table = new Map<string, string>();
    if (second && !deletes && !complement) {
      const last = second.at(-1) as string;
      first.forEach((symbol, at) => {
        const target = second[at] ?? (options.has('t') ? undefined : last);
        if (target !== undefined) table.set(symbol, target);
      });
    }
    const translate = (symbol: string) => {
      if (!second || deletes) return symbol;
      if (complement) return inFirst(symbol) ? (second.at(-1) as string) : symbol;
      return table.get(symbol) ?? symbol;
    };
    const squeezed = new Set(second ?? []);
    const isSqueezed = (symbol: string) => squeezes && (second ? squeezed.has(symbol) : inFirst(symbol));
    let previous: string | undefined;
    for await (const piece of textPieces(openInput(run.process, '-'), run.process.cancellation)) {
      let output = '';
      for (const symbol of piece) {
        if (deletes && inFirst(symbol)) continue;
        const result = translate(symbol);
        if (result === previous && isSqueezed(result)) continue;
        previous = result;
        output += result;
      }
      run.print(output);
      await run.flush();
    }
    return undefined;
  },
);

/** The characters of a set; `length`: of the first one, which `[c*]` fills up to. */
function expandSet(text: string, length: number): string[] {
  const tokens = [...text.matchAll(/\[:([a-z]+):\]|\[=(.)=\]|\[(\\.|[^\\])\*(\d*)\]|\\([0-7]{1,3}|[\s\S])|([\s\S])/gu)];
  const members: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const [whole, name, equal, repeated, count] = tokens[at] as RegExpExecArray;
    if (name !== undefined) {
      const known = classes[name];
      if (!known) throw new Failure(`invalid character class '${name}'`);
      members.push(...known());
    } else if (equal !== undefined) members.push(equal);
    else if (repeated !== undefined) {
      const number =
        count === ''
          ? Math.max(0, length - members.length)
          : Number.parseInt(count as string, count?.startsWith('0') ? 8 : 10);
      members.push(...Array<string>(number).fill(single(repeated)));
    } else if (tokens[at + 1]?.[0] === '-' && tokens[at + 2]) {
      const [from, to] = [single(whole), single(tokens[at + 2]?.[0] as string)];
      const [low, high] = [from.codePointAt(0) as number, to.codePointAt(0) as number];
      if (low > high)
        throw new Failure(
          `range-endpoints of '${whole}-${tokens[at + 2]?.[0]}' are in reverse collating sequence order`,
        );
      for (let code = low; code <= high; code++) members.push(String.fromCodePoint(code));
      at += 2;
    } else members.push(single(whole));
  }
  return members;
}

function single(token: string): string {
  if (!token.startsWith('\\') || token.length === 1) return token;
  const body = token.slice(1);
  if (/^[0-7]+$/.test(body)) return String.fromCharCode(Number.parseInt(body, 8));
  return { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }[body] ?? body;
}
