import { forEachChild, type ParseError, parse, type Script, type Statement, type SyntaxNode } from 'unbash';

/** Statements that bash reads at once: all that begin on one line. */
export interface Unit {
  statements: Statement[];
  pos: number;
  end: number;
}

/** Why a text cannot be run from some point on. */
export interface SyntaxProblem {
  /** Where in the text. */
  pos: number;
  /** Line (from 1) that bash names. */
  line: number;
  /** After `line N: `. */
  message: string;
  /** The line that bash shows after "near unexpected token". */
  shown?: string;
  /** More input could make it right: an open quote, `if` without `fi`. */
  incomplete: boolean;
}

export interface Parsed {
  text: string;
  units: Unit[];
  problem?: SyntaxProblem;
  /** Heredocs that the end of the text ended. */
  openHeredocs: { pos: number; delimiter: string }[];
}

/** Parses a script into what bash would execute line by line before it met the first error. */
export function parseScript(text: string): Parsed {
  const script = parse(text);
  const openHeredocs = text.includes('<<') ? findOpenHeredocs(script) : [];
  const errors: ParseError[] = [...(script.errors ?? [])];
  if (text.includes('(')) collectErrors(script, text, errors);
  errors.sort((a, b) => a.pos - b.pos);
  // of constructs that the end of the text left open, bash names the innermost
  const open = errors.every((error) => error.message.startsWith('unterminated'));
  const first = open ? errors.at(-1) : errors[0];
  const problem = first && describe(text, first);
  const units: Unit[] = [];
  for (const statement of script.commands) {
    const last = units.at(-1);
    if (last && !text.slice(last.end, statement.pos).includes('\n')) {
      last.statements.push(statement);
      last.end = statement.end;
    } else units.push({ statements: [statement], pos: statement.pos, end: statement.end });
  }
  if (!problem) return { text, units, openHeredocs };
  const whole = units.filter((unit) => unit.end <= problem.pos && text.slice(unit.end, problem.pos).includes('\n'));
  const broken = whole.findIndex((unit, index) => {
    const next = units[index + 1]?.pos ?? problem.pos;
    return (parse(text.slice(unit.pos, Math.max(unit.end, next))).errors?.length ?? 0) > 0;
  });
  return { text, units: broken < 0 ? whole : whole.slice(0, broken), problem, openHeredocs };
}

/** True if an interactive shell would run the text; false if it would ask for more with `> `. */
export function isComplete(text: string): boolean {
  if (/(?:^|[^\\])(?:\\\\)*\\\n?$/.test(text) && !text.endsWith('\n\n')) return false;
  const parsed = parseScript(text);
  return parsed.openHeredocs.length === 0 && parsed.problem?.incomplete !== true;
}

export function lineAt(text: string, pos: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < pos; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

function findOpenHeredocs(script: Script): { pos: number; delimiter: string }[] {
  const open: { pos: number; delimiter: string }[] = [];
  const visit = (node: SyntaxNode) => {
    if (node.type === 'HereDoc' && !node.closing) open.push({ pos: node.pos, delimiter: node.delimiter?.value ?? '' });
    else if (node.type !== 'Word') forEachChild(node, visit);
  };
  forEachChild(script, visit);
  return open;
}

/** Errors of nested scripts, and parentheses that the parser stepped over. */
function collectErrors(script: Script, text: string, errors: ParseError[]): void {
  const visit = (node: SyntaxNode) => {
    if (node.type === 'Command') {
      const words = [...node.prefix, ...(node.name ? [node.name] : []), ...node.suffix];
      for (const [index, word] of words.entries()) {
        const before = words[index - 1];
        const gap = before ? text.slice(before.end, word.pos) : '';
        const paren = gap.search(/[()]/);
        if (before && paren >= 0 && !gap.includes('\n')) {
          const after = index === 1 && gap[paren] === '(';
          errors.push({ message: 'unexpected', pos: after ? word.pos : before.end + paren });
        }
      }
      const last = words.at(-1);
      const rest = last ? /^[ \t]*\(/.exec(text.slice(last.end)) : null;
      const named = words.length === 1; // the parenthesis would begin a function's definition
      if (last && rest) errors.push({ message: 'unexpected', pos: last.end + rest[0].length - (named ? 0 : 1) });
    }
    const nested = node.type === 'CommandExpansion' || node.type === 'ProcessSubstitution' ? node.script : undefined;
    if (nested && !nested.source && !text.startsWith('`', node.pos)) {
      for (const error of nested.errors ?? []) errors.push(error);
      forEachChild(nested, visit);
    } else if (!nested) forEachChild(node, visit);
  };
  forEachChild(script, visit);
}

const closers: Record<string, string> = {
  'single quote': "'",
  'double quote': '"',
  backtick: '`',
  'ANSI-C quote': "'",
  'command substitution': ')',
  'process substitution': ')',
  'parameter expansion': '}',
  'arithmetic expansion': ')',
  'arithmetic command': ')',
  'arithmetic for header': ')',
  'extended glob': ')',
  'array subscript': ']',
};

/** The parser's error in bash's words. */
function describe(text: string, error: ParseError): SyntaxProblem {
  const { pos } = error;
  const unterminated = /^unterminated (.*)$/.exec(error.message)?.[1];
  const lastLine = lineAt(text, text.length) + (text.endsWith('\n') || text === '' ? 0 : 1);
  if (unterminated !== undefined) {
    const nested = unterminated === 'command substitution' || unterminated === 'process substitution';
    const line = nested ? lastLine : lineAt(text, pos);
    const message = `unexpected EOF while looking for matching \`${closers[unterminated] ?? ')'}'`;
    return { pos, line, message, incomplete: true };
  }
  if (error.message.startsWith('expected three arithmetic')) {
    const header = /^[^\n]*?\)\)/.exec(text.slice(text.lastIndexOf('((', pos)))?.[0] ?? '';
    const [line, message] = [lineAt(text, pos), 'syntax error: arithmetic expression required'];
    return { pos, line, message, shown: `syntax error: \`${header}'`, incomplete: false };
  }
  if (error.message.startsWith('maximum ')) {
    return { pos, line: lineAt(text, pos), message: 'memory exhausted', incomplete: false };
  }
  const [token, at] = tokenAt(text, tokenStart(text, error), endsLine(text, error));
  if (token === undefined) {
    return { pos, line: lastLine, message: 'syntax error: unexpected end of file', incomplete: true };
  }
  const line = lineAt(text, at);
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', at);
  return {
    pos: at,
    line,
    message: `syntax error near unexpected token \`${token}'`,
    shown: `\`${text.slice(start, end < 0 ? undefined : end)}'`,
    incomplete: false,
  };
}

/** Where the token is that the parser did not expect. */
function tokenStart(text: string, { message, pos }: ParseError): number {
  // the group's opening is what the parser names; bash names what follows it
  if (/^expected command in (?:brace group|subshell)/.test(message) && /[{(]/.test(text[pos] ?? '')) return pos + 1;
  // a closing word in place of `then` or `do` was taken
  const taken = /^expected '(?:then|do)'/.test(message)
    ? /(?:^|[\s;])(fi|done|esac|else|elif|})\s*$/.exec(text.slice(0, pos))
    : null;
  return taken ? text.lastIndexOf(taken[1] as string, pos) : pos;
}

/** True where a newline cannot stand: it is then itself the unexpected token. */
function endsLine(text: string, error: ParseError): boolean {
  if (error.message === 'expected redirect target') return true;
  return /\b(?:function|for|select|case|coproc)\s*$|[^\s;&|(]\s*\($/.test(text.slice(0, error.pos));
}

const operators =
  /^(?:&&|\|\||;;&|;;|;&|&>>|&>|<<<|<<-|<<|<&|<>|>>|>&|>\||\|&|[;&|<>()])|^(?:[^\s;&|<>()"'\\`$]|\\[\s\S]|'[^']*'|"[^"]*"|`[^`]*`|\$\((?:[^()]|\([^)]*\))*\)|\$)+/;

/** The token at or after `pos` and where it stands; undefined at the end of the text. */
function tokenAt(text: string, pos: number, newlineCounts: boolean): [string | undefined, number] {
  let at = pos;
  for (;;) {
    const blank = /^(?:[ \t\r]+|\\\n)+/.exec(text.slice(at));
    if (blank) at += blank[0].length;
    else if (text[at] === '#') at = text.indexOf('\n', at) < 0 ? text.length : text.indexOf('\n', at);
    else if (text[at] === '\n' && !newlineCounts) at++;
    else break;
  }
  if (at >= text.length) return newlineCounts ? ['newline', Math.max(0, text.length - 1)] : [undefined, at];
  if (text[at] === '\n') return ['newline', at];
  return [operators.exec(text.slice(at))?.[0] ?? text[at], at];
}
