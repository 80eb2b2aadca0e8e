import type { ProxyContext } from '../context.ts';
import type { HttpStream, Response } from '../http/stream.ts';
import type { StreamInfo } from '../stream-info.ts';
import type { Any } from '../xds/types.ts';

/** One HTTP filter of a connection manager. State of a request belongs into the stream, of a filter into the proxy. */
export interface HttpFilter {
  /** An answer ends the request here: filters after this one do not see it. */
  onRequest?(stream: HttpStream): Response | undefined | Promise<Response | undefined>;
  /** Sees every response that passes, this proxy's own included; filters run in reverse order. */
  onResponse?(stream: HttpStream, response: Response): void;
  /** The request is over, answered or given up (an access log handler of the filter). */
  onLog?(info: StreamInfo): void;
}

/** Makes a filter from its configuration; throws what Envoy says of one it refuses. */
export type HttpFilterFactory = (config: Any, context: ProxyContext, direction: Direction) => HttpFilter;

/** Of the listener: which of Istio's two sides this is. */
export type Direction = 'INBOUND' | 'OUTBOUND' | undefined;

/** The fields of a TypedStruct, or the message's own. */
export function settings(config: Any): Record<string, unknown> {
  return config['@type'].endsWith('TypedStruct') ? ((config.value ?? {}) as Record<string, unknown>) : config;
}
