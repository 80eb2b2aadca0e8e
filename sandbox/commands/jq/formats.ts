import { fromBase64, toBase64 } from '../../kernel/base64.ts';
import type { Json } from '../../kernel/json.ts';
import { encode } from '../../kernel/streams.ts';
import { CompileError } from './syntax.ts';
import { described, format, JqError, typeOf } from './values.ts';

const text = (value: Json) => (typeof value === 'string' ? value : format(value));

/** `@base64` and its like. Throws `JqError` for what cannot be formatted, `CompileError` for unknown names. */
export function applyFormat(name: string, value: Json): string {
  switch (name) {
    case '@text':
      return text(value);
    case '@json':
      return format(value);
    case '@csv':
      return row(value, 'csv', (field) => `"${field.replaceAll('"', '""')}"`, ',');
    case '@tsv':
      return row(value, 'tsv', (field) => field.replace(/[\\\t\n\r]/g, (symbol) => tabEscapes[symbol] as string), '\t');
    case '@html':
      return text(value).replace(/[<>&'"]/g, (symbol) => entities[symbol] as string);
    case '@uri':
      return [...encode(text(value))].map(percent).join('');
    case '@sh':
      return (Array.isArray(value) ? value : [value]).map(shellWord).join(' ');
    case '@base64':
      return toBase64(encode(text(value)));
    case '@base64d':
      return decodeBase64(text(value));
    default:
      throw new CompileError(`${name.slice(1)} is not a valid format at <top-level>, line 1:`);
  }
}

const tabEscapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const entities: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&#39;', '"': '&quot;' };

function row(value: Json, name: string, quote: (field: string) => string, separator: string): string {
  if (!Array.isArray(value)) throw new JqError(`${described(value)} cannot be ${name}-formatted, only an array can be`);
  const fields = value.map((field) => {
    if (field === null) return '';
    if (typeof field === 'string') return quote(field);
    if (typeof field === 'object') throw new JqError(`${described(field)} is not valid in a csv row`);
    return format(field);
  });
  return fields.join(separator);
}

function percent(byte: number): string {
  const symbol = String.fromCharCode(byte);
  return /[A-Za-z0-9\-_.~]/.test(symbol) ? symbol : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function shellWord(value: Json): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "'\\''")}'`;
  if (typeof value === 'object' && value !== null)
    throw new JqError(`${described(value)} can not be escaped for shell`);
  return format(value);
}

function decodeBase64(encoded: string): string {
  const dense = encoded.replace(/=+$/, '');
  const padded = dense.length % 4 === 1 ? dense.slice(0, -1) : dense;
  const bytes = fromBase64(padded + '='.repeat((4 - (padded.length % 4)) % 4));
  if (!bytes || (bytes.length === 0 && encoded !== '')) {
    throw new JqError(`${typeOf(encoded)} (${format(encoded)}) is not valid base64 data`);
  }
  return new TextDecoder().decode(bytes);
}
