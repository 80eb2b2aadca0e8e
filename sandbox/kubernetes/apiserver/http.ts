import type { OpenFile } from '../../kernel/files.ts';
import type { ByteReader } from '../../kernel/streams.ts';

/** A request to the API server, as on the wire. */
export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query: `/api/v1/namespaces/default/pods?labelSelector=app%3Dcurl`. */
  url: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  body?: string;
  /** Who asks; the default is `kubernetes-admin`. */
  user?: string;
}

/** Its answer. Exactly one of `body`, `stream` and `upgrade` is there. */
export interface ApiResponse {
  status: number;
  headers: Record<string, string>;
  /** A whole body, JSON unless the headers say otherwise. */
  body?: string;
  /** A body that goes on: a watch (one JSON event a line), followed logs. Cancel it to hang up. */
  stream?: ByteReader;
  /** exec, attach: the connection switches protocols; call it with the streams of the command. */
  upgrade?: (streams: RemoteStreams) => RemoteCommand;
}

export interface RemoteStreams {
  stdin?: OpenFile;
  stdout: OpenFile;
  stderr: OpenFile;
}

export interface RemoteCommand {
  /** What channel 3 of the protocol says at the end: exit code 0, another, or a message of the runtime. */
  exited: Promise<{ exitCode: number; error?: string }>;
  /** Hang up: the remote process gets no more input and its output is dropped. */
  close(): void;
  /** Ctrl-C on the command's terminal: its foreground process gets SIGINT. Only there with a terminal. */
  interrupt?(): void;
}

/** How kubectl and istioctl reach the cluster. Answers at once; only streams wait. */
export type ApiTransport = (request: ApiRequest) => ApiResponse;
