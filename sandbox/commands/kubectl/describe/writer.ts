import { calendar, parseTime } from '../../../kernel/time.ts';
import { isRecord, text } from '../objects.ts';

/** Text with tabs between cells, aligned when it is done (Go's tabwriter with a padding of 2). */
export class DescribeWriter {
  #done = '';
  #pending = '';

  /** Writes `content` behind `level` times two spaces. */
  write(level: number, content: string): void {
    this.#pending += '  '.repeat(level) + content;
  }

  /** What follows is aligned on its own. */
  flush(): void {
    this.#done += align(this.#pending);
    this.#pending = '';
  }

  /** What was written, not aligned. */
  raw(): string {
    return this.#done + this.#pending;
  }

  finish(): string {
    this.flush();
    return this.#done;
  }

  /** `Labels:` and the like: a pair a line, or `<none>`. */
  pairs(title: string, values: unknown, indent = '', innerIndent = '\t'): void {
    const keys = isRecord(values) ? Object.keys(values).sort() : [];
    this.write(0, `${indent}${title}:${innerIndent}`);
    if (keys.length === 0) this.write(0, '<none>\n');
    keys.forEach((key, index) => {
      if (index > 0) this.write(0, indent + innerIndent);
      this.write(0, `${key}=${text((values as Record<string, unknown>)[key])}\n`);
    });
  }

  annotations(title: string, values: unknown): void {
    const pairs = Object.entries(isRecord(values) ? values : {})
      .filter(([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration')
      .sort(([a], [b]) => (a < b ? -1 : 1));
    this.write(0, `${title}:\t`);
    if (pairs.length === 0) this.write(0, '<none>\n');
    pairs.forEach(([key, raw], index) => {
      if (index > 0) this.write(0, '\t');
      const value = text(raw).replace(/\n$/, '');
      if (value.length + key.length + 2 <= 140 && !value.includes('\n')) {
        this.write(0, `${key}: ${value}\n`);
        return;
      }
      this.write(0, `${key}:\n`);
      for (const line of value.split('\n')) {
        this.write(0, `\t  ${line.length > 138 ? `${line.slice(0, 138)}...` : line}\n`);
      }
    });
  }
}

/** text/tabwriter: a column is as wide as its widest cell among neighbouring lines that have it. */
function align(content: string): string {
  if (content === '') return '';
  const ended = content.endsWith('\n');
  const lines = (ended ? content.slice(0, -1) : content).split('\n').map((line) => line.split('\t'));
  const widths: number[] = [];
  const out: string[] = [];
  const print = (from: number, to: number) => {
    for (let index = from; index < to; index++) {
      const cells = lines[index] as string[];
      out.push(
        cells
          .map((cell, column) => {
            const width = column < widths.length ? (widths[column] as number) : 0;
            return cell + ' '.repeat(Math.max(0, width - [...cell].length));
          })
          .join(''),
      );
    }
  };
  const format = (from: number, to: number) => {
    const column = widths.length;
    let start = from;
    for (let index = from; index < to; index++) {
      if (column >= (lines[index] as string[]).length - 1) continue;
      print(start, index);
      start = index;
      let width = 0;
      let end = index;
      for (; end < to && column < (lines[end] as string[]).length - 1; end++) {
        width = Math.max(width, [...((lines[end] as string[])[column] as string)].length + 2);
      }
      widths.push(width);
      format(start, end);
      widths.pop();
      start = end;
      index = end - 1;
    }
    print(start, to);
  };
  format(0, lines.length);
  return out.join('\n') + (ended ? '\n' : '');
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** RFC 1123 with a numeric zone: `Mon, 02 Jan 2006 15:04:05 +0000`. */
export function longTime(timestamp: unknown): string {
  const at = parseTime(text(timestamp));
  if (at === undefined) return 'Mon, 01 Jan 0001 00:00:00 +0000';
  const { year, month, day, hour, minute, second, weekday } = calendar(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${days[weekday]}, ${two(day)} ${months[month - 1]} ${year} ${two(hour)}:${two(minute)}:${two(second)} +0000`;
}

export function orNone(value: string): string {
  return value === '' ? '<none>' : value;
}
