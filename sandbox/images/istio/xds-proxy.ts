import type { ProxyNode, Push, XdsServer, XdsStream } from '../../envoy/xds/server.ts';
import { formatMicros } from '../../kernel/time.ts';
import type { DaemonContainer } from '../image.ts';

/** gRPC's dial timeout, ms. */
const dialTimeout = 20_000;
/** Envoy's back-off between streams: from half a second to half a minute, ms. */
const [firstDelay, longestDelay] = [500, 30_000];
/** Only what has failed for longer is worth a warning (Envoy's grpc_stream.h), ms. */
const silentFor = 30_000;

/** The key under which the container wakes `retry`. */
export const retryKey = 'xds';

/**
 * What stands between Envoy and istiod in a pilot-agent (pkg/istio-agent/xds_proxy.go): it dials the discovery address over the
 * pod's network, so where a NetworkPolicy swallows that, there is no configuration and the proxy does not become ready. A stream
 * that stands is not asked about again.
 */
export class XdsProxy implements XdsServer {
  readonly #container: DaemonContainer;
  readonly #upstream: XdsServer;
  readonly #address: string;
  #attempt: (() => void) | undefined;

  /** `address`: `istiod.istio-system.svc:15012`. */
  constructor(container: DaemonContainer, upstream: XdsServer, address: string) {
    this.#container = container;
    this.#upstream = upstream;
    this.#address = address;
  }

  connect(node: ProxyNode, receive: (push: Push) => void): XdsStream {
    const { state } = this.#container;
    // After a restore: the timer that was set goes on.
    const waiting = state.xdsFailingSince !== undefined;
    if (!waiting && (state.configured || !this.#failure())) return this.#upstream.connect(node, receive);
    let stream: XdsStream | undefined;
    this.#attempt = () => {
      this.#attempt = undefined;
      const early: Push[] = [];
      stream = this.#upstream.connect(node, (push) => {
        if (stream) receive(push);
        else early.push(push);
      });
      for (const push of early) receive(push);
    };
    if (!waiting) {
      this.#container.after(dialTimeout, retryKey, { idle: true });
      state.xdsFailingSince = this.#container.kernel.now() + dialTimeout;
    }
    return {
      acknowledge: (nonce, error) => stream?.acknowledge(nonce, error),
      secret: (name) => stream?.secret(name),
      close: () => {
        this.#attempt = undefined;
        stream?.close();
      },
    };
  }

  /** An attempt is over: connected, or the next one follows. */
  retry(): void {
    if (!this.#attempt) return;
    const { kernel, state } = this.#container;
    const failure = this.#failure();
    if (!failure) {
      delete state.xdsFailingSince;
      delete state.xdsAttempts;
      this.#attempt();
      return;
    }
    const failing = kernel.now() - Number(state.xdsFailingSince);
    if (failing > silentFor) this.#warn(Math.floor(failing / 1000), failure);
    const attempts = Number(state.xdsAttempts ?? 0) + 1;
    state.xdsAttempts = attempts;
    const pause = kernel.random.between(1, Math.min(longestDelay, firstDelay * 2 ** attempts));
    this.#container.after(dialTimeout + pause, retryKey, { idle: true });
  }

  /** Why dialing fails, in Go's words; undefined: it does not. */
  #failure(): string | undefined {
    const { network } = this.#container;
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(this.#address) ?? [];
    const swallowed = network.swallows(host, Number(port));
    if (!swallowed) return undefined;
    const { address } = swallowed;
    return address === undefined ? `dial tcp: lookup ${host}: i/o timeout` : `dial tcp ${address}:${port}: i/o timeout`;
  }

  #warn(seconds: number, failure: string): void {
    const where = 'external/envoy/source/extensions/config_subscription/grpc/grpc_stream.h:226';
    const why = `connection error: desc = "transport: Error while dialing: ${failure}"`;
    const message = `DeltaAggregatedResources gRPC config stream to xds-grpc closed since ${seconds}s ago: 14, ${why}`;
    const time = formatMicros(this.#container.kernel.now());
    this.#container.log(`${time}\twarning\tenvoy config ${where}\t${message}\tthread=14`);
  }
}
