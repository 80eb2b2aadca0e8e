/** Aligns columns like Go's tabwriter as kubectl sets it: cells end in a tab, are padded by 3 and at least 6 wide. */
export class TabWriter {
  readonly #minimum: number;
  readonly #padding: number;
  #lines: string[][] = [];
  /** Widths of columns already printed; they never shrink (kubectl get --watch). */
  #remembered: number[] = [];

  constructor(minimum = 6, padding = 3) {
    this.#minimum = minimum;
    this.#padding = padding;
  }

  /** Cells of one line; the last one is not padded. */
  line(cells: string[]): void {
    this.#lines.push(cells);
  }

  get empty(): boolean {
    return this.#lines.length === 0;
  }

  forget(): void {
    this.#remembered = [];
  }

  /** The lines so far, aligned, each ending in a newline. */
  flush(): string {
    const lines = this.#lines;
    this.#lines = [];
    const widths = this.#remembered;
    for (const cells of lines) {
      for (let column = 0; column < cells.length - 1; column++) {
        const width = Math.max(this.#minimum, textWidth(cells[column] as string) + this.#padding);
        if (width > (widths[column] ?? 0)) widths[column] = width;
      }
    }
    let text = '';
    for (const cells of lines) {
      for (let column = 0; column < cells.length - 1; column++) {
        const cell = cells[column] as string;
        text += cell + ' '.repeat((widths[column] as number) - textWidth(cell));
      }
      text += `${cells.at(-1) ?? ''}\n`;
    }
    return text;
  }
}

/** Characters of a text. */
function textWidth(text: string): number {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return [...text].length;
  return text.length;
}
