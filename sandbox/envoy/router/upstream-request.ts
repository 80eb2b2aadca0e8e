import type { HttpRequest, HttpResponse } from '../../network/http.ts';
import { HttpError } from '../../network/http1.ts';
import { SocketError } from '../../network/socket.ts';
import { TlsError } from '../../network/tls.ts';
import type { HttpStream } from '../http/stream.ts';
import type { Cluster, Host } from '../upstream/cluster.ts';
import type { Lease } from '../upstream/connection-pools.ts';
import { UpstreamFailure } from '../upstream/failure.ts';

/** One try of a request at one host. */
export class UpstreamRequest {
  readonly #stream: HttpStream;
  readonly #cluster: Cluster;
  readonly #host: Host;
  readonly #end: () => void;
  #lease: Lease | undefined;
  #aborted = false;
  #cancel: (() => void) | undefined;
  /** Called when the request has a connection. */
  onReady: (lease: Lease) => void = () => {};

  constructor(stream: HttpStream, cluster: Cluster, host: Host) {
    this.#stream = stream;
    this.#cluster = cluster;
    this.#host = host;
    this.#end = stream.context.clusters.begin(cluster, host);
  }

  /** The whole response; rejects with `UpstreamFailure`. */
  async run(): Promise<HttpResponse> {
    try {
      const lease = await this.#connect();
      try {
        const response = await lease.client.exchange(this.#request(lease), this.#stream.trace, (cancel) => {
          this.#cancel = cancel;
        });
        lease.release();
        return response;
      } catch (error) {
        if (!this.#aborted) lease.release();
        throw exchangeFailure(error);
      }
    } finally {
      this.#end();
    }
  }

  /** Gives the try up. */
  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#cancel?.();
    this.#lease?.abort();
    this.#end();
  }

  async #connect(): Promise<Lease> {
    const { context, head, alpnOverride, trace, info } = this.#stream;
    const cluster = this.#cluster;
    const protocol = cluster.protocol(this.#stream.protocol);
    const overridden = cluster.config.metadata?.filterMetadata?.istio?.alpn_override !== 'false';
    const lease = await context.clusters.pools.lease(cluster, this.#host, {
      protocol,
      tls: {
        alpn: overridden ? alpnOverride?.(protocol) : undefined,
        autoSni: cluster.autoSni ? head.authority.replace(/:\d+$/, '') : undefined,
        autoSanValidation: cluster.autoSanValidation,
      },
      downstream: info.downstream,
      trace,
    });
    if (this.#aborted) {
      lease.abort();
      throw new UpstreamFailure('local reset');
    }
    this.#lease = lease;
    this.onReady(lease);
    return lease;
  }

  #request(lease: Lease): HttpRequest {
    const { head, body } = this.#stream;
    const headers = head.headers.fields();
    const framed = head.headers.has('content-length');
    if (lease.client.protocol === 'HTTP/1.1' && body.length > 0 && !framed)
      headers.push(['transfer-encoding', 'chunked']);
    return {
      method: head.method,
      authority: head.authority,
      target: head.path,
      scheme: head.scheme,
      protocol: lease.client.protocol,
      headers,
      body,
    };
  }
}

function exchangeFailure(error: unknown): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error;
  if (error instanceof HttpError) {
    if (error.code === 'malformed' || error.code === 'not-bytes') return new UpstreamFailure('protocol error');
    if (error.code === 'stream-reset') {
      return new UpstreamFailure(error.message === 'REFUSED_STREAM' ? 'remote refused stream reset' : 'remote reset');
    }
    return new UpstreamFailure('connection termination');
  }
  // An alert after the handshake, such as for a missing client certificate, ends the connection.
  if (error instanceof TlsError || error instanceof SocketError) return new UpstreamFailure('connection termination');
  throw error;
}
