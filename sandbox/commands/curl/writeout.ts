import type { Process } from '../../kernel/process.ts';
import { encode } from '../../kernel/streams.ts';
import { header } from '../../network/http.ts';
import { openOutput } from '../lib/input.ts';
import { formatDate } from '../small/date.ts';
import type { Timings } from './connect.ts';
import type { Outcome } from './transfer.ts';
import { authorityOf, formatUrl, portOf } from './url.ts';
import { versionLine } from './version.ts';

/** What -w knows besides the outcome. */
export interface WriteOutFacts {
  /** As the user wrote it. */
  input: string;
  number: number;
  fileName: string | undefined;
  retries: number;
  connects: number;
  outcome: Outcome;
}

type Variable = string | number | { time: number } | null;

const httpVersions = { 'HTTP/1.0': '1', 'HTTP/1.1': '1.1', 'HTTP/2': '2' };

/** In the order of the alphabet, as `%{json}` prints them. */
function variables(facts: WriteOutFacts): Record<string, Variable> {
  const { outcome } = facts;
  const { response, timings, url, error } = outcome;
  const total = (timings.end ?? timings.start) - timings.start;
  const perSecond = (bytes: number) => (total > 0 ? Math.floor((bytes * 1000) / total) : bytes);
  const since = (step: keyof Timings) => ({ time: Math.max(0, (timings[step] ?? timings.start) - timings.start) });
  return {
    certs: '',
    conn_id: outcome.connectionId,
    content_type: response ? (header(response, 'content-type') ?? null) : null,
    errormsg: error?.message ?? null,
    exitcode: error?.code ?? 0,
    filename_effective: facts.fileName ?? null,
    ftp_entry_path: null,
    http_code: response?.status ?? 0,
    http_connect: outcome.connectStatus,
    http_version: response ? httpVersions[response.protocol] : '0',
    local_ip: outcome.local.address,
    local_port: outcome.local.port,
    method: outcome.method,
    num_certs: 0,
    num_connects: facts.connects,
    num_headers: response?.headers.length ?? 0,
    num_redirects: outcome.redirects,
    num_retries: facts.retries,
    proxy_ssl_verify_result: 0,
    proxy_used: outcome.proxied ? 1 : 0,
    redirect_url: outcome.redirectUrl ?? null,
    referer: null,
    remote_ip: outcome.remote.address,
    remote_port: outcome.remote.port,
    response_code: response?.status ?? 0,
    scheme: outcome.url.scheme,
    size_download: outcome.downloaded,
    size_header: outcome.headerBytes,
    size_request: outcome.requestBytes,
    size_upload: outcome.uploaded,
    speed_download: perSecond(outcome.downloaded),
    speed_upload: perSecond(outcome.uploaded),
    ssl_verify_result: error?.code === 60 ? 20 : 0,
    time_appconnect: since('secure'),
    time_connect: since('connect'),
    time_namelookup: since('lookup'),
    time_posttransfer: since('posttransfer'),
    time_pretransfer: since('pretransfer'),
    time_queue: { time: 0 },
    time_redirect: { time: outcome.redirectTime },
    time_starttransfer: since('starttransfer'),
    time_total: { time: total },
    tls_earlydata: 0,
    url: facts.input,
    'url.fragment': url.fragment ?? null,
    'url.host': authorityOf(url).replace(/:\d+$/, ''),
    'url.password': url.password ?? null,
    'url.path': url.path,
    'url.port': url.scheme === '' ? null : String(portOf(url)),
    'url.query': url.query ?? null,
    'url.scheme': url.scheme,
    'url.user': url.user ?? null,
    url_effective: formatUrl(outcome.url),
    urlnum: facts.number,
    xfer_id: facts.number,
  };
}

const seconds = (milliseconds: number) => (Math.round(milliseconds * 1000) / 1e6).toFixed(6);

function plain(name: string, value: Variable): string {
  if (value === null) return '';
  if (typeof value === 'object') return seconds(value.time);
  return name === 'http_code' || name === 'response_code' || name === 'http_connect'
    ? String(value).padStart(3, '0')
    : String(value);
}

function json(facts: WriteOutFacts): string {
  const fields = Object.entries(variables(facts)).map(([name, value]) => {
    const shown = value !== null && typeof value === 'object' ? seconds(value.time) : JSON.stringify(value);
    return `${JSON.stringify(name)}:${shown}`;
  });
  return `{${fields.join(',')},"curl_version":${JSON.stringify(versionLine)}}`;
}

function headerJson({ outcome }: WriteOutFacts): string {
  const values = new Map<string, string[]>();
  for (const [name, value] of outcome.response?.headers ?? []) {
    const key = name.toLowerCase();
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  return `{${[...values].map(([name, list]) => `${JSON.stringify(name)}:${JSON.stringify(list)}`).join(',\n')}\n}`;
}

const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t' };

/** Prints what --write-out asks for, as curl's tool_writeout.c. */
export async function writeOut(process: Process, format: string, facts: WriteOutFacts): Promise<void> {
  const known = variables(facts);
  let write = (text: string) => process.write(1, text);
  const pattern = /%%|%\{([^}]*)\}|%(header|output|time)\{([^}]*)\}|%([\s\S])|\\([\s\S])|[^%\\]+|[\s\S]/g;
  for (const [whole, name, special, argument = '', odd, escaped] of format.matchAll(pattern)) {
    if (whole === '%%') await write('%');
    else if (escaped !== undefined) await write(escapes[escaped] ?? `\\${escaped}`);
    else if (special === 'header') {
      await write(facts.outcome.response ? (header(facts.outcome.response, argument) ?? '') : '');
    } else if (special === 'time') await write(formatDate(argument, process.kernel.now()));
    else if (special === 'output') {
      const append = argument.startsWith('>>');
      const file = openOutput(process, append ? argument.slice(2) : argument, append);
      write = (text) => file.write(encode(text));
    } else if (name === undefined) await write(odd === undefined ? whole : `%${odd}`);
    else if (name === 'onerror') {
      if (!facts.outcome.error) return;
    } else if (name === 'stdout') write = (text) => process.write(1, text);
    else if (name === 'stderr') write = (text) => process.write(2, text);
    else if (name === 'json') await write(json(facts));
    else if (name === 'header_json') await write(headerJson(facts));
    else if (known[name] === undefined) await process.write(2, `curl: unknown --write-out variable: '${name}'\n`);
    else await write(plain(name, known[name]));
  }
}
