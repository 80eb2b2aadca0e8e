import type { OpenFile, Terminal } from '../kernel/files.ts';
import { SharedFile } from '../kernel/open-files.ts';
import { encode } from '../kernel/streams.ts';

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
  /** Lines as typed; null is Ctrl-D, which ends one read, not the terminal. */
  #input: (Uint8Array | null)[] = [];
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

  /** Typed text, with its newlines. A read gives one line, as in cooked mode. */
  input(text: string): void {
    for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) this.#input.push(encode(line));
    this.#wake?.();
  }

  /** Ctrl-D. */
  endOfInput(): void {
    this.#input.push(null);
    this.#wake?.();
  }

  /** Ctrl-C: what was typed and not read is dropped. */
  interrupt(): void {
    this.#input = [];
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
        const next = this.#input.shift();
        if (next !== undefined) return next;
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
