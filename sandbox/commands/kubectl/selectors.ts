import { KubectlError } from './errors.ts';
import { goQuote } from './flags.ts';

interface Requirement {
  key: string;
  operator: '=' | '!=' | 'in' | 'notin' | 'exists' | '!';
  values: string[];
}

/** Parses a label selector: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. */
export function parseSelector(text: string): Requirement[] {
  const requirements: Requirement[] = [];
  const pattern =
    /\s*(?:(!)\s*([^\s,=!()]+)|([^\s,=!()]+)\s+(in|notin)\s*\(([^)]*)\)|([^\s,=!()]+)\s*(==|=|!=)\s*([^\s,=!()]*)|([^\s,=!()]+))\s*(?:,|$)/gy;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match) {
      throw new KubectlError(
        `unable to parse requirement: found ${goQuote(text.slice(at).trim())}, expected: ',' or 'end of string'`,
      );
    }
    if (match[1]) requirements.push({ key: match[2] as string, operator: '!', values: [] });
    else if (match[4]) {
      const values = (match[5] as string).split(',').map((value) => value.trim());
      requirements.push({ key: match[3] as string, operator: match[4] as 'in' | 'notin', values });
    } else if (match[7]) {
      requirements.push({
        key: match[6] as string,
        operator: match[7] === '!=' ? '!=' : '=',
        values: [match[8] ?? ''],
      });
    } else requirements.push({ key: match[9] as string, operator: 'exists', values: [] });
  }
  return requirements;
}

export function matchesLabels(requirements: Requirement[], labels: Record<string, string>): boolean {
  return requirements.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case 'exists':
        return value !== undefined;
      case '!':
        return value === undefined;
      case '=':
      case 'in':
        return value !== undefined && values.includes(value);
      default:
        return value === undefined || !values.includes(value);
    }
  });
}
