import type { ApiError } from './errors.ts';
import type { ApiResponse } from './http.ts';

/** An answer with a JSON body. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): ApiResponse {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: `${JSON.stringify(body)}\n` };
}

export function refuse(error: ApiError): ApiResponse {
  return json(error.code, error.status());
}

export function plain(status: number, body: string): ApiResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}
