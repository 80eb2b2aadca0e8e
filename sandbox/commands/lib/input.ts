import type { Cancellation } from '../../kernel/cancellation.ts';
import type { OpenFile } from '../../kernel/files.ts';
import { openPath } from '../../kernel/open-path.ts';
import type { Process } from '../../kernel/process.ts';
import { concat } from '../../kernel/streams.ts';

/** Complete lines without their ends. Only the last batch of a file can end in a line that no separator closed. */
export interface Batch {
  lines: string[];
  unterminated: boolean;
}

/** Opens what the user named for reading; `-` is standard input. Throws `FileError`. */
export function openInput(process: Process, name: string): OpenFile {
  return openPath(process, name === '-' ? '/dev/stdin' : name);
}

/** Opens (creating, and truncating unless `append`) what the user named for writing. Throws `FileError`. */
export function openOutput(process: Process, name: string, append = false): OpenFile {
  return openPath(process, name, { write: true, create: true, append, truncate: !append });
}

/** Bytes as text that keeps a byte order mark. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** The text of a file as it arrives, never cut inside a character. Closes the file. */
export async function* textPieces(file: OpenFile, cancellation: Cancellation): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  try {
    for (let chunk = await file.read(cancellation); chunk; chunk = await file.read(cancellation)) {
      yield decoder.decode(chunk, { stream: true });
    }
    yield decoder.decode();
  } finally {
    file.close();
  }
}

/** The lines of a file as they arrive, one batch for each piece read. Closes the file. */
export async function* lineBatches(
  file: OpenFile,
  cancellation: Cancellation,
  separator = '\n',
): AsyncGenerator<Batch> {
  let rest = '';
  for await (const piece of textPieces(file, cancellation)) {
    const lines = piece.split(separator);
    lines[0] = rest + lines[0];
    rest = lines.pop() ?? '';
    if (lines.length > 0) yield { lines, unterminated: false };
  }
  if (rest !== '') yield { lines: [rest], unterminated: true };
}

/** All bytes of a file. Closes it. */
export async function readWhole(file: OpenFile, cancellation: Cancellation): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    for (let chunk = await file.read(cancellation); chunk; chunk = await file.read(cancellation)) chunks.push(chunk);
  } finally {
    file.close();
  }
  return concat(chunks);
}
