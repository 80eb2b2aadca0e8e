import type { ProxyConfiguration, Secret } from './types.ts';

/** Who asks for configuration, as the bootstrap's node says. */
export interface ProxyNode {
  /** `sidecar~10.244.0.9~curl-x.default~default.svc.cluster.local`. */
  id: string;
  namespace: string;
  pod: string;
}

/** One push. `version` changes exactly when `configuration` does. */
export interface Push {
  /** Push version as istiod prints it: `2026-01-31T10:00:00Z/12`. */
  version: string;
  nonce: string;
  /** Which of `LDS`, `CDS`, `RDS`, `EDS` differ from the push before. */
  changed: readonly ('CDS' | 'EDS' | 'LDS' | 'RDS')[];
  configuration: ProxyConfiguration;
}

/**
 * The discovery server as a proxy sees it (ADS and SDS on port 15012). State that must survive a snapshot (who is connected,
 * what was sent and acknowledged) is the server's; after a restore proxies connect again and get what they had.
 */
export interface XdsServer {
  /** Subscribes a proxy; `receive` is called with the first configuration and with each that differs. */
  connect(node: ProxyNode, receive: (push: Push) => void): XdsStream;
}

export interface XdsStream {
  /** The proxy took the push (or not, with Envoy's words). */
  acknowledge(nonce: string, error?: string): void;
  /** SDS. Undefined: istiod has no such secret for this proxy. */
  secret(name: string): Secret | undefined;
  close(): void;
}
