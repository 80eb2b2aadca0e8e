/** An awk program as a tree. */
export type Expression =
  | { type: 'number'; value: number }
  | { type: 'string'; value: string }
  | { type: 'regex'; source: string }
  | { type: 'variable'; name: string }
  | { type: 'field'; index: Expression }
  | { type: 'element'; name: string; keys: Expression[] }
  | { type: 'in'; keys: Expression[]; name: string }
  | { type: 'assign'; operator: string; target: Expression; value: Expression }
  | { type: 'step'; operator: '++' | '--'; prefix: boolean; target: Expression }
  | { type: 'unary'; operator: string; operand: Expression }
  | { type: 'binary'; operator: string; left: Expression; right: Expression }
  | { type: 'conditional'; test: Expression; yes: Expression; no: Expression }
  | { type: 'call'; name: string; args: Expression[] }
  | { type: 'getline'; target: Expression | undefined; file: Expression | undefined };

export type Statement =
  | { type: 'block'; body: Statement[] }
  | { type: 'expression'; value: Expression }
  | { type: 'print'; format: boolean; args: Expression[]; target: { append: boolean; file: Expression } | undefined }
  | { type: 'if'; test: Expression; yes: Statement; no: Statement | undefined }
  | { type: 'while'; test: Expression; body: Statement; first: boolean }
  | {
      type: 'for';
      start: Statement | undefined;
      test: Expression | undefined;
      step: Statement | undefined;
      body: Statement;
    }
  | { type: 'each'; variable: string; array: string; body: Statement }
  | { type: 'delete'; name: string; keys: Expression[] | undefined }
  | { type: 'next' | 'nextfile' | 'break' | 'continue' }
  | { type: 'exit' | 'return'; value: Expression | undefined };

export interface Rule {
  pattern: 'BEGIN' | 'END' | Expression | [Expression, Expression] | undefined;
  /** Undefined: `{ print }`. */
  action: Statement | undefined;
}

export interface Routine {
  parameters: string[];
  body: Statement;
}

export interface AwkProgram {
  rules: Rule[];
  routines: Map<string, Routine>;
}

/** The program is no awk. */
export class AwkSyntaxError extends Error {
  override name = 'AwkSyntaxError';
  readonly line: number;
  constructor(line: number, near: string) {
    super(`syntax error at or near ${near === '\n' ? 'end of line' : near === '' ? 'end of file' : near}`);
    this.line = line;
  }
}

export interface Token {
  kind: 'number' | 'string' | 'regex' | 'name' | 'call' | 'operator' | 'newline' | 'end';
  text: string;
  line: number;
}

const operators = [
  '**=',
  '&&',
  '||',
  '==',
  '<=',
  '>=',
  '!=',
  '++',
  '--',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '^=',
  '>>',
  '!~',
  '**',
];

export function unescapeAwk(text: string): string {
  const known: Record<string, string> = {
    n: '\n',
    t: '\t',
    r: '\r',
    a: '\x07',
    b: '\b',
    f: '\f',
    v: '\v',
    '\\': '\\',
    '"': '"',
    '/': '/',
  };
  return text.replace(/\\([0-7]{1,3}|[\s\S])/g, (whole, symbol: string) => {
    if (/^[0-7]/.test(symbol)) return String.fromCharCode(Number.parseInt(symbol, 8));
    return known[symbol] ?? whole;
  });
}

export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  const pattern =
    /([ \t\r]+|\\\r?\n|#[^\n]*)|(\n)|((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|"((?:[^"\\\n]|\\[\s\S])*)"|([A-Za-z_]\w*)(\()?/y;
  for (let at = 0; at < source.length; ) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    const last = tokens.at(-1);
    if (match) {
      const [whole, blank, newline, number, string, name, open] = match;
      at += whole.length - (open ? 1 : 0);
      if (blank !== undefined && whole.includes('\n')) line++;
      if (newline !== undefined) tokens.push({ kind: 'newline', text: '\n', line: line++ });
      else if (number !== undefined) tokens.push({ kind: 'number', text: number, line });
      else if (string !== undefined) tokens.push({ kind: 'string', text: unescapeAwk(string), line });
      else if (name !== undefined) tokens.push({ kind: open ? 'call' : 'name', text: name, line });
      continue;
    }
    const afterValue =
      last &&
      (['number', 'string', 'name', 'regex'].includes(last.kind) || [')', ']', '$', '++', '--'].includes(last.text));
    if (source[at] === '/' && !(afterValue && !keywordsBeforeRegex.has(last.text))) {
      const regex = /\/((?:[^/\\\n[]|\\.|\[\^?\]?[^\]\n]*\])*)\//y;
      regex.lastIndex = at;
      const found = regex.exec(source);
      if (!found) throw new AwkSyntaxError(line, '/');
      tokens.push({ kind: 'regex', text: found[1] as string, line });
      at += found[0].length;
      continue;
    }
    const operator = operators.find((each) => source.startsWith(each, at)) ?? (source[at] as string);
    if (!/^[-+*/%^!<>=&|~?:,;(){}[\]$]/.test(operator)) throw new AwkSyntaxError(line, operator);
    tokens.push({ kind: 'operator', text: operator, line });
    at += operator.length;
  }
  tokens.push({ kind: 'end', text: '', line });
  return tokens;
}

const keywordsBeforeRegex = new Set(['print', 'printf', 'return', 'in', 'if', 'while']);
