import type { JsonObject } from '../../kernel/json.ts';
import type { ByteReader } from '../../kernel/streams.ts';
import type { RemoteCommand, RemoteStreams } from './http.ts';

/** What the API server asks of a node: logs and exec go on to the kubelet there. Refusals are thrown as `ApiError`. */
export interface NodeBackend {
  logs(query: LogQuery): { text: string } | { stream: ByteReader };
  exec(query: ExecQuery): (streams: RemoteStreams) => RemoteCommand;
}

export interface LogQuery {
  namespace: string;
  pod: string;
  container?: string;
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  tailLines?: number;
  sinceSeconds?: number;
  sinceTime?: string;
  limitBytes?: number;
}

export interface ExecQuery {
  namespace: string;
  pod: string;
  container?: string;
  command: string[];
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** Calls an admission webhook's service and path. `error` is what the HTTP client would say when nobody answers. */
export interface WebhookBackend {
  call(
    target: { namespace: string; service: string; path: string; port: number },
    review: JsonObject,
  ): { response: JsonObject } | { error: string };
}
