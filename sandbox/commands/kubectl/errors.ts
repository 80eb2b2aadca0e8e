import type { JsonObject } from '../../kernel/json.ts';
import { goQuote } from './flags.ts';

/** Ends the command: `message` goes to stderr behind `error: ` (unless `raw`), `exitCode` to the shell. */
export class KubectlError extends Error {
  override name = 'KubectlError';
  readonly exitCode: number;
  /** The message stands as it is, without `error: `. */
  readonly raw: boolean;
  constructor(message: string, options: { exitCode?: number; raw?: boolean } = {}) {
    super(message);
    this.exitCode = options.exitCode ?? 1;
    this.raw = options.raw ?? false;
  }
}

/** A wrong command line; names the command whose help would tell. */
export class UsageError extends KubectlError {
  constructor(command: string, message: string) {
    super(`${message}\nSee '${command} -h' for help and examples`);
  }
}

/** Ends the command quietly with an exit code. */
export class QuietExit extends KubectlError {
  constructor(exitCode: number) {
    super('', { exitCode, raw: true });
  }
}

/** Several errors at once, printed one a line. */
export class ErrorList extends Error {
  override name = 'ErrorList';
  readonly errors: Error[];
  constructor(errors: Error[]) {
    super(aggregateMessage(errors));
    this.errors = errors;
  }
}

function aggregateMessage(errors: Error[]): string {
  const messages = [...new Set(errors.map((error) => error.message))];
  return messages.length === 1 ? (messages[0] as string) : `[${messages.join(', ')}]`;
}

/** Throws what was gathered: nothing, the one, or all of them. */
export function throwAll(errors: Error[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new ErrorList(errors);
}

export interface Status {
  kind?: string;
  reason?: string;
  message?: string;
  code?: number;
  details?: {
    name?: string;
    kind?: string;
    group?: string;
    retryAfterSeconds?: number;
    causes?: { field?: string; message?: string; reason?: string }[];
  };
}

/** The API server refused. */
export class StatusError extends Error {
  override name = 'StatusError';
  readonly status: Status;
  constructor(status: Status, message?: string) {
    super(message ?? status.message ?? 'unknown');
    this.status = status;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }

  /** The same refusal with words before its message (apiserver's AddErrorContext of kubectl). */
  withPrefix(prefix: string): StatusError {
    const message = prefix + this.message;
    return new StatusError({ ...this.status, message }, message);
  }
}

/** No served resource of the name asked for. */
export class NoResourceMatch extends KubectlError {
  constructor(resource: string) {
    super(`the server doesn't have a resource type ${goQuote(resource)}`);
  }
}

/** No served kind of the name asked for. */
export class NoKindMatch extends Error {
  override name = 'NoKindMatch';
}

export function isNotFound(error: unknown): error is StatusError {
  return error instanceof StatusError && error.reason === 'NotFound';
}

/** What kubectl prints of an error, and its exit code (cmd/util/helpers.go, checkErr). */
export function describeError(error: Error): { text: string; exitCode: number } {
  if (error instanceof ErrorList) {
    if (error.errors.length === 1) return describeError(error.errors[0] as Error);
    return { text: error.errors.map((each) => `${plainMessage(each)}\n`).join(''), exitCode: 1 };
  }
  if (error instanceof StatusError && error.reason === 'Invalid') return { text: invalidText(error), exitCode: 1 };
  if (error instanceof KubectlError && error.raw) return { text: line(error.message), exitCode: error.exitCode };
  const exitCode = error instanceof KubectlError ? error.exitCode : 1;
  const standard = standardMessage(error);
  if (standard !== undefined) return { text: line(standard), exitCode };
  const text = error.message.startsWith('error: ') ? error.message : `error: ${error.message}`;
  return { text: line(text), exitCode };
}

function line(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function standardMessage(error: Error): string | undefined {
  if (!(error instanceof StatusError)) return undefined;
  if (error.reason === 'Unauthorized') return `error: You must be logged in to the server (${error.message})`;
  return error.reason === ''
    ? `Error from server: ${error.message}`
    : `Error from server (${error.reason}): ${error.message}`;
}

/** An error within a list of errors: without `error: `. */
export function plainMessage(error: Error): string {
  return standardMessage(error) ?? error.message;
}

function invalidText(error: StatusError): string {
  const { details, message } = error.status;
  if (!details) return line(message ? `The request is invalid: ${message}` : 'The request is invalid');
  const causes = details.causes ?? [];
  let text = 'The request is invalid';
  if (details.kind || details.name) text = `The ${details.kind ?? ''} ${goQuote(details.name ?? '')} is invalid`;
  else if (message && causes.length === 0) text += `: ${message}`;
  if (causes.length === 0) return line(text);
  const messages = [...new Set(causes.map((cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`))];
  if (messages.length === 1) return `${text}: ${messages[0]}\n`;
  return `${text}: \n${messages.map((each) => `* ${each}\n`).join('')}`;
}

export function asStatus(value: JsonObject): Status {
  return value as Status;
}
