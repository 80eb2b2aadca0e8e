/**
 * What validation found. Errors join the way Go's multierror does in upstream: one stands alone, several are a numbered list; a list
 * that was made as one stays one even with a single error.
 */
export class Findings {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];
  #list = false;

  get failed(): boolean {
    return this.errors.length > 0;
  }

  /** One error. */
  error(message: string | undefined): this {
    if (message !== undefined) {
      if (this.failed) this.#list = true;
      this.errors.push(message);
    }
    return this;
  }

  /** One error of a list, `multierror.Append(nil, err)`. */
  listed(message: string): this {
    this.error(message);
    this.#list = true;
    return this;
  }

  warn(message: string | undefined): this {
    if (message !== undefined) this.warnings.push(message);
    return this;
  }

  add(other: Findings): this {
    if (other.failed) {
      this.#list = this.failed || other.#list;
      this.errors.push(...other.errors);
    }
    this.warnings.push(...other.warnings);
    return this;
  }

  /** The same findings, every error after `prefix`. */
  prefixed(prefix: string): this {
    for (const [index, error] of this.errors.entries()) this.errors[index] = `${prefix} ${error}`;
    return this;
  }

  /** The errors as one text, or undefined. */
  message(): string | undefined {
    if (!this.failed) return undefined;
    if (!this.#list) return this.errors[0];
    const count = this.errors.length;
    const lines = this.errors.map((error) => `\t* ${error}\n`).join('');
    return `${count} error${count === 1 ? '' : 's'} occurred:\n${lines}\n`;
  }
}
