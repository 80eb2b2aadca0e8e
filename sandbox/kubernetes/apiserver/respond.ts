import { quote } from '../field.ts';
import type { ApiError } from './errors.ts';
import type { ApiResponse } from './http.ts';

/** An answer with a JSON body. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): ApiResponse {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: `${JSON.stringify(body)}\n` };
}

export function refuse(error: ApiError, warnings: readonly string[] = []): ApiResponse {
  return withWarnings(json(error.code, error.status()), warnings);
}

export function plain(status: number, body: string): ApiResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

/** RFC 7234 `Warning` headers, which kubectl prints as `Warning: …`. */
export function withWarnings(response: ApiResponse, warnings: readonly string[]): ApiResponse {
  if (warnings.length === 0) return response;
  const warning = [...new Set(warnings)].map((sentence) => `299 - ${quote(sentence)}`).join(', ');
  return { ...response, headers: { ...response.headers, warning } };
}
