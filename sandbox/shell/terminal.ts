import type { OpenFile, Terminal } from '../kernel/files.ts';
import { SharedFile } from '../kernel/open-files.ts';
import { encode, Pipe } from '../kernel/streams.ts';

/**
 * A terminal: what is typed becomes input line by line (cooked mode: the host edits and echoes), what is printed goes to
 * the host, which turns \n into \r\n. Processes see `isatty`.
 */
export class TerminalDevice implements Terminal {
  columns = 80;
  rows = 24;
  readonly stdin: OpenFile;
  readonly stdout: OpenFile;
  readonly stderr: OpenFile;
  readonly #onInterrupt: () => void;
  readonly #input = new Pipe();
  /** Ctrl-D on an empty line ends one read, not the terminal. */
  #ends = 0;
  #wake: (() => void) | undefined;
  #waiting = 0;

  /** `print`: what processes write. `interrupt`: Ctrl-C; the host signals the session's foreground. */
  constructor(host: { print(bytes: Uint8Array): void; interrupt(): void }) {
    this.#onInterrupt = () => host.interrupt();
    const write = (bytes: Uint8Array) => {
      host.print(bytes);
      return Promise.resolve();
    };
    const never = () => Promise.resolve(null);
    this.stdin = new SharedFile({ read: (cancellation) => this.#read(cancellation), write, release: () => {} }, this);
    this.stdout = new SharedFile({ read: never, write, release: () => {} }, this);
    this.stderr = new SharedFile({ read: never, write, release: () => {} }, this);
  }

  /** True while someone waits for input. */
  get awaited(): boolean {
    return this.#waiting > 0;
  }

  /** Typed text, with its newlines. */
  input(text: string): void {
    void this.#input.write(encode(text)).catch(() => {}); // the pipe is never closed; a full one keeps what it has
    this.#wake?.();
  }

  /** Ctrl-D. */
  endOfInput(): void {
    this.#ends++;
    this.#wake?.();
  }

  /** Ctrl-C: what was typed and not read is dropped. */
  interrupt(): void {
    this.#input.takeBuffered();
    this.#onInterrupt();
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
  }

  async #read(cancellation?: Parameters<OpenFile['read']>[0]): Promise<Uint8Array | null> {
    this.#waiting++;
    try {
      for (;;) {
        const bytes = this.#input.takeBuffered();
        if (bytes.length > 0) return bytes;
        if (this.#ends > 0) {
          this.#ends--;
          return null;
        }
        const woken = new Promise<void>((resolve) => {
          const before = this.#wake;
          this.#wake = () => {
            before?.();
            resolve();
          };
        });
        await (cancellation ? cancellation.guard(woken) : woken);
        this.#wake = undefined;
      }
    } finally {
      this.#waiting--;
    }
  }
}
