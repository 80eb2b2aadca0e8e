import { isAddress, isLoopback } from '../../network/addresses.ts';
import type { TlsSession } from '../../network/socket.ts';
import type { ProxyContext } from '../context.ts';
import type { RequestHead } from '../headers.ts';
import type { Downstream, StreamInfo } from '../stream-info.ts';
import type { ManagerConfig } from './config.ts';

/** Stripped from all requests of outside clients. */
const untrustedHeaders = [
  'x-envoy-retriable-status-codes',
  'x-envoy-retriable-header-names',
  'x-envoy-retry-on',
  'x-envoy-retry-grpc-on',
  'x-envoy-max-retries',
  'x-envoy-upstream-alt-stat-name',
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-force-trace',
  'x-envoy-ip-tags',
  'x-envoy-original-url',
  'x-envoy-hedge-on-per-try-timeout',
];

/** Stripped at the edge only. */
const edgeHeaders = [
  'x-envoy-decorator-operation',
  'x-envoy-downstream-service-cluster',
  'x-envoy-downstream-service-node',
  'x-envoy-original-path',
];

/** What a connection manager does to every request's headers (ConnectionManagerUtility::mutateRequestHeaders). */
export function mutateRequestHeaders(
  head: RequestHead,
  config: ManagerConfig,
  downstream: Downstream,
  info: StreamInfo,
  context: ProxyContext,
): void {
  const { headers } = head;
  const upgrade = /(^|,)\s*upgrade\s*(,|$)/i.test(headers.get('connection') ?? '') && headers.has('upgrade');
  if (!upgrade) headers.remove('connection', 'upgrade');
  if (headers.has('te') && headers.get('te') !== 'trailers') headers.remove('te');
  headers.remove('x-envoy-internal', 'keep-alive', 'proxy-connection', 'transfer-encoding');

  const proto = downstream.tls ? 'https' : 'http';
  if (config.useRemoteAddress) {
    info.remoteAddress = downstream.remote;
    const { address } = downstream.remote;
    headers.append('x-forwarded-for', isLoopback(address) ? context.stack.address : address);
    headers.set('x-forwarded-proto', proto);
  } else {
    const list = (headers.get('x-forwarded-for') ?? '').split(',');
    const last = (list.at(-1) ?? '').trim();
    if (isAddress(last)) info.remoteAddress = { address: last, port: 0 };
  }
  if (!headers.has('x-forwarded-proto')) headers.set('x-forwarded-proto', proto);
  head.scheme = headers.get('x-forwarded-proto') === 'https' ? 'https' : 'http';

  // Since Envoy 1.33 no address counts as internal unless the configuration names ranges; Istio's doesn't.
  const edge = config.useRemoteAddress;
  if (edge) {
    headers.remove(...edgeHeaders);
    headers.set('x-envoy-external-address', info.remoteAddress?.address ?? downstream.remote.address);
  }
  headers.remove(...untrustedHeaders);
  mutateClientCertificate(head, config, downstream.tls);
  if (edge || !headers.has('x-request-id')) headers.set('x-request-id', context.kernel.random.uuid());
}

/** x-forwarded-client-cert (mutateXfccRequestHeader). */
function mutateClientCertificate(head: RequestHead, config: ManagerConfig, tls: TlsSession | undefined): void {
  const name = 'x-forwarded-client-cert';
  const { headers } = head;
  const mode = config.forwardClientCertDetails;
  if (mode === 'ALWAYS_FORWARD_ONLY') return;
  const peer = tls?.clientCertificate;
  if (!tls || !peer || mode === 'SANITIZE') {
    headers.remove(name);
    return;
  }
  if (mode === 'FORWARD_ONLY') return;
  const isUri = (entry: string) => entry.includes('://');
  const own = tls.serverCertificate.subjectAltNames.find(isUri);
  const wanted = config.setCurrentClientCertDetails;
  const details: string[] = [];
  if (own) details.push(`By=${own}`);
  if (peer.hash) details.push(`Hash=${peer.hash}`);
  if (wanted.cert && peer.pem) details.push(`Cert="${urlEncoded(peer.pem)}"`);
  if (wanted.subject) details.push(`Subject="${rfc2253(peer.subject)}"`);
  if (wanted.uri) details.push(...peer.subjectAltNames.filter(isUri).map((uri) => `URI=${uri}`));
  if (wanted.dns) details.push(...peer.subjectAltNames.filter((entry) => !isUri(entry)).map((dns) => `DNS=${dns}`));
  if (mode === 'APPEND_FORWARD') headers.append(name, details.join(';'));
  else headers.set(name, details.join(';'));
}

/** A name from its most to its least significant attribute reversed, as Envoy prints it. */
function rfc2253(name: string): string {
  return name.split(',').reverse().join(',');
}

/** What of a PEM text would disturb a header, as Envoy encodes it. */
function urlEncoded(pem: string): string {
  return pem.replace(/[\n +/=]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
