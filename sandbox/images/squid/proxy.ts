import { decode } from '../../kernel/streams.ts';
import { isAddress } from '../../network/addresses.ts';
import { lookupHosts } from '../../network/dns.ts';
import { type HttpRequest, type HttpResponse, header } from '../../network/http.ts';
import { httpClient } from '../../network/http-client.ts';
import type { HttpAnswer, HttpExchange } from '../../network/http-server.ts';
import { encodeResponse, HttpError } from '../../network/http1.ts';
import { type Connection, type HeaderField, SocketError } from '../../network/socket.ts';
import type { Trace } from '../../network/trace.ts';
import type { DaemonContainer } from '../image.ts';
import { type AclContext, matches } from './acl.ts';
import type { SquidConfig, SquidPort } from './config.ts';
import { type ErrorName, errorResponse, version } from './error-page.ts';
import type { Transaction } from './log-format.ts';
import { closes, errnoOf, hopByHop, joined, type Target, targetOf } from './message.ts';
import { shovel } from './tunnel.ts';

/** User `proxy` of Debian's images. */
const proxyUid = 13;

/** What became of a request besides its answer. */
type Outcome = Pick<Transaction, 'result' | 'hierarchy' | 'peer'>;

const nobody: Pick<Transaction, 'hierarchy' | 'peer'> = { hierarchy: 'HIER_NONE', peer: undefined };

/** A forward proxy by its configuration: decides, fetches or tunnels, and reports every transaction that is over. */
export class ForwardProxy {
  readonly #container: DaemonContainer;
  readonly #config: SquidConfig;
  readonly #hostname: string;
  readonly #report: (transaction: Transaction, context: AclContext) => void;
  /** Open connections by client. */
  readonly #clients = new Map<string, number>();
  readonly #open = new Set<Connection>();

  constructor(
    container: DaemonContainer,
    config: SquidConfig,
    report: (transaction: Transaction, context: AclContext) => void,
  ) {
    this.#container = container;
    this.#config = config;
    this.#hostname = config.hostname ?? container.pod.hostname;
    this.#report = report;
  }

  accepted(connection: Connection): void {
    const { address } = connection.remote;
    this.#clients.set(address, (this.#clients.get(address) ?? 0) + 1);
    this.#open.add(connection);
    connection.onClose(() => {
      this.#open.delete(connection);
      this.#clients.set(address, (this.#clients.get(address) ?? 1) - 1);
    });
  }

  /** Breaks what is open, as the end of the process does. */
  dispose(): void {
    for (const connection of [...this.#open]) connection.reset();
    this.#open.clear();
  }

  async answer(port: SquidPort, request: HttpRequest, { connection, trace }: HttpExchange): Promise<HttpAnswer> {
    const { kernel } = this.#container;
    const begun = kernel.now();
    const target = targetOf(request);
    const context: AclContext = {
      client: connection.remote.address,
      local: connection.local,
      portName: port.name,
      request,
      ...(target ?? { url: request.target, protocol: 'none', host: '', port: 0, path: request.target }),
      destinations: [],
      connections: this.#clients.get(connection.remote.address) ?? 0,
      now: begun,
      random: () => kernel.random.float(),
    };
    const finish = (response: HttpResponse | undefined, status: number, bytes: number, outcome: Outcome) => {
      const type = response && header(response, 'content-type')?.split(';')[0]?.trim();
      const { client, url } = context;
      this.#report(
        { request, url: this.#loggedUrl(url), client, begun, ended: kernel.now(), status, bytes, type, ...outcome },
        context,
      );
    };
    const lasting = (response: HttpResponse): HttpResponse => {
      if (!closes(request)) return response;
      const headers = response.headers.map(
        (field): HeaderField => (field[0] === 'Connection' ? ['Connection', 'close'] : field),
      );
      return { ...response, headers };
    };
    const fail = (name: ErrorName, outcome: Outcome, errno = 0): HttpResponse => {
      const facts = {
        url: context.url,
        host: context.host,
        address: outcome.peer ?? '',
        errno,
        manager: this.#config.manager,
        hostname: this.#hostname,
        port: port.port,
        now: kernel.now(),
      };
      const response = lasting(errorResponse(name, facts));
      // A tunnel that cannot be dug is answered by tunnel.cc, which keeps no account of it.
      const size = encodeResponse(response, request.method).length;
      if (request.method === 'CONNECT' && outcome.result === 'TAG_NONE') finish(undefined, response.status, 0, outcome);
      else finish(response, response.status, size, outcome);
      return response;
    };
    if (!target) return fail('ERR_INVALID_URL', { result: 'TAG_NONE', ...nobody });
    if (this.#needsAddresses()) context.destinations = await this.#resolve(target.host);
    if (!this.#allowed(context)) {
      this.#note(trace, 'denied', request);
      return fail('ERR_ACCESS_DENIED', { result: 'TCP_DENIED', ...nobody });
    }
    this.#note(trace, 'allowed', request);
    const tunnel = request.method === 'CONNECT';
    if (!tunnel && target.protocol !== 'http') return fail('ERR_UNSUP_REQ', { result: 'TAG_NONE', ...nobody });
    const missed = tunnel ? 'TAG_NONE' : 'TCP_MISS';
    const addresses = context.destinations.length > 0 ? context.destinations : await this.#resolve(target.host);
    if (addresses.length === 0) return fail('ERR_DNS_FAIL', { result: missed, ...nobody });
    const server = await this.#connect(addresses, target.port, trace);
    if ('errno' in server) {
      const { errno, peer } = server;
      return fail('ERR_CONNECT_FAIL', { result: missed, hierarchy: 'HIER_DIRECT', peer }, errno);
    }
    const direct = { hierarchy: 'HIER_DIRECT', peer: server.remote.address };
    if (tunnel) {
      return {
        tunnel: {
          status: 200,
          reason: 'Connection established',
          protocol: 'HTTP/1.1',
          headers: [],
          body: new Uint8Array(),
        },
        take: (client, rest, segments) => {
          this.#open.add(server);
          shovel(client, segments, rest, server, (bytes) => {
            this.#open.delete(server);
            finish(undefined, 200, bytes, { result: 'TCP_TUNNEL', ...direct });
          });
        },
      };
    }
    const response = await this.#fetch(server, target, context, trace);
    if (!response) return fail('ERR_ZERO_SIZE_OBJECT', { result: 'TCP_MISS', ...direct });
    const answer = lasting(this.#passedBack(response, port));
    finish(answer, answer.status, encodeResponse(answer, request.method).length, { result: 'TCP_MISS', ...direct });
    return answer;
  }

  /** The answer to what is no HTTP at all, such as TLS on a plain port. */
  invalid(port: SquidPort, connection: Connection): Uint8Array {
    const now = this.#container.kernel.now();
    const url = 'error:invalid-request';
    const facts = { url, host: '', address: '', errno: 0, manager: this.#config.manager, hostname: this.#hostname };
    const page = errorResponse('ERR_INVALID_REQ', { ...facts, port: port.port, now });
    const headers = page.headers.map(
      (field): HeaderField => (field[0] === 'Connection' ? ['Connection', 'close'] : field),
    );
    const bytes = encodeResponse({ ...page, headers }, 'NONE');
    const client = connection.remote.address;
    const request: HttpRequest = {
      ...{ method: 'NONE', authority: '', target: url, scheme: 'http', protocol: 'HTTP/1.0', headers: [] },
      body: new Uint8Array(),
    };
    const context: AclContext = {
      ...{ client, local: connection.local, portName: port.name, request, url, protocol: 'none', host: '', port: 0 },
      ...{ path: '', destinations: [], connections: this.#clients.get(client) ?? 0, now, random: () => 0 },
    };
    const outcome = { result: 'TAG_NONE', status: 400, bytes: bytes.length, type: 'text/html', ...nobody };
    this.#report({ request, url, client, begun: now, ended: now, ...outcome }, context);
    return bytes;
  }

  #loggedUrl(url: string): string {
    return this.#config.stripQuery ? url.replace(/\?.*$/, '?') : url;
  }

  #needsAddresses(): boolean {
    return this.#config.access.some(({ terms }) => terms.some(({ acl }) => acl.needsAddresses));
  }

  /** The first rule that matches decides; if none does, the opposite of the last one. */
  #allowed(context: AclContext): boolean {
    const { access } = this.#config;
    const rule = access.find(({ terms }) => matches(terms, context));
    return rule ? rule.allow : !(access.at(-1)?.allow ?? true);
  }

  #note(trace: Trace | undefined, decision: string, request: HttpRequest): void {
    const { pod, kernel } = this.#container;
    const details = { program: 'squid', method: request.method, target: request.target };
    trace?.hops.push({ at: kernel.now(), where: `${pod.namespace}/${pod.name}`, layer: 'program', decision, details });
  }

  /** Addresses of a host, by hosts(5) and the name server; search domains are not used (dns_defnames off). */
  async #resolve(host: string): Promise<string[]> {
    if (isAddress(host)) return [host];
    const { files, network } = this.#container;
    const hosts = files.exists('/etc/hosts') ? decode(files.readFile('/etc/hosts')) : '';
    const { ipv4, ipv6 } = lookupHosts(hosts, host) ?? (await network.resolve(`${host}.`));
    return this.#config.v4First ? [...ipv4, ...ipv6] : [...ipv6, ...ipv4];
  }

  /** Tries the addresses in turn; the last failure if none answers. */
  async #connect(
    addresses: readonly string[],
    port: number,
    trace: Trace | undefined,
  ): Promise<Connection | { errno: number; peer: string }> {
    let failure = { errno: 0, peer: '' };
    for (const address of addresses) {
      try {
        return await this.#container.network.connect({
          destination: { address, port },
          uid: proxyUid,
          timeout: this.#config.connectTimeout,
          ...(trace && { trace }),
        });
      } catch (error) {
        if (!(error instanceof SocketError)) throw error;
        failure = { errno: errnoOf(error), peer: address };
      }
    }
    return failure;
  }

  /** Asks the origin server; undefined where it hung up. */
  async #fetch(
    server: Connection,
    target: Target,
    { request, client }: AclContext,
    trace: Trace | undefined,
  ): Promise<HttpResponse | undefined> {
    const headers = request.headers.filter(([name]) => !hopByHop.has(name.toLowerCase()));
    const { via, forwardedFor } = this.#config;
    const given = (name: string) => headers.find(([field]) => field.toLowerCase() === name)?.[1];
    const put = (name: string, value: string) => {
      const at = headers.findIndex(([field]) => field.toLowerCase() === name.toLowerCase());
      if (at >= 0) headers.splice(at, 1);
      headers.push([name, value]);
    };
    if (via) put('Via', joined(given('via'), `${request.protocol.replace('HTTP/', '')} ${this.#thisCache()}`));
    if (forwardedFor === 'on') put('X-Forwarded-For', joined(given('x-forwarded-for'), client));
    else if (forwardedFor === 'off') put('X-Forwarded-For', joined(given('x-forwarded-for'), 'unknown'));
    else if (forwardedFor === 'truncate') put('X-Forwarded-For', client);
    const control = given('cache-control');
    if (!control?.includes('max-age')) put('Cache-Control', joined(control, 'max-age=259200'));
    put('Connection', 'keep-alive');
    const sent = headers.filter(([name]) => forwardedFor !== 'delete' || name.toLowerCase() !== 'x-forwarded-for');
    const authority = target.port === 80 ? target.host : `${target.host}:${target.port}`;
    const asked: HttpRequest = { ...request, authority, target: target.path, protocol: 'HTTP/1.1', headers: sent };
    this.#open.add(server);
    try {
      return await httpClient(server, 'HTTP/1.1').exchange(asked, trace);
    } catch (error) {
      if (error instanceof HttpError) return undefined;
      throw error;
    } finally {
      this.#open.delete(server);
      server.close();
    }
  }

  #thisCache(): string {
    return `${this.#hostname} (squid/${version})`;
  }

  /** What the client sees of an origin server's answer. */
  #passedBack(response: HttpResponse, port: SquidPort): HttpResponse {
    const chunked = header(response, 'transfer-encoding') !== undefined;
    const via = header(response, 'via');
    const headers: HeaderField[] = response.headers.filter(
      ([name]) => !hopByHop.has(name.toLowerCase()) && name.toLowerCase() !== 'via',
    );
    headers.push(['X-Cache', `MISS from ${this.#hostname}`]);
    headers.push(['X-Cache-Lookup', `MISS from ${this.#hostname}:${port.port}`]);
    if (chunked) headers.push(['Transfer-Encoding', 'chunked']);
    if (this.#config.via) headers.push(['Via', joined(via, `1.1 ${this.#thisCache()}`)]);
    else if (via !== undefined) headers.push(['Via', via]);
    headers.push(['Connection', 'keep-alive']);
    return { ...response, protocol: 'HTTP/1.1', headers };
  }
}
