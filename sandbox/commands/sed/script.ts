import type { Pattern } from '../lib/posix-regex.ts';

/** Where a command applies. `undefined` pattern: the last one used. */
export type Address =
  | { type: 'line'; line: number }
  | { type: 'step'; first: number; step: number }
  | { type: 'last' }
  | { type: 'pattern'; pattern: Pattern | undefined }
  /** As the second address: so many lines more, or up to the next multiple. */
  | { type: 'more'; count: number }
  | { type: 'multiple'; of: number };

export type ReplacementPart = string | { group: number } | { change: 'L' | 'U' | 'l' | 'u' | 'E' };

interface Common {
  first?: Address;
  second?: Address;
  negated: boolean;
}

export type Command = Common &
  (
    | { name: '{'; end: number }
    | { name: '}' | '=' | 'd' | 'D' | 'F' | 'g' | 'G' | 'h' | 'H' | 'n' | 'N' | 'p' | 'P' | 'x' | 'z' }
    | { name: 'a' | 'i' | 'c'; text: string }
    | { name: 'b' | 't' | 'T'; target: number }
    | { name: 'q' | 'Q' | 'l'; code: number | undefined }
    | { name: 'r' | 'w' | 'W'; file: string }
    | { name: 'y'; table: Map<string, string> }
    | {
        name: 's';
        pattern: Pattern | undefined;
        replacement: ReplacementPart[];
        global: boolean;
        occurrence: number;
        print: boolean;
        file: string | undefined;
      }
  );
