import type { HostClock, HostTurn } from '../kernel/drivers.ts';
import type { OpenFile, Terminal } from '../kernel/files.ts';
import { SharedFile } from '../kernel/open-files.ts';

/** Runs after every promise that can go on has gone on. */
export const turn: HostTurn = () => new Promise((resolve) => setImmediate(resolve));

export const hostClock: HostClock = {
  now: () => performance.now(),
  after: (delay, callback) => {
    const timer = setTimeout(callback, delay);
    return () => clearTimeout(timer);
  },
};

function sizeOf(stream: NodeJS.WriteStream): Terminal {
  return {
    get columns() {
      return stream.columns ?? 80;
    },
    get rows() {
      return stream.rows ?? 24;
    },
  };
}

/** This process's standard output or error as a descriptor of the sandbox. */
export function hostOutput(stream: NodeJS.WriteStream): OpenFile {
  const file = {
    read: () => Promise.resolve(null),
    write: (bytes: Uint8Array) =>
      new Promise<void>((resolve, reject) => stream.write(bytes, (error) => (error ? reject(error) : resolve()))),
    release: () => {},
  };
  return new SharedFile(file, stream.isTTY ? sizeOf(stream) : undefined);
}

/** This process's standard input, read only when somebody in the sandbox reads it. */
export class HostInput {
  #waiting = 0;
  #ended = false;
  readonly #stream: NodeJS.ReadStream;
  #pending: Promise<Uint8Array | null> | undefined;

  constructor(stream: NodeJS.ReadStream) {
    this.#stream = stream;
  }

  /** True while a program waits for bytes that the host may still send: cluster time stands still meanwhile. */
  get awaited(): boolean {
    return this.#waiting > 0 && !this.#ended;
  }

  /** Resolves when the pending read is answered. */
  async answered(): Promise<void> {
    await this.#pending;
  }

  open(): OpenFile {
    return new SharedFile(
      { read: (cancellation) => this.#read(cancellation), write: () => Promise.resolve(), release: () => {} },
      this.#stream.isTTY ? sizeOf(process.stdout) : undefined,
    );
  }

  async #read(cancellation?: Parameters<OpenFile['read']>[0]): Promise<Uint8Array | null> {
    if (this.#ended) return null;
    this.#waiting++;
    try {
      this.#pending ??= this.#next();
      const chunk = await (cancellation ? cancellation.guard(this.#pending) : this.#pending);
      this.#pending = undefined;
      return chunk;
    } finally {
      this.#waiting--;
    }
  }

  #next(): Promise<Uint8Array | null> {
    const stream = this.#stream;
    return new Promise((resolve) => {
      const take = () => {
        const chunk = stream.read() as Buffer | null;
        if (chunk === null) return;
        done(new Uint8Array(chunk));
      };
      const end = () => {
        this.#ended = true;
        done(null);
      };
      const done = (chunk: Uint8Array | null) => {
        stream.off('readable', take).off('end', end).off('error', end);
        stream.unref();
        resolve(chunk);
      };
      stream.ref();
      stream.on('readable', take).on('end', end).on('error', end);
      take();
    });
  }
}
