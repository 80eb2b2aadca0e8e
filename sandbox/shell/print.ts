import { parse } from 'unbash';
import { print } from 'unbash/printer';

/** A function's definition as bash prints it: name, parentheses, body indented by four. */
export function printFunction(name: string, text: string): string {
  const node = parse(text).commands[0]?.command;
  if (node?.type !== 'Function') return text;
  const { body } = node;
  const list = body.type === 'BraceGroup' || body.type === 'CompoundList' ? text.slice(body.pos, body.end) : undefined;
  const inner = list === undefined ? text.slice(body.pos, body.end) : list.replace(/^\{/, '').replace(/\}$/, '');
  const printed = print(parse(inner)).trimEnd();
  const heredoc = inner.includes('<<');
  const lines = heredoc
    ? [inner.trim()]
    : printed.split('\n').map((line) => `    ${line.replace(/^(?: {2})*/, (own) => own + own)}`);
  return `${name} () \n{ \n${lines.join('\n')}\n}`;
}
