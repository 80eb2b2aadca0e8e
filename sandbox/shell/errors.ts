/** An expansion that cannot be made. A shell that is not interactive ends with `status`; an interactive one drops the line. */
export class ExpansionError extends Error {
  override name = 'ExpansionError';
  readonly status: number;
  constructor(message: string, status = 1) {
    super(message);
    this.status = status;
  }
}

/** `break`, `continue` and `return` on their way to what they leave. Thrown, but no error: no stack is taken. */
export class Flow {
  readonly kind: 'break' | 'continue' | 'return';
  /** Loops left to leave, or the exit status of `return`. */
  readonly count: number;
  constructor(kind: 'break' | 'continue' | 'return', count: number) {
    this.kind = kind;
    this.count = count;
  }
}
