/** A failure in istioctl's words: printed as `Error: …`. */
export class IstioctlError extends Error {
  override name = 'IstioctlError';
  /** 1, or 64 for a command line that cannot be parsed. */
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Arguments that do not fit: the usage is printed before the error. */
export class UsageError extends IstioctlError {
  override name = 'UsageError';
}
