import { toBase64 } from '../../kernel/base64.ts';
import type { Process } from '../../kernel/process.ts';
import { encode } from '../../kernel/streams.ts';
import { type HttpClientConnection, httpClient } from '../../network/http-client.ts';
import { encodeRequest, HttpError } from '../../network/http1.ts';
import { type Connection, type NetworkStack, SocketError } from '../../network/socket.ts';
import type { Trace } from '../../network/trace.ts';
import { until } from './deadline.ts';
import { CurlError } from './errors.ts';
import type { Operation } from './options.ts';
import type { ProxyServer } from './proxy.ts';
import { formatHead } from './response.ts';
import { type HandshakeOptions, handshake } from './tls.ts';
import { portOf, type Url } from './url.ts';
import type { Verbose } from './verbose.ts';

/** An open connection that further requests to the same place may use. */
export interface Link {
  id: number;
  key: string;
  client: HttpClientConnection;
  connection: Connection;
  /** Host and port as messages name it. */
  name: string;
}

/** When each step of a transfer was done, ms since 1970. */
export interface Timings {
  start: number;
  lookup?: number;
  connect?: number;
  secure?: number;
  pretransfer?: number;
  posttransfer?: number;
  starttransfer?: number;
  end?: number;
}

export interface ConnectRequest {
  url: Url;
  proxy: ProxyServer | undefined;
  tunnel: boolean;
  operation: Operation;
  tls: Omit<HandshakeOptions, 'host' | 'port' | 'now'>;
  trace: Trace;
  timings: Timings;
  verbose: Verbose | undefined;
  /** Told the status and head of a proxy's answer to CONNECT. */
  onConnectAnswer: (status: number, head: string) => Promise<void>;
}

/** How long an address is tried before the next one is tried beside it (libcurl's happy eyeballs), ms. */
const attemptDelay = 200;

/** The connections of one run of curl. */
export class Connector {
  readonly #process: Process;
  readonly #stack: NetworkStack;
  readonly #links: Link[] = [];
  readonly #resolved: Map<string, string[]>;
  #nextId = 0;
  /** New connections made, for `%{num_connects}`. */
  made = 0;

  /** `pinned`: `host:port` → addresses of --resolve; the cache of names looked up goes in there as well. */
  constructor(process: Process, stack: NetworkStack, pinned: Map<string, string[]>) {
    this.#process = process;
    this.#stack = stack;
    this.#resolved = pinned;
  }

  /** An idle connection to where the request goes, or a new one. Throws `CurlError`. */
  async link(request: ConnectRequest): Promise<Link> {
    const { url, proxy, tunnel, verbose, timings } = request;
    const versions = request.operation.last('http1.0', 'http1.1', 'http2', 'http2-prior-knowledge') ?? '';
    const target = `${url.scheme}://${url.host}:${portOf(url)}`;
    const via = proxy ? `${proxy.host}:${proxy.port}` : '';
    const key = proxy && !tunnel ? `via ${via}` : `${target} ${via} ${versions}`;
    const idle = this.#links.find((link) => link.key === key && link.client.reusable);
    if (idle) {
      const now = this.#process.kernel.now();
      Object.assign(timings, { lookup: now, connect: now, ...(url.scheme === 'https' && { secure: now }) });
      const kind = proxy ? `proxy ${proxy.host}` : `host ${url.host}`;
      await verbose?.info(`Reusing existing ${url.scheme}: connection with ${kind}`);
      return idle;
    }
    const id = this.#nextId++;
    try {
      return await this.#open(request, id, key);
    } catch (error) {
      if (error instanceof CurlError) {
        await verbose?.info(error.message);
        await verbose?.info(`closing connection #${id}`);
      }
      throw error;
    }
  }

  /** Ends a connection that cannot be used again. */
  async drop(link: Link, verbose: Verbose | undefined, broken: boolean): Promise<void> {
    this.#links.splice(this.#links.indexOf(link), 1);
    await verbose?.info(`${broken ? 'closing' : 'shutting down'} connection #${link.id}`);
    link.client.close();
  }

  closeAll(): void {
    for (const link of this.#links.splice(0)) link.client.close();
  }

  async #open(request: ConnectRequest, id: number, key: string): Promise<Link> {
    const { url, proxy, tunnel, operation, verbose, timings } = request;
    const { kernel } = this.#process;
    const place = connectTo(
      operation,
      proxy ? { host: proxy.host, port: proxy.port } : { host: url.host, port: portOf(url) },
    );
    const addresses = await this.#resolve(place, request);
    timings.lookup = kernel.now();
    const base = await this.#race(addresses, place.port, request);
    timings.connect = kernel.now();
    this.made++;
    let connection = base;
    let alpn: string | undefined;
    try {
      if (proxy && tunnel) await this.#tunnel(connection, request, proxy);
      if (url.scheme === 'https') {
        const secured = await this.#within(request, (now) =>
          handshake(connection, { ...request.tls, host: url.host, port: portOf(url), now }, verbose),
        );
        alpn = secured.session.alpn;
        connection = secured;
        timings.secure = kernel.now();
      }
    } catch (error) {
      base.close();
      throw error;
    }
    const { local, remote } = base;
    const name = `${url.host}:${portOf(url)}`;
    await verbose?.info(
      `Established connection to ${proxy ? proxy.host : url.host} (${remote.address} port ${remote.port}) from ${local.address} port ${local.port} `,
    );
    const prior = operation.last('http1.0', 'http1.1', 'http2', 'http2-prior-knowledge') === 'http2-prior-knowledge';
    const version2 = alpn === 'h2' || (url.scheme === 'http' && prior && !proxy);
    await verbose?.info(`using ${version2 ? 'HTTP/2' : 'HTTP/1.x'}`);
    const link: Link = { id, key, name, connection, client: httpClient(connection, version2 ? 'HTTP/2' : 'HTTP/1.1') };
    this.#links.push(link);
    return link;
  }

  async #resolve(place: { host: string; port: number }, request: ConnectRequest): Promise<string[]> {
    const { operation, proxy, verbose, timings } = request;
    const { host, port } = place;
    if (/^\d+(\.\d+){3}$/.test(host) || host.includes(':')) return [host];
    const pinned = this.#resolved.get(`${host.toLowerCase()}:${port}`) ?? this.#resolved.get(`*:${port}`);
    if (pinned) {
      await verbose?.info(`Hostname ${host} was found in DNS cache`);
      return pinned;
    }
    const { ipv4, ipv6 } = await this.#limited(
      request,
      this.#stack.resolve(host, request.trace),
      (elapsed) => `Resolving timed out after ${elapsed} milliseconds`,
      connectLimit(operation),
    );
    const family = operation.last('ipv4', 'ipv6');
    const [four, six] = [family === 'ipv6' ? [] : ipv4, family === 'ipv4' ? [] : ipv6];
    if (four.length + six.length === 0) {
      timings.lookup = this.#process.kernel.now();
      throw proxy
        ? new CurlError(5, `Could not resolve proxy: ${host}`)
        : new CurlError(6, `Could not resolve host: ${host}`);
    }
    await verbose?.info(`Host ${host}:${port} was resolved.`);
    await verbose?.info(`IPv6: ${six.join(', ') || '(none)'}`);
    await verbose?.info(`IPv4: ${four.join(', ') || '(none)'}`);
    const ordered: string[] = [];
    for (let at = 0; at < Math.max(four.length, six.length); at++) {
      for (const address of [six[at], four[at]]) if (address !== undefined) ordered.push(address);
    }
    this.#resolved.set(`${host.toLowerCase()}:${port}`, ordered);
    return ordered;
  }

  /** Tries the addresses in turn, the next one beside those that take long; the first that connects wins. */
  async #race(addresses: string[], port: number, request: ConnectRequest): Promise<Connection> {
    const { url, proxy, operation, verbose, trace, timings } = request;
    const { kernel, uid } = this.#process;
    const limit = connectLimit(operation);
    const attempt = new Promise<Connection>((resolve, reject) => {
      let [next, running, over] = [0, 0, false];
      let stopWaiting = () => {};
      const launch = () => {
        stopWaiting();
        const address = addresses[next++] as string;
        running++;
        const shown = address.includes(':') ? `[${address}]` : address;
        void verbose?.info(`  Trying ${shown}:${port}...`);
        const options = {
          destination: { address, port },
          uid,
          trace,
          timeout: limit + 1,
        };
        if (next < addresses.length) stopWaiting = kernel.wakeAt(kernel.now() + attemptDelay, launch);
        this.#stack.connect(options).then(connected, failed);

        function connected(connection: Connection): void {
          if (over) {
            connection.close();
            return;
          }
          over = true;
          stopWaiting();
          resolve(connection);
        }
        function failed(error: unknown): void {
          running--;
          if (over) return;
          if (error instanceof SocketError) void verbose?.info(failure(address, port, error));
          if (next < addresses.length) launch();
          else if (running === 0) {
            over = true;
            reject(error);
          }
        }
      };
      launch();
    });
    try {
      return await this.#limited(
        request,
        attempt,
        (elapsed) => `Connection timed out after ${elapsed} milliseconds`,
        limit,
      );
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      const elapsed = Math.floor(kernel.now() - timings.start);
      const via = proxy ? `via ${proxy.host} ` : '';
      const message = `Failed to connect to ${url.host} port ${portOf(url)} ${via}after ${elapsed} ms: Could not connect to server`;
      throw new CurlError(error.code === 'ETIMEDOUT' ? 28 : 7, message);
    }
  }

  async #tunnel(connection: Connection, request: ConnectRequest, proxy: ProxyServer): Promise<void> {
    const { url, operation, verbose, trace } = request;
    const authority = `${url.host.includes(':') ? `[${url.host}]` : url.host}:${portOf(url)}`;
    await verbose?.info('CONNECT: no ALPN negotiated');
    await verbose?.info('allocate connect buffer');
    await verbose?.info(`Establish HTTP proxy tunnel to ${authority}`);
    const agent = operation.value('user-agent') ?? 'curl/8.16.0';
    const message = {
      method: 'CONNECT',
      authority,
      target: authority,
      scheme: 'http' as const,
      protocol: 'HTTP/1.1' as const,
      headers: [
        ...(proxy.user ? [['Proxy-Authorization', `Basic ${toBase64(encode(proxy.user))}`] as const] : []),
        ...(agent === '' ? [] : [['User-Agent', agent] as const]),
        ['Proxy-Connection', 'Keep-Alive'] as const,
      ],
      body: new Uint8Array(),
    };
    await verbose?.show('headerOut', encodeRequest(message));
    let answer: Awaited<ReturnType<HttpClientConnection['exchange']>>;
    try {
      const late = (elapsed: number) => `Proxy CONNECT aborted due to timeout after ${elapsed} ms`;
      answer = await this.#limited(request, httpClient(connection, 'HTTP/1.1').exchange(message, trace), late);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      throw new CurlError(
        56,
        error.code === 'reset' ? 'Recv failure: Connection reset by peer' : 'Proxy CONNECT aborted',
      );
    }
    const head = formatHead(answer);
    for (const line of head.match(/[^\n]*\n/g) ?? []) await verbose?.show('headerIn', encode(line));
    await request.onConnectAnswer(answer.status, head);
    if (answer.status < 200 || answer.status > 299) {
      throw new CurlError(56, `CONNECT tunnel failed, response ${answer.status}`);
    }
    await verbose?.info('CONNECT phase completed');
    await verbose?.info(`CONNECT tunnel established, response ${answer.status}`);
  }

  #within<T>(request: ConnectRequest, action: (now: number) => Promise<T>): Promise<T> {
    const late = (elapsed: number) => `SSL connection timeout after ${elapsed} ms`;
    return this.#limited(request, action(this.#process.kernel.now()), late, connectLimit(request.operation));
  }

  /** Bounded by --max-time and, where given, by `limit` ms from the transfer's start, names looked up included. */
  #limited<T>(
    request: ConnectRequest,
    promise: Promise<T>,
    words: (elapsed: number) => string,
    limit?: number,
  ): Promise<T> {
    const { kernel } = this.#process;
    const { start } = request.timings;
    const whole = deadlineOf(request.operation, start);
    const ends = [whole, limit === undefined ? undefined : start + limit].filter((at) => at !== undefined);
    const at = ends.length > 0 ? Math.min(...ends) : undefined;
    return until(this.#process, promise, at, () => new CurlError(28, words(Math.floor(kernel.now() - start))));
  }
}

/** When --max-time is over, ms since 1970. */
export function deadlineOf(operation: Operation, start: number): number | undefined {
  const seconds = operation.number('max-time');
  return seconds ? start + seconds * 1000 : undefined;
}

/** libcurl gives up connecting after five minutes. */
function connectLimit(operation: Operation): number {
  const seconds = operation.number('connect-timeout');
  return (seconds || 300) * 1000;
}

function failure(address: string, port: number, error: SocketError): string {
  if (error.code === 'ENETUNREACH') return `Immediate connect fail for ${address}: ${error.message}`;
  const { local } = error;
  return `connect to ${address} port ${port}${local ? ` from ${local.address} port ${local.port}` : ''} failed: ${error.message}`;
}

/** --connect-to HOST:PORT:HOST:PORT, empty parts match and keep all. */
function connectTo(operation: Operation, place: { host: string; port: number }): { host: string; port: number } {
  for (const rule of operation.values('connect-to')) {
    const [, host = '', port = '', newHost = '', newPort = ''] =
      /^([^:]*):([^:]*):(\[[^\]]*\]|[^:]*):([^:]*)$/.exec(rule) ?? [];
    if (host !== '' && host.toLowerCase() !== place.host.toLowerCase()) continue;
    if (port !== '' && Number(port) !== place.port) continue;
    return { host: newHost.replace(/^\[|\]$/g, '') || place.host, port: Number(newPort) || place.port };
  }
  return place;
}
