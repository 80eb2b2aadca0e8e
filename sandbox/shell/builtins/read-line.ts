import type { Cancellation } from '../../kernel/cancellation.ts';
import { concat, decode } from '../../kernel/streams.ts';
import type { Shell } from '../shell.ts';

/** Reads up to a delimiter (a byte; -1: none) or `limit` characters, leaving what follows for the next reader. */
export async function readLine(
  shell: Shell,
  fd: number,
  options: { delimiter?: number; limit?: number; exact?: boolean; cancellation?: Cancellation } = {},
): Promise<{ text: string; ended: boolean }> {
  const file = shell.fds.get(fd);
  if (!file) return { text: '', ended: true };
  const delimiter = options.delimiter ?? 10;
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await file.read(options.cancellation ?? shell.cancellation);
    if (!chunk) return { text: decode(concat(chunks)), ended: true };
    const end = options.exact ? -1 : chunk.indexOf(delimiter);
    chunks.push(end >= 0 ? chunk.subarray(0, end) : chunk);
    if (options.limit !== undefined) {
      const whole = concat(chunks);
      const text = decode(whole);
      const letters = [...text];
      if (letters.length >= options.limit) {
        const taken = letters.slice(0, options.limit).join('');
        const size = new TextEncoder().encode(taken).length;
        const delimited = end >= 0 ? concat([whole.subarray(size), chunk.subarray(end)]) : whole.subarray(size);
        file.unread?.(delimited);
        return { text: taken, ended: false };
      }
    }
    if (end >= 0) {
      file.unread?.(chunk.subarray(end + 1));
      return { text: decode(concat(chunks)), ended: false };
    }
  }
}
