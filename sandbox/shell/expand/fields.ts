import { escapePattern } from '../pattern.ts';

/** A part of a word under expansion. */
export interface Piece {
  text: string;
  /** Protected by quotes or a backslash from splitting and from globbing. */
  quoted: boolean;
  /** The result of an unquoted expansion: subject to word splitting. */
  split: boolean;
}

/** Collects what a word expands to; `next` begins a new field, as between the elements of `"$@"`. */
export class Fields {
  readonly all: Piece[][] = [[]];

  add(text: string, quoted: boolean, split = false): void {
    (this.all.at(-1) as Piece[]).push({ text, quoted, split });
  }

  next(): void {
    this.all.push([]);
  }

  /** Joined to one text, fields by `separator`. */
  text(separator = ' '): string {
    return this.all.map((pieces) => pieces.map((piece) => piece.text).join('')).join(separator);
  }

  /** As a glob pattern in which what was quoted stands for itself. */
  pattern(separator = ' '): string {
    const one = (pieces: Piece[]) => pieces.map(patternOf).join('');
    return this.all.map(one).join(separator);
  }
}

export function patternOf(piece: Piece): string {
  return piece.quoted ? escapePattern(piece.text) : piece.text;
}

/** Word splitting by IFS (undefined: space, tab, newline). Fields that are empty and unquoted disappear. */
export function splitFields(fields: Fields, ifs: string | undefined): Piece[][] {
  const separators = ifs ?? ' \t\n';
  const result: Piece[][] = [];
  for (const pieces of fields.all) {
    if (!pieces.some((piece) => piece.split)) {
      if (pieces.some((piece) => piece.quoted || piece.text !== '')) result.push(pieces);
    } else splitOne(pieces, separators, result);
  }
  return result;
}

function splitOne(pieces: Piece[], separators: string, result: Piece[][]): void {
  let current: Piece[] = [];
  let content = false;
  let afterBlank = false;
  const finish = () => {
    result.push(current);
    current = [];
    content = false;
  };
  for (const piece of pieces) {
    if (!piece.split || separators === '') {
      if (piece.quoted || piece.text !== '') {
        current.push(piece);
        content = true;
        afterBlank = false;
      }
      continue;
    }
    let start = 0;
    const { text } = piece;
    for (let at = 0; at < text.length; at++) {
      const letter = text[at] as string;
      if (!separators.includes(letter)) {
        content = true;
        afterBlank = false;
        continue;
      }
      if (at > start) current.push({ ...piece, text: text.slice(start, at) });
      start = at + 1;
      if (letter === ' ' || letter === '\t' || letter === '\n') {
        if (content) {
          finish();
          afterBlank = true;
        }
      } else {
        if (content || !afterBlank) finish();
        afterBlank = false;
      }
    }
    if (start < text.length) current.push({ ...piece, text: text.slice(start) });
  }
  if (content) result.push(current);
}
