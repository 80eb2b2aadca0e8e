/** A transfer failed: `code` is curl's exit status (libcurl-errors(3)), the message what stands behind `curl: (N) `. */
export class CurlError extends Error {
  override name = 'CurlError';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
