import { toBase64 } from '../../kernel/base64.ts';
import { FileError } from '../../kernel/files.ts';
import { readPath } from '../../kernel/open-path.ts';
import type { Process } from '../../kernel/process.ts';
import { concat, encode } from '../../kernel/streams.ts';
import type { HeaderField } from '../../network/socket.ts';
import { text } from '../lib/input.ts';
import { CurlError } from './errors.ts';
import type { Operation } from './options.ts';
import { authorityOf, type Url } from './url.ts';

/** What the command line says of the requests it makes. */
export interface RequestPlan {
  method: string;
  /** -X: kept over redirects. */
  custom: boolean;
  body: Uint8Array;
  hasBody: boolean;
  contentType: string | undefined;
  /** -G: goes behind the `?`. */
  query: string | undefined;
  accept: string;
}

/** Reads -d, --json, -F, -T and the like. Throws `CurlError` 26 for what cannot be read. */
export async function planRequest(process: Process, operation: Operation): Promise<RequestPlan> {
  const data = operation.given.filter(([name]) => /^data|^json$/.test(name));
  const forms = operation.given.filter(([name]) => name === 'form' || name === 'form-string');
  const upload = operation.value('upload-file');
  const json = operation.values('json').length > 0;
  const pieces: Uint8Array[] = [];
  for (const [name, value] of data) {
    if (pieces.length > 0 && name !== 'json') pieces.push(encode('&'));
    pieces.push(await dataPiece(process, name, value));
  }
  let body = concat(pieces);
  let contentType = data.length > 0 ? (json ? 'application/json' : 'application/x-www-form-urlencoded') : undefined;
  if (forms.length > 0) ({ body, contentType } = await multipart(process, forms));
  const appended = [...operation.values('url-query').map((each) => each)].join('&');
  const get = operation.has('get');
  const inQuery = [get && data.length > 0 ? text(body) : '', appended].filter((each) => each !== '').join('&');
  if (get) [body, contentType] = [new Uint8Array(), undefined];
  const sends = !get && (data.length > 0 || forms.length > 0);
  if (upload !== undefined) body = await readFile(process, upload === '-' || upload === '.' ? '/dev/stdin' : upload);
  const usual = operation.has('head') ? 'HEAD' : upload !== undefined ? 'PUT' : sends ? 'POST' : 'GET';
  return {
    method: operation.value('request') ?? usual,
    custom: operation.value('request') !== undefined,
    body,
    hasBody: sends || upload !== undefined,
    contentType: upload === undefined ? contentType : undefined,
    query: inQuery === '' ? undefined : inQuery,
    accept: json ? 'application/json' : '*/*',
  };
}

async function readFile(process: Process, name: string): Promise<Uint8Array> {
  try {
    return await readPath(process, name === '-' ? '/dev/stdin' : name);
  } catch (error) {
    if (error instanceof FileError) throw new CurlError(26, `Failed to open ${name}`);
    throw error;
  }
}

async function dataPiece(process: Process, option: string, value: string): Promise<Uint8Array> {
  if (option === 'data-urlencode') return encode(await urlEncoded(process, value));
  if (!value.startsWith('@') || option === 'data-raw') return encode(value);
  const content = await readFile(process, value.slice(1));
  // -d leaves out line ends and NUL of a file; --data-binary and --json take it as it is.
  return option === 'data' ? content.filter((byte) => byte !== 10 && byte !== 13 && byte !== 0) : content;
}

async function urlEncoded(process: Process, value: string): Promise<string> {
  const [, name = '', mark, rest = ''] = /^([^=@]*)([=@])([\s\S]*)$/.exec(value) ?? [];
  if (mark === undefined) return percentEncode(encode(value));
  const content = mark === '@' ? await readFile(process, rest) : encode(rest);
  return `${name === '' ? '' : `${name}=`}${percentEncode(content)}`;
}

function percentEncode(bytes: Uint8Array): string {
  let result = '';
  for (const byte of bytes) {
    const symbol = String.fromCharCode(byte);
    result += /[A-Za-z0-9._~-]/.test(symbol) ? symbol : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return result;
}

async function multipart(
  process: Process,
  forms: Operation['given'],
): Promise<{ body: Uint8Array; contentType: string }> {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const { random } = process.kernel;
  const boundary = '-'.repeat(24) + Array.from({ length: 22 }, () => alphabet[random.int(alphabet.length)]).join('');
  const chunks: Uint8Array[] = [];
  for (const [option, form] of forms) {
    const split = form.indexOf('=');
    if (split < 0) throw new CurlError(2, 'Illegally formatted input field');
    const [name, rest] = [form.slice(0, split), form.slice(split + 1)];
    const literal = option === 'form-string';
    const [value = '', ...attributes] = literal ? [rest] : rest.split(';');
    const attribute = (key: string) => attributes.find((each) => each.startsWith(`${key}=`))?.slice(key.length + 1);
    const file = !literal && /^[@<]/.test(value) ? value.slice(1) : undefined;
    const attached = file !== undefined && value.startsWith('@');
    const filename = attribute('filename') ?? (attached ? file.slice(file.lastIndexOf('/') + 1) : undefined);
    const type = attribute('type') ?? (attached ? mediaType(file) : undefined);
    const disposition = `Content-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}`;
    const head = `--${boundary}\r\n${disposition}\r\n${type === undefined ? '' : `Content-Type: ${type}\r\n`}\r\n`;
    chunks.push(encode(head), file === undefined ? encode(value) : await readFile(process, file), encode('\r\n'));
  }
  chunks.push(encode(`--${boundary}--\r\n`));
  return { body: concat(chunks), contentType: `multipart/form-data; boundary=${boundary}` };
}

/** By the file's name, as libcurl's mime.c. */
function mediaType(name: string): string {
  const known: Record<string, string> = {
    gif: 'image/gif',
    jpg: 'image/jpeg',
    jpeg: 'image/jpeg',
    png: 'image/png',
    svg: 'image/svg+xml',
    txt: 'text/plain',
    htm: 'text/html',
    html: 'text/html',
    pdf: 'application/pdf',
    xml: 'application/xml',
  };
  return known[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream';
}

export interface HeaderContext {
  operation: Operation;
  plan: RequestPlan;
  url: Url;
  method: string;
  sendBody: boolean;
  /** May the user's credentials go to this host? */
  trusted: boolean;
  /** -e with `;auto`, or what was followed. */
  referer: string | undefined;
  /** Sent to a proxy in the clear. */
  proxied: boolean;
  proxyUser: string | undefined;
  http2Upgrade: boolean;
  version2: boolean;
}

/** Host and the other header fields, in curl's order, with -H taking the place of its own. */
export function requestHeaders(context: HeaderContext): { authority: string; headers: HeaderField[] } {
  const { operation, plan, url } = context;
  const custom = operation.values('header').flatMap(parseHeader);
  const replaced = new Set(custom.map(({ name }) => name.toLowerCase()));
  const headers: HeaderField[] = [];
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined && !replaced.has(name.toLowerCase())) headers.push([name, value]);
  };
  const host = custom.find(({ name }) => name.toLowerCase() === 'host')?.value;
  const user = operation.value('user') ?? (url.user === undefined ? undefined : `${url.user}:${url.password ?? ''}`);
  const bearer = operation.value('oauth2-bearer');
  if (context.proxied && context.proxyUser) add('Proxy-Authorization', `Basic ${toBase64(encode(context.proxyUser))}`);
  if (bearer !== undefined && context.trusted) add('Authorization', `Bearer ${bearer}`);
  else if (user !== undefined && context.trusted) {
    add('Authorization', `Basic ${toBase64(encode(user.includes(':') ? user : `${user}:`))}`);
  }
  const range = operation.value('range');
  add('Range', range === undefined ? undefined : `bytes=${range}`);
  const agent = operation.value('user-agent') ?? 'curl/8.16.0';
  add('User-Agent', agent === '' ? undefined : agent);
  add('Accept', plan.accept);
  if (operation.has('compressed')) add('Accept-Encoding', 'deflate, gzip, br, zstd');
  add('Referer', context.referer);
  if (context.proxied) add('Proxy-Connection', 'Keep-Alive');
  const cookies = operation.values('cookie').filter((each) => each.includes('='));
  add('Cookie', cookies.length > 0 ? cookies.join('; ') : undefined);
  if (context.http2Upgrade) {
    add('Connection', 'Upgrade, HTTP2-Settings');
    add('Upgrade', 'h2c');
    add('HTTP2-Settings', 'AAMAAABkAAQAoAAAAAIAAAAA');
  }
  for (const { name, value } of custom) {
    const secret = ['authorization', 'cookie'].includes(name.toLowerCase()) && !context.trusted;
    if (value !== undefined && name.toLowerCase() !== 'host' && !secret) headers.push([name, value]);
  }
  if (context.sendBody) {
    add('Content-Length', String(plan.body.length));
    add('Content-Type', plan.contentType);
  }
  return { authority: host ?? authorityOf(url), headers: context.version2 ? headers.map(lowerName) : headers };
}

const lowerName = ([name, value]: HeaderField): HeaderField => [name.toLowerCase(), value];

/** `Name: value`; `Name:` takes curl's own away (undefined); `Name;` sends it empty. */
function parseHeader(line: string): { name: string; value: string | undefined }[] {
  const [, name, mark, rest = ''] = /^([^:;]+)([:;])([\s\S]*)$/.exec(line) ?? [];
  if (name === undefined) return [];
  const value = rest.trim();
  if (mark === ';') return value === '' ? [{ name, value: '' }] : [];
  return [{ name, value: value === '' ? undefined : value }];
}
