/** A refused field, as k8s.io/apimachinery/pkg/util/validation/field writes it. */
export interface FieldError {
  type: keyof typeof errorTypes;
  /** Path such as `spec.ports[0].name`. */
  field: string;
  /** The type and, where it has one, the value and the detail: `Invalid value: "x": must be …`. */
  body: string;
}

/** What an error type is called in messages, and the reason of its cause in a Status. */
export const errorTypes = {
  NotFound: ['Not found', 'FieldValueNotFound'],
  Required: ['Required value', 'FieldValueRequired'],
  Duplicate: ['Duplicate value', 'FieldValueDuplicate'],
  Invalid: ['Invalid value', 'FieldValueInvalid'],
  NotSupported: ['Unsupported value', 'FieldValueNotSupported'],
  Forbidden: ['Forbidden', 'FieldValueForbidden'],
  TooLong: ['Too long', 'FieldValueTooLong'],
  TooMany: ['Too many', 'FieldValueTooMany'],
  Internal: ['Internal error', 'InternalError'],
  TypeInvalid: ['Invalid value', 'FieldValueTypeInvalid'],
} as const;

function fieldError(type: FieldError['type'], field: string, ...parts: string[]): FieldError {
  return { type, field, body: [errorTypes[type][0], ...parts.filter((part) => part !== '')].join(': ') };
}

/** A value as Go prints it in such an error: strings quoted, numbers bare, all else as JSON. */
export function formatValue(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (value === undefined || value === null) return 'null';
  return JSON.stringify(value);
}

/** strconv.Quote for the texts that occur in manifests. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/\\u00([01][0-9a-f])/g, '\\x$1');
}

export const required = (field: string, detail = '') => fieldError('Required', field, detail);
export const invalid = (field: string, value: unknown, detail: string) =>
  fieldError('Invalid', field, formatValue(value), detail);
/** An invalid value that the message does not repeat. */
export const invalidHidden = (field: string, detail: string) => fieldError('Invalid', field, detail);
export const typeInvalid = (field: string, value: unknown, detail: string) =>
  fieldError('TypeInvalid', field, formatValue(value), detail);
export const duplicate = (field: string, value: unknown) => fieldError('Duplicate', field, formatValue(value));
export const notFoundField = (field: string, value: unknown) => fieldError('NotFound', field, formatValue(value));
export const forbidden = (field: string, detail: string) => fieldError('Forbidden', field, detail);
export const tooLong = (field: string, limit: number) =>
  fieldError('TooLong', field, `may not be more than ${limit} bytes`);
export const tooMany = (field: string, count: number, limit: number) =>
  fieldError(
    'TooMany',
    field,
    String(count),
    limit === 1 ? 'must have at most 1 item' : `must have at most ${limit} items`,
  );
export const notSupported = (field: string, value: unknown, supported: readonly unknown[]) =>
  fieldError('NotSupported', field, formatValue(value), `supported values: ${supported.map(formatValue).join(', ')}`);

export function fieldMessage(error: FieldError): string {
  return error.field === '' ? `<nil>: ${error.body}` : `${error.field}: ${error.body}`;
}

/** Several messages as utilerrors.Aggregate joins them: duplicates once, brackets around more than one. */
export function aggregate(messages: readonly string[]): string {
  const unique = [...new Set(messages)];
  return unique.length === 1 ? (unique[0] as string) : `[${unique.join(', ')}]`;
}
