import type { HttpResponse } from '../../network/http.ts';
import { reasonPhrase } from '../../network/status.ts';

/** Status line and header fields with the empty line behind them, as curl shows them. */
export function formatHead(response: HttpResponse): string {
  const reason = response.protocol === 'HTTP/2' ? '' : (response.reason ?? reasonPhrase(response.status));
  const lines = response.headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${response.protocol} ${response.status} ${reason}\r\n${lines.join('')}\r\n`;
}
