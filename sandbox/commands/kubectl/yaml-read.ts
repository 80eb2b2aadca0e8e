import { parseDocument, type ScalarTag, type YAMLError } from 'yaml';

/** What go-yaml would say of a document, without `yaml: ` and `error converting YAML to JSON: `. */
export class YamlSyntaxError extends Error {
  override name = 'YamlSyntaxError';
}

const scalar = (name: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag => ({
  tag: `tag:yaml.org,2002:${name}`,
  default: true,
  test,
  resolve,
});

function integer(text: string): number {
  const plain = text.replaceAll('_', '').replace(/^\+/, '');
  const negative = plain.startsWith('-');
  const digits = negative ? plain.slice(1) : plain;
  const value = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return negative ? -value : value;
}

/** The scalars go-yaml v2 resolves (YAML 1.1 without sexagesimals; timestamps stay texts). */
const goScalars: ScalarTag[] = [
  scalar('null', /^(?:~|null|Null|NULL)?$/, () => null),
  scalar('bool', /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true),
  scalar('bool', /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false),
  scalar('int', /^[-+]?(?:0|[1-9][0-9_]*|0[0-7_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|0b[01_]+)$/, integer),
  scalar('float', /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/, (text) =>
    Number(text.replaceAll('_', '')),
  ),
];

/** One YAML document as plain data, the way go-yaml v2 and sigs.k8s.io/yaml read it: the last of equal keys wins. */
export function readYaml(text: string): unknown {
  if (/^\t*\{/.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // Flow mappings may be YAML only.
    }
  }
  if (hasControl(text)) throw new YamlSyntaxError('control characters are not allowed');
  const document = parseDocument(text, {
    schema: 'failsafe',
    customTags: (tags) => [...tags, ...goScalars],
    merge: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const error = document.errors[0];
  if (error) throw new YamlSyntaxError(goWords(text, error, document.errors));
  try {
    return document.toJS({ maxAliasCount: 1000 }) as unknown;
  } catch (reason) {
    const alias = /Unresolved alias.*: (\S+)/.exec(reason instanceof Error ? reason.message : '');
    throw new YamlSyntaxError(
      alias ? `unknown anchor '${alias[1]}' referenced` : 'document contains excessive aliasing',
    );
  }
}

function hasControl(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code < 0x20 && code !== 9 && code !== 10 && code !== 13) || code === 0x7f) return true;
  }
  return false;
}

/** Lines begin at 1. */
function lineOf(text: string, position: number): number {
  let line = 1;
  for (let index = text.indexOf('\n'); index >= 0 && index < position; index = text.indexOf('\n', index + 1)) line++;
  return line;
}

/**
 * The parser's complaint in libyaml's words. go-yaml counts a scanner's line from 1 but a parser's from 0, and names no
 * line where that count is 0.
 */
function goWords(text: string, error: YAMLError, all: YAMLError[]): string {
  const [start] = error.pos;
  const line = lineOf(text, start);
  const scanner = (words: string, at = line) => (at > 1 ? `line ${at}: ${words}` : words);
  const parser = (words: string, at = line) => (at > 1 ? `line ${at - 1}: ${words}` : words);
  const { code, message } = error;
  if (/^%YAML (?!1\.1)/.test(text)) return 'found incompatible YAML document';
  if (/^%/.test(text)) return 'found unknown directive name';
  if (code === 'TAB_AS_INDENT') return scanner(tabWords(text, start));
  const multiline = all.find((each) => each.code === 'MULTILINE_IMPLICIT_KEY');
  if (/block-seq-ind|block sequence/.test(all.map((each) => each.message).join())) {
    const colon = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
    if (multiline || !/:\s*$/.test(colon)) return parser('did not find expected key');
    return scanner('block sequence entries are not allowed in this context');
  }
  if (multiline) {
    const stale = lineAfterStaleKey(text, multiline.pos[0]);
    if (stale) return scanner("could not find expected ':'", stale);
    return scanner('mapping values are not allowed in this context', lineOf(text, multiline.pos[1]));
  }
  if (/^Flow (?:sequence|map)/.test(message)) {
    const closing = message.endsWith(']') ? ']' : '}';
    const end = start >= text.trimEnd().length;
    const at = end ? lineOf(text, text.length) + (text.endsWith('\n') ? 0 : 1) : line;
    return parser(`did not find expected ',' or '${closing}'`, at);
  }
  switch (code) {
    case 'BAD_SCALAR_START':
      return scanner('found character that cannot start any token');
    case 'BLOCK_AS_IMPLICIT_KEY':
      return scanner('mapping values are not allowed in this context');
    case 'BAD_DQ_ESCAPE':
      return scanner('found unknown escape character');
    case 'BAD_ALIAS':
      return scanner('did not find expected alphabetic or numeric character');
    case 'UNEXPECTED_TOKEN':
      return unexpectedToken(text, error, scanner, parser);
    case 'MISSING_CHAR':
      if (/^Missing (?:closing )?['"]/.test(message)) {
        return scanner('found unexpected end of stream', lineOf(text, text.length));
      }
      if (/Sequence item/.test(message)) return parser("did not find expected '-' indicator");
      return scanner("could not find expected ':'", line + 1);
    default:
      return parser('did not find expected key');
  }
}

/**
 * libyaml requires a colon on the line of a key that stands where its mapping's keys stand (`simple_key.required`: not so the
 * first, which begins the mapping) and gives up where the next token is. That line, or undefined if the key may be left open.
 */
function lineAfterStaleKey(text: string, start: number): number | undefined {
  const lines = text.split('\n');
  const row = lineOf(text, start) - 1;
  const column = start - (text.lastIndexOf('\n', start - 1) + 1);
  const indent = (line: string) => line.search(/[^ ]/);
  if (indent(lines[row] ?? '') !== column) return undefined;
  const above = lines.slice(0, row).findLast((line) => {
    return !/^\s*(?:#|$)/.test(line) && indent(line) <= column;
  });
  // A dash before a mapping's first key counts as indentation.
  const key = above?.replace(/^ *(?:- +)*/, (dashes) => ' '.repeat(dashes.length));
  if (key === undefined || indent(key) !== column) return undefined;
  const next = lines.findIndex((line, at) => at > row && line.trim() !== '' && indent(line) <= column);
  return next < 0 ? undefined : next + 1;
}

/** A tab goes on with a plain scalar of the line before, or begins something new. */
function tabWords(text: string, start: number): string {
  const before = text.slice(0, start).trimEnd().split('\n').at(-1) ?? '';
  const plain = /(?:^|[:-] +)[^\s'"|>{[&*!#][^#]*$/.test(before) && !/:$/.test(before);
  return plain ? 'found a tab character that violates indentation' : 'found character that cannot start any token';
}

type Place = (words: string) => string;

function unexpectedToken(text: string, { pos, message }: YAMLError, scanner: Place, parser: Place): string {
  if (/block scalar header|Block scalar/i.test(message)) return scanner('did not find expected comment or line break');
  const character = text[pos[0]];
  if ((character === ']' || character === '}') && /[:-]\s*$/.test(text.slice(0, pos[0]))) {
    return parser('did not find expected node content');
  }
  const first = text.split('\n').find((line) => line.trim() !== '' && !line.startsWith('#'));
  if (/node end/.test(message) && first?.startsWith('-')) return parser("did not find expected '-' indicator");
  return parser('did not find expected key');
}
