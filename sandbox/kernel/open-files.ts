import type { Cancellation } from './cancellation.ts';
import { FileError, type FileSystem, type OpenFile, type Terminal } from './files.ts';
import { type ByteReader, type ByteWriter, concat, Pipe } from './streams.ts';

/** Counts the holders of what is behind a descriptor and releases it with the last one. */
export class SharedFile implements OpenFile {
  readonly #holders: { count: number; unread?: Uint8Array | undefined };
  readonly #file: Pick<OpenFile, 'read' | 'write'> & { release(): void };
  readonly terminal?: Terminal;
  #closed = false;

  constructor(
    file: Pick<OpenFile, 'read' | 'write'> & { release(): void },
    terminal?: Terminal,
    holders: { count: number; unread?: Uint8Array | undefined } = { count: 0 },
  ) {
    this.#file = file;
    this.#holders = holders;
    this.#holders.count++;
    if (terminal) this.terminal = terminal;
  }

  read(cancellation?: Cancellation): Promise<Uint8Array | null> {
    const unread = this.#holders.unread;
    if (!unread) return this.#file.read(cancellation);
    this.#holders.unread = undefined;
    return Promise.resolve(unread);
  }

  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#holders.unread = this.#holders.unread ? concat([bytes, this.#holders.unread]) : bytes;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#file.write(bytes);
  }

  share(): OpenFile {
    return new SharedFile(this.#file, this.terminal, this.#holders);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (--this.#holders.count === 0) this.#file.release();
  }
}

const badDescriptor = () => Promise.reject(new FileError('EBADF', ''));

export function readEnd(reader: ByteReader, terminal?: Terminal): OpenFile {
  return new SharedFile(
    {
      read: async (cancellation) => {
        if (!cancellation) return reader.read();
        try {
          return await cancellation.guard(reader.read());
        } catch (error) {
          if (reader instanceof Pipe) reader.abandonRead();
          throw error;
        }
      },
      write: badDescriptor,
      release: () => reader.cancel(),
    },
    terminal,
  );
}

export function writeEnd(writer: ByteWriter, terminal?: Terminal): OpenFile {
  return new SharedFile(
    { read: badDescriptor, write: (bytes) => writer.write(bytes), release: () => writer.close() },
    terminal,
  );
}

/** A pipe's two ends, each with one holder. */
export function openPipe(): { read: OpenFile; write: OpenFile } {
  const pipe = new Pipe();
  return { read: readEnd(pipe), write: writeEnd(pipe) };
}

export function nullDevice(): OpenFile {
  return new SharedFile({ read: () => Promise.resolve(null), write: () => Promise.resolve(), release: () => {} });
}

/** A regular file opened for reading and/or writing; reads and writes share one offset, as after open(2). */
export function openRegular(
  files: FileSystem,
  path: string,
  options: { append?: boolean; truncate?: boolean },
): OpenFile {
  if (options.truncate) files.writeFile(path, new Uint8Array());
  let offset = 0;
  return new SharedFile({
    read: () => {
      if (!files.exists(path)) return Promise.resolve(null); // removed while open
      const bytes = files.readFile(path).subarray(offset, offset + Pipe.capacity);
      offset += bytes.length;
      return Promise.resolve(bytes.length > 0 ? bytes : null);
    },
    write: (bytes) => {
      const size = files.exists(path) ? files.stat(path).size : 0;
      if (options.append || offset >= size) {
        const gap = options.append ? 0 : offset - size;
        if (gap > 0) files.writeFile(path, new Uint8Array(gap), { append: true });
        files.writeFile(path, bytes, { append: true });
        offset = Math.max(size, options.append ? size : offset) + bytes.length;
      } else {
        const whole = new Uint8Array(Math.max(size, offset + bytes.length));
        whole.set(files.readFile(path));
        whole.set(bytes, offset);
        files.writeFile(path, whole);
        offset += bytes.length;
      }
      return Promise.resolve();
    },
    release: () => {},
  });
}
