import type { Process } from '../../kernel/process.ts';

/**
 * The progress lines of install and uninstall (upstream operator/pkg/util/progress on cheggaaa/pb): on a terminal one line that is
 * written over, elsewhere a new line for each message that differs from the one before.
 */
export class Progress {
  readonly #process: Process;
  readonly #terminal: boolean;
  #last = '';

  constructor(process: Process) {
    this.#process = process;
    this.#terminal = process.isTerminal(2);
  }

  /** `- text`: something is under way. */
  async working(text: string): Promise<void> {
    await this.#write('-', 33, text, false);
  }

  /** `✔ text`. */
  async done(text: string): Promise<void> {
    await this.#write('✔', 32, text, true);
  }

  /** `✘ text`. */
  async failed(text: string): Promise<void> {
    await this.#write('✘', 31, text, true);
  }

  async #write(sign: string, color: number, text: string, finish: boolean): Promise<void> {
    const plain = `${sign} ${text}`;
    if (!this.#terminal) {
      if (plain !== this.#last) await this.#process.write(2, `\n${plain}`);
      this.#last = plain;
      return;
    }
    const columns = this.#process.fds.get(2)?.terminal?.columns ?? 80;
    const cut = !finish && plain.length > columns ? `${text.slice(0, columns - 5)}...` : text;
    const padding = ' '.repeat(Math.max(0, columns - cut.length - 2));
    await this.#process.write(2, `\r\u001b[${color}m${sign}\u001b[0m ${cut}${padding}${finish ? '\n' : ''}`);
  }
}
