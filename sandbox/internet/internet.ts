import type { Kernel } from '../kernel/kernel.ts';
import { encode } from '../kernel/streams.ts';
import type { DnsRecord } from '../network/dns.ts';
import type { HttpRequest, HttpResponse } from '../network/http.ts';
import { type HttpExchange, serveHttp } from '../network/http-server.ts';
import type { Network } from '../network/network.ts';
import type { CertificateChain, Connection, HeaderField } from '../network/socket.ts';
import { TlsError, tlsAccept } from '../network/tls.ts';
import { type Site, type SiteContext, titleCase } from './site.ts';

const dayLength = 86_400_000;

/** Attaches the world to a network: names, addresses, servers. Done again after a restore it makes the same world. */
export function attachInternet(network: Network, sites: readonly Site[], epoch: number): void {
  const records = new Map<string, DnsRecord>();
  for (const site of sites) {
    for (const { name, cname, ipv4, ipv6 } of site.hosts) {
      records.set(name, cname ? { cname } : { ipv4: ipv4 ?? [], ipv6: ipv6 ?? [] });
    }
    attachSite(network, site, epoch);
  }
  network.setZone('internet', records);
}

function attachSite(network: Network, site: Site, epoch: number): void {
  const addresses = [...new Set([...site.hosts.flatMap(({ ipv4 = [] }) => ipv4), ...(site.aliases ?? [])])];
  const [address, ...aliases] = addresses;
  if (address === undefined) throw new Error(`internet: ${site.id} has no address`);
  const stack = network.addNamespace({ id: site.id, address, aliases, latency: site.latency, outside: true });
  stack.listen(80, (connection) => void serve(network.kernel, site, connection, false));
  const shown = site.certificate;
  if (!shown) return;
  const { age, left, ...names } = shown;
  const certificate: CertificateChain = {
    ...names,
    notBefore: epoch - age * dayLength,
    notAfter: epoch + left * dayLength,
  };
  stack.listen(443, (connection) => void serveTls(network.kernel, site, connection, certificate));
}

async function serveTls(
  kernel: Kernel,
  site: Site,
  connection: Connection,
  certificate: CertificateChain,
): Promise<void> {
  try {
    const plaintext = site.plaintextAnswer && { plaintextAnswer: encode(site.plaintextAnswer(kernel.now())) };
    const options = { certificate: () => certificate, alpn: ['h2', 'http/1.1'], ...plaintext };
    const secure = await tlsAccept(connection, options);
    await serve(kernel, site, secure, true);
  } catch (error) {
    if (!(error instanceof TlsError)) connection.reset();
  }
}

function serve(kernel: Kernel, site: Site, connection: Connection, secure: boolean): Promise<void> {
  return serveHttp(connection, (request, exchange) => answer(kernel, site, request, exchange, secure));
}

async function answer(
  kernel: Kernel,
  site: Site,
  request: HttpRequest,
  exchange: HttpExchange,
  secure: boolean,
): Promise<HttpResponse | 'close'> {
  const { connection, trace, gone } = exchange;
  const context: SiteContext = {
    now: kernel.now(),
    client: connection.remote.address,
    server: connection.local.address,
    secure,
    hex: (digits) => kernel.random.hex(digits),
  };
  const { status, headers, body, delay = 0 } = site.handle(request, context);
  try {
    if (delay > 0) await kernel.sleep(delay, gone);
  } catch {
    return 'close';
  }
  trace?.hops.push({
    at: kernel.now(),
    where: site.id,
    layer: 'response',
    decision: 'answered',
    details: {
      status,
      method: request.method,
      authority: request.authority,
      target: request.target,
      protocol: request.protocol,
    },
  });
  const bytes = typeof body === 'string' ? encode(body) : body;
  const fields = request.protocol === 'HTTP/2' ? withoutHopByHop(headers) : headers.map(titled);
  return {
    status,
    protocol: request.protocol,
    headers: fields,
    body: request.method === 'HEAD' ? new Uint8Array() : bytes,
  };
}

const titled = ([name, value]: HeaderField): HeaderField => [titleCase(name), value];

/** HTTP/2 knows no connection-specific fields (RFC 9113 section 8.2.2). */
function withoutHopByHop(headers: readonly HeaderField[]): HeaderField[] {
  return headers.filter(([name]) => name !== 'connection');
}
