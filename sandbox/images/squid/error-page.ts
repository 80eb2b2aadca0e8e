import { encode } from '../../kernel/streams.ts';
import { calendar } from '../../kernel/time.ts';
import type { HttpResponse } from '../../network/http.ts';
import { httpDate } from '../go-time.ts';

export const version = '3.5.27';

/** Squid's own answers: status, and what stands in the page between heading and signature. */
const pages = {
  ERR_ACCESS_DENIED: { status: 403, words: () => '<b>Access Denied.</b>' },
  ERR_INVALID_REQ: { status: 400, words: () => '<b>Invalid Request</b>' },
  ERR_INVALID_URL: { status: 400, words: () => '<b>Invalid URL</b>' },
  ERR_UNSUP_REQ: { status: 501, words: () => '<b>Unsupported Request Method and Protocol</b>' },
  ERR_DNS_FAIL: {
    status: 503,
    words: ({ host }: ErrorFacts) => `<b>Unable to determine IP address from host name <q>${escaped(host)}</q></b>`,
  },
  ERR_CONNECT_FAIL: {
    status: 503,
    words: ({ address }: ErrorFacts) => `<b>Connection to ${address} failed.</b>`,
  },
  ERR_ZERO_SIZE_OBJECT: { status: 502, words: () => '<b>Zero Sized Reply</b>' },
} as const;

export type ErrorName = keyof typeof pages;

export interface ErrorFacts {
  url: string;
  host: string;
  address: string;
  /** The system's number for what went wrong, 0 for none. */
  errno: number;
  manager: string;
  hostname: string;
  port: number;
  now: number;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** An answer that squid makes itself (errorpage.cc, BuildHttpReply; client_side_reply.cc, buildReplyHeader). */
export function errorResponse(name: ErrorName, facts: ErrorFacts): HttpResponse {
  const { status, words } = pages[name];
  const { url, manager, hostname, now } = facts;
  const date = httpDate(now);
  const shown = escaped(url);
  const page = `<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">
<html><head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<title>ERROR: The requested URL could not be retrieved</title>
</head><body id=${name}>
<div id="titles">
<h1>ERROR</h1>
<h2>The requested URL could not be retrieved</h2>
</div>
<hr>

<div id="content">
<p>The following error was encountered while trying to retrieve the URL: <a href="${shown}">${shown}</a></p>

<blockquote id="error">
<p>${words(facts)}</p>
</blockquote>

<p>Your cache administrator is <a href="mailto:${escaped(manager)}">${escaped(manager)}</a>.</p>
<br>
</div>

<hr>
<div id="footer">
<p>Generated ${date} by ${hostname} (squid/${version})</p>
<!-- ${name} -->
</div>
</body></html>
`;
  const body = encode(page);
  return {
    status,
    protocol: 'HTTP/1.1',
    headers: [
      ['Server', `squid/${version}`],
      ['Mime-Version', '1.0'],
      ['Date', date],
      ['Content-Type', 'text/html;charset=utf-8'],
      ['Content-Length', String(body.length)],
      ['X-Squid-Error', `${name} ${facts.errno}`],
      ['Vary', 'Accept-Language'],
      ['Content-Language', 'en'],
      ['X-Cache', `MISS from ${hostname}`],
      ['X-Cache-Lookup', `NONE from ${hostname}:${facts.port}`],
      ['Via', `1.1 ${hostname} (squid/${version})`],
      ['Connection', 'keep-alive'],
    ],
    body,
  };
}

/** `2026/01/15 09:00:00| `: how squid begins a line of its own log. */
export function logStamp(at: number): string {
  const { year, month, day, hour, minute, second } = calendar(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${year}/${two(month)}/${two(day)} ${two(hour)}:${two(minute)}:${two(second)}| `;
}
