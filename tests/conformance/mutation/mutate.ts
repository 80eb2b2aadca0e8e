import type { Random } from '../../../sandbox/kernel/random.ts';

const junk = [
  '{',
  '}',
  '[',
  ']',
  ':',
  '- ',
  '"',
  "'",
  '\t',
  '\0',
  '|',
  '>',
  '&',
  '*',
  '!',
  '#',
  '%',
  '@',
  '`',
  '\\',
  '$',
  '(',
  ')',
  ';',
  '~',
  '中',
  '́',
  '\ud83d\ude00',
  '-1',
  '99999999999999999999',
  'null',
  'true',
  '.inf',
  '<<',
  '---',
  '--',
  '-',
  '=',
  ',',
  '0x1F',
  'a'.repeat(300),
];

/** One of the mistakes people and machines make: lines lost, doubled, moved, re-indented; characters lost, changed, put in. */
function mutateOnce(text: string, random: Random): string {
  const lines = text.split('\n');
  const line = random.int(lines.length);
  const at = random.int(text.length + 1);
  switch (random.int(11)) {
    case 0:
      lines.splice(line, 1);
      return lines.join('\n');
    case 1:
      lines.splice(line, 0, lines[line] as string);
      return lines.join('\n');
    case 2: {
      const [moved = ''] = lines.splice(line, 1);
      lines.splice(random.int(lines.length + 1), 0, moved);
      return lines.join('\n');
    }
    case 3:
      lines[line] = `${' '.repeat(random.int(5))}${lines[line]}`;
      return lines.join('\n');
    case 4:
      lines[line] = (lines[line] as string).replace(/^ {1,2}/, '');
      return lines.join('\n');
    case 5:
      return text.slice(0, at) + text.slice(at + 1 + random.int(4));
    case 6:
      return text.slice(0, at) + random.pick(junk) + text.slice(at);
    case 7:
      return text.slice(0, at);
    case 8:
      lines[line] = (lines[line] as string).replace(/:.*$/, `: ${random.pick(junk)}`);
      return lines.join('\n');
    case 9: {
      const words = text.split(' ');
      words.splice(random.int(words.length), 1);
      return words.join(' ');
    }
    default:
      return text.replace(/\b\w+\b/g, (word) => (random.int(30) === 0 ? random.pick(junk) : word));
  }
}

/** `text` with one to three mistakes. */
export function mutate(text: string, random: Random): string {
  let mutated = text;
  for (let count = random.between(1, 3); count > 0; count--) mutated = mutateOnce(mutated, random);
  return mutated;
}
