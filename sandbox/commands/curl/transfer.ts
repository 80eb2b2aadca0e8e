import type { Process } from '../../kernel/process.ts';
import { encode } from '../../kernel/streams.ts';
import { type HttpResponse, header } from '../../network/http.ts';
import { type encodeRequest, HttpError } from '../../network/http1.ts';
import type { HeaderField, NetworkStack } from '../../network/socket.ts';
import { TlsError } from '../../network/tls.ts';
import type { Trace } from '../../network/trace.ts';
import { clientCertificate, trustedRoots } from './certificates.ts';
import { type Connector, deadlineOf, type Link, type Timings } from './connect.ts';
import { until } from './deadline.ts';
import { CurlError } from './errors.ts';
import type { Operation } from './options.ts';
import { proxyFor } from './proxy.ts';
import { type RequestPlan, requestHeaders } from './request.ts';
import { pinnedLines } from './resolve.ts';
import { formatHead } from './response.ts';
import { opensslAlert } from './tls.ts';
import { formatUrl, portOf, resolveUrl, targetOf, type Url } from './url.ts';
import type { Verbose } from './verbose.ts';

/** What a transfer came to, for -w and the exit status. */
export interface Outcome {
  url: Url;
  method: string;
  /** The last answer, if there was one. */
  response: HttpResponse | undefined;
  connectStatus: number;
  redirects: number;
  /** Where an answer pointed that was not followed. */
  redirectUrl: string | undefined;
  local: { address: string; port: number };
  remote: { address: string; port: number };
  headerBytes: number;
  requestBytes: number;
  downloaded: number;
  uploaded: number;
  proxied: boolean;
  connectionId: number;
  timings: Timings;
  /** When the last request of a chain of redirects began. */
  redirectTime: number;
  error: CurlError | undefined;
}

export interface TransferContext {
  process: Process;
  stack: NetworkStack;
  connector: Connector;
  operation: Operation;
  plan: RequestPlan;
  verbose: Verbose | undefined;
  /** Receives heads (with their empty line) as they come. */
  onHead: (head: string) => Promise<void>;
  /** Receives the body of the answer that counts. */
  onBody: (body: Uint8Array) => Promise<void>;
}

interface Hop {
  url: Url;
  method: string;
  sendBody: boolean;
  referer: string | undefined;
}

/** What a transfer comes to that never began. */
export function emptyOutcome(url: Url, method: string, now: number): Outcome {
  return {
    url,
    method,
    response: undefined,
    connectStatus: 0,
    redirects: 0,
    redirectUrl: undefined,
    local: { address: '', port: 0 },
    remote: { address: '', port: 0 },
    headerBytes: 0,
    requestBytes: 0,
    downloaded: 0,
    uploaded: 0,
    proxied: false,
    connectionId: -1,
    timings: { start: now },
    redirectTime: 0,
    error: undefined,
  };
}

/** One URL, with the redirects it leads to. Never throws `CurlError`: the outcome holds it. */
export async function transfer(context: TransferContext, url: Url): Promise<Outcome> {
  const { process, operation, plan } = context;
  const outcome = emptyOutcome(url, plan.method, process.kernel.now());
  const referer = operation.value('referer')?.replace(/;auto$/, '');
  let hop: Hop | undefined = { url, method: plan.method, sendBody: plan.hasBody, referer: referer || undefined };
  for (const line of pinnedLines(operation)) await context.verbose?.info(line);
  try {
    while (hop) hop = await oneRequest(context, outcome, hop);
  } catch (error) {
    if (!(error instanceof CurlError)) throw error;
    outcome.error = error;
  }
  outcome.timings.end = process.kernel.now();
  return outcome;
}

/** Sends one request and takes its answer; the next one to send, if it is to be followed. */
async function oneRequest(context: TransferContext, outcome: Outcome, hop: Hop): Promise<Hop | undefined> {
  const { process, stack, connector, operation, plan, verbose } = context;
  const { url } = hop;
  outcome.url = url;
  outcome.method = hop.method;
  const proxy = proxyFor(url, operation, process.env, (message) => void verbose?.info(message));
  const tunnel = proxy !== undefined && (url.scheme === 'https' || operation.has('proxytunnel'));
  outcome.proxied = proxy !== undefined;
  const versions = operation.last('http1.0', 'http1.1', 'http2', 'http2-prior-knowledge');
  const oldest = versions === 'http1.0' ? ['http/1.0'] : versions === 'http1.1' ? ['http/1.1'] : ['h2', 'http/1.1'];
  const certificate = operation.value('cert');
  const tls = {
    alpn: operation.off('alpn') ? [] : oldest,
    roots:
      operation.has('insecure') || url.scheme !== 'https'
        ? undefined
        : await trustedRoots(process, operation.value('cacert')),
    caFile: operation.value('cacert') ?? process.env.get('CURL_CA_BUNDLE') ?? '/etc/ssl/certs/ca-certificates.crt',
    certificate:
      certificate === undefined || url.scheme !== 'https'
        ? undefined
        : await clientCertificate(process, certificate, operation.value('key') ?? certificate),
    versions: tlsVersions(operation),
  };
  const trace = stack.startTrace(`${hop.method} ${formatUrl(url)}`);
  const link = await connector.link({
    url,
    proxy,
    tunnel,
    operation,
    tls,
    trace,
    timings: outcome.timings,
    verbose,
    onConnectAnswer: async (status, head) => {
      outcome.connectStatus = status;
      outcome.headerBytes += head.length;
      if (!operation.has('suppress-connect-headers')) await context.onHead(head);
    },
  });
  outcome.local = link.connection.local;
  outcome.remote = link.connection.remote;
  outcome.connectionId = link.id;
  const response = await exchange(context, outcome, hop, link, {
    trace,
    plain: proxy !== undefined && !tunnel,
    proxyUser: proxy?.user,
  });
  return answered(context, outcome, hop, link, response, plan);
}

function tlsVersions(operation: Operation): string[] {
  const all = ['TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
  const least = operation.last('tlsv1', 'tlsv1.0', 'tlsv1.1', 'tlsv1.2', 'tlsv1.3');
  const from = least === undefined || least === 'tlsv1' ? 'TLSv1.2' : `TLSv${least.slice(4)}`;
  const most = operation.value('tls-max');
  const to = most === undefined || most === 'default' ? 'TLSv1.3' : `TLSv${most}`;
  return all.slice(all.indexOf(from), all.indexOf(to) + 1);
}

async function exchange(
  context: TransferContext,
  outcome: Outcome,
  hop: Hop,
  link: Link,
  way: { trace: Trace; plain: boolean; proxyUser: string | undefined },
): Promise<HttpResponse> {
  const { process, operation, plan, verbose, connector } = context;
  const { kernel } = process;
  const { url } = hop;
  const version2 = link.client.protocol === 'HTTP/2';
  const old = operation.last('http1.0', 'http1.1', 'http2', 'http2-prior-knowledge');
  const { authority, headers } = requestHeaders({
    operation,
    plan,
    url,
    method: hop.method,
    sendBody: hop.sendBody,
    trusted: operation.has('location-trusted') || outcome.redirects === 0 || sameOrigin(url, outcome),
    referer: hop.referer,
    proxied: way.plain,
    proxyUser: way.proxyUser,
    http2Upgrade: old === 'http2' && url.scheme === 'http' && !version2 && !way.plain,
    version2,
  });
  const target = operation.value('request-target') ?? targetOf(url);
  const request = {
    method: hop.method,
    authority,
    target: way.plain ? formatUrl(url) : target,
    scheme: url.scheme as 'http' | 'https',
    protocol: version2 ? ('HTTP/2' as const) : old === 'http1.0' ? ('HTTP/1.0' as const) : ('HTTP/1.1' as const),
    headers,
    body: hop.sendBody ? plan.body : new Uint8Array(),
  };
  const head = requestHead(request);
  outcome.requestBytes += head.length;
  outcome.timings.pretransfer = kernel.now();
  if (version2) await tellStream(verbose, request, url);
  await verbose?.show('headerOut', encode(head));
  if (request.body.length > 0) {
    await verbose?.show('dataOut', request.body);
    await verbose?.info(`upload completely sent off: ${request.body.length} bytes`);
    outcome.uploaded += request.body.length;
  } else await verbose?.info('Request completely sent off');
  outcome.timings.posttransfer = kernel.now();
  const { start } = outcome.timings;
  const late = () => {
    const elapsed = Math.floor(kernel.now() - start);
    return new CurlError(28, `Operation timed out after ${elapsed} milliseconds with 0 bytes received`);
  };
  try {
    const response = await until(process, link.client.exchange(request, way.trace), deadlineOf(operation, start), late);
    outcome.timings.starttransfer = kernel.now();
    way.trace.hops.push({
      at: kernel.now(),
      where: context.stack.id,
      layer: 'program',
      decision: 'response-received',
      details: { program: 'curl', status: response.status, protocol: response.protocol },
    });
    return response;
  } catch (error) {
    const failure = transferError(error);
    if (!(failure instanceof CurlError)) throw failure;
    way.trace.hops.push({
      at: kernel.now(),
      where: context.stack.id,
      layer: 'program',
      decision: 'request-failed',
      details: { program: 'curl', exitCode: failure.code, message: failure.message },
    });
    await verbose?.info(failure.message);
    await connector.drop(link, verbose, true);
    throw failure;
  }
}

function sameOrigin(url: Url, outcome: Outcome): boolean {
  return outcome.url.host === url.host && portOf(outcome.url) === portOf(url) && outcome.url.scheme === url.scheme;
}

/** What curl shows of a request, whatever the version on the wire. */
function requestHead(request: Parameters<typeof encodeRequest>[0]): string {
  const fields = request.headers.map(
    ([name, value]): string => `${request.protocol === 'HTTP/2' ? title(name) : name}: ${value}\r\n`,
  );
  return `${request.method} ${request.target} ${request.protocol}\r\nHost: ${request.authority}\r\n${fields.join('')}\r\n`;
}

/** HTTP/2's names are lower-case on the wire only. */
function title(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

async function tellStream(
  verbose: Verbose | undefined,
  request: Parameters<typeof encodeRequest>[0],
  url: Url,
): Promise<void> {
  if (!verbose) return;
  const fields: HeaderField[] = [
    [':method', request.method],
    [':scheme', request.scheme],
    [':authority', request.authority],
    [':path', request.target],
    ...request.headers,
  ];
  await verbose.info(`[HTTP/2] [1] OPENED stream for ${formatUrl(url)}`);
  for (const [name, value] of fields) await verbose.info(`[HTTP/2] [1] [${name}: ${value}]`);
}

/** nghttp2's numbers of HTTP/2 errors. */
const http2Errors = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

function transferError(error: unknown): unknown {
  if (error instanceof TlsError && error.code === 'alert') {
    return new CurlError(56, `OpenSSL SSL_read: OpenSSL/3.5.2: ${opensslAlert(error.alert ?? '')}, errno 0`);
  }
  if (!(error instanceof HttpError)) return error;
  switch (error.code) {
    case 'closed':
      return new CurlError(52, 'Empty reply from server');
    case 'reset':
      return new CurlError(56, 'Recv failure: Connection reset by peer');
    case 'stream-reset': {
      const number = Math.max(0, http2Errors.indexOf(error.message));
      return new CurlError(92, `HTTP/2 stream 1 was not closed cleanly: ${http2Errors[number]} (err ${number})`);
    }
    case 'goaway':
      return new CurlError(16, 'Error in the HTTP2 framing layer');
    default:
      return new CurlError(1, 'Received HTTP/0.9 when not allowed');
  }
}

async function answered(
  context: TransferContext,
  outcome: Outcome,
  hop: Hop,
  link: Link,
  response: HttpResponse,
  plan: RequestPlan,
): Promise<Hop | undefined> {
  const { operation, verbose, connector } = context;
  outcome.response = response;
  const head = formatHead(response);
  outcome.headerBytes += head.length;
  for (const line of head.match(/[^\n]*\n/g) ?? []) await verbose?.show('headerIn', encode(line));
  await context.onHead(head);
  const failed = response.status >= 400 && operation.has('fail');
  const location = response.status >= 300 && response.status < 400 ? header(response, 'location') : undefined;
  const follows =
    location !== undefined &&
    operation.last('location', 'location-trusted', 'follow') !== undefined &&
    !operation.off('location');
  let missing: CurlError | undefined;
  if (follows) {
    if (response.body.length > 0) await verbose?.info('Ignoring the response-body');
  } else if (!failed) {
    if (response.body.length > 0) {
      await verbose?.show('dataIn', response.body);
      outcome.downloaded += response.body.length;
      await context.onBody(response.body);
    }
    missing = truncation(response);
  }
  const error = failed ? new CurlError(22, `The requested URL returned error: ${response.status}`) : missing;
  if (error) await verbose?.info(error.message);
  if (link.client.reusable && !error) await verbose?.info(`Connection #${link.id} to host ${link.name} left intact`);
  else await connector.drop(link, verbose, error !== undefined);
  if (error) throw error;
  if (location === undefined) return undefined;
  const next = resolveUrl(hop.url, location);
  if (!follows) {
    outcome.redirectUrl = formatUrl(next);
    return undefined;
  }
  const limit = operation.number('max-redirs') ?? 50;
  if (limit >= 0 && outcome.redirects >= limit) {
    outcome.redirectUrl = formatUrl(next);
    throw new CurlError(47, `Maximum (${limit}) redirects followed`);
  }
  outcome.redirects++;
  await verbose?.info(`Issue another request to this URL: '${formatUrl(next)}'`);
  outcome.redirectTime = context.process.kernel.now() - outcome.timings.start;
  return redirected(operation, plan, hop, response.status, next, verbose);
}

/** What is missing of a body that broke off. */
function truncation(response: HttpResponse): CurlError | undefined {
  if (!response.truncated) return undefined;
  const length = header(response, 'content-length');
  if (length === undefined) return new CurlError(18, 'transfer closed with outstanding read data remaining');
  return new CurlError(18, `end of response with ${Number(length) - response.body.length} bytes missing`);
}

/** RFC 9110 section 15.4 as browsers and curl understand it: POST becomes GET unless --post301 and the like. */
function redirected(
  operation: Operation,
  plan: RequestPlan,
  hop: Hop,
  status: number,
  url: Url,
  verbose: Verbose | undefined,
): Hop {
  const referer = operation.value('referer')?.endsWith(';auto') ? formatUrl(hop.url) : hop.referer;
  const keeps = operation.has(`post${status}`);
  const turns =
    ((status === 301 || status === 302) && plan.hasBody && plan.contentType !== undefined && !keeps) ||
    (status === 303 && hop.method !== 'HEAD' && !keeps);
  if (!turns) return { url, method: hop.method, sendBody: hop.sendBody, referer };
  if (plan.custom && !operation.has('follow')) {
    void verbose?.info(`Stick to ${hop.method} instead of GET`);
    return { url, method: hop.method, sendBody: false, referer };
  }
  if (hop.method !== 'GET') void verbose?.info(`Switch to GET because of ${status} response`);
  return { url, method: 'GET', sendBody: false, referer };
}
