const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encode(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Bytes as text; what is not UTF-8 becomes U+FFFD. */
export function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const only = chunks[0];
  if (chunks.length === 1 && only) return only;
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

/** Writing where nobody will ever read: EPIPE. A process that does not handle it dies of SIGPIPE (exit status 141). */
export class BrokenPipe extends Error {
  override name = 'BrokenPipe';
  constructor() {
    super('Broken pipe');
  }
}

export interface ByteReader {
  /** The next bytes (at least one), or null at the end. One reader at a time. */
  read(): Promise<Uint8Array | null>;
  /** Nobody will read any more: writers get `BrokenPipe`. */
  cancel(): void;
}

export interface ByteWriter {
  /** Resolves when there is room for more; rejects with `BrokenPipe`. Bytes are visible to the reader at once. */
  write(bytes: Uint8Array): Promise<void>;
  /** End of input for the reader. Idempotent. */
  close(): void;
}

/** A byte stream of limited capacity, like a pipe of the kernel (64 KiB). */
export class Pipe implements ByteReader, ByteWriter {
  static readonly capacity = 65536;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #ended = false;
  #cancelled = false;
  #reader: ((chunk: Uint8Array | null) => void) | undefined;
  #writers: { resolve: () => void; reject: (error: Error) => void }[] = [];

  /** True while someone waits in `read`. */
  get awaited(): boolean {
    return this.#reader !== undefined;
  }

  read(): Promise<Uint8Array | null> {
    if (this.#size > 0) return Promise.resolve(this.takeBuffered());
    if (this.#ended || this.#cancelled) return Promise.resolve(null);
    if (this.#reader) return Promise.reject(new Error('pipe: two readers at once'));
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#cancelled || this.#ended) return Promise.reject(new BrokenPipe());
    if (bytes.length === 0) return Promise.resolve();
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      reader(bytes);
      return Promise.resolve();
    }
    this.#chunks.push(bytes);
    this.#size += bytes.length;
    if (this.#size < Pipe.capacity) return Promise.resolve();
    return new Promise((resolve, reject) => this.#writers.push({ resolve, reject }));
  }

  close(): void {
    this.#ended = true;
    this.#reader?.(null);
    this.#reader = undefined;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#chunks = [];
    this.#size = 0;
    for (const writer of this.#writers.splice(0)) writer.reject(new BrokenPipe());
    this.#reader?.(null);
    this.#reader = undefined;
  }

  /** Everything that is buffered, without waiting. */
  takeBuffered(): Uint8Array {
    const whole = concat(this.#chunks);
    this.#chunks = [];
    this.#size = 0;
    for (const writer of this.#writers.splice(0)) writer.resolve();
    return whole;
  }

  /** Takes back a `read` that is still waiting, so that another reader can come. */
  abandonRead(): void {
    this.#reader = undefined;
  }
}

/** Keeps what is written; for command substitution, tests and the HTTP façade. */
export class Sink implements ByteWriter {
  #chunks: Uint8Array[] = [];

  write(bytes: Uint8Array): Promise<void> {
    this.#chunks.push(bytes);
    return Promise.resolve();
  }

  close(): void {}

  bytes(): Uint8Array {
    return concat(this.#chunks);
  }

  text(): string {
    return decode(this.bytes());
  }
}

/** A reader of bytes that are there already. */
export class Source implements ByteReader {
  #rest: Uint8Array | null;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes.length > 0 ? bytes : null;
  }

  read(): Promise<Uint8Array | null> {
    const rest = this.#rest;
    this.#rest = null;
    return Promise.resolve(rest);
  }

  cancel(): void {
    this.#rest = null;
  }
}
