import { type ByteReader, concat, decode } from '../../kernel/streams.ts';
import type { ApiRequest, ApiResponse, ApiTransport } from '../../kubernetes/apiserver/http.ts';
import { asStatus, StatusError } from './errors.ts';
import type { Mapping } from './mapper.ts';
import { isRecord } from './objects.ts';

export interface RequestOptions {
  query?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
  accept?: string;
  /** exec, attach: the connection is to switch protocols. */
  upgrade?: boolean;
  /** Discovery is what a real kubectl has in its cache: it takes no time. */
  free?: boolean;
}

/** Speaks HTTP with the API server for one run of kubectl. */
export class Client {
  readonly #transport: ApiTransport;
  readonly #pause: (milliseconds: number) => Promise<void>;
  readonly #warn: (text: string) => void;
  readonly #headers: Record<string, string>;

  /** `pause`: lets a request's time pass; `warn`: shows a warning of the server. */
  constructor(
    transport: ApiTransport,
    options: {
      pause: (milliseconds: number) => Promise<void>;
      warn: (text: string) => void;
      headers: Record<string, string>;
    },
  ) {
    this.#transport = transport;
    this.#pause = options.pause;
    this.#warn = options.warn;
    this.#headers = options.headers;
  }

  /** The answer to a request; a refusal is thrown as `StatusError`. */
  async request(method: ApiRequest['method'], path: string, options: RequestOptions = {}): Promise<ApiResponse> {
    if (!options.free) await this.#pause(method === 'GET' ? 1 : 3);
    const response = this.#transport(this.#request(method, path, options));
    for (const warning of warnings(response.headers.warning)) this.#warn(warning);
    if (response.status >= 400) throw new StatusError(refusal(response, method, path));
    return response;
  }

  /** The JSON body of the answer. */
  async json<T = Record<string, unknown>>(
    method: ApiRequest['method'],
    path: string,
    options: RequestOptions = {},
  ): Promise<T> {
    const response = await this.request(method, path, options);
    return JSON.parse(response.stream ? await readAll(response.stream) : (response.body ?? 'null')) as T;
  }

  /** A text that only discovery asks for: no time passes. */
  discover(path: string, accept: string): ApiResponse {
    return this.#transport(this.#request('GET', path, { accept }));
  }

  #request(method: ApiRequest['method'], path: string, options: RequestOptions): ApiRequest {
    const pairs = Object.entries(options.query ?? {}).filter(([, value]) => value !== undefined && value !== '');
    const query = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value as string)}`).join('&');
    const headers: Record<string, string> = { accept: options.accept ?? 'application/json', ...this.#headers };
    const request: ApiRequest = { method, url: query === '' ? path : `${path}?${query}`, headers };
    if (options.upgrade) {
      headers.connection = 'Upgrade';
      headers.upgrade = 'websocket';
      headers['sec-websocket-protocol'] = 'v5.channel.k8s.io';
    }
    if (options.body !== undefined) {
      headers['content-type'] = options.contentType ?? 'application/json';
      request.body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body);
    }
    return request;
  }
}

/** A body that comes in pieces (OpenAPI documents, whose descriptions are fetched first). */
async function readAll(stream: ByteReader): Promise<string> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await stream.read(); chunk; chunk = await stream.read()) chunks.push(chunk);
  return decode(concat(chunks));
}

function refusal(response: ApiResponse, method: string, path: string) {
  try {
    const body: unknown = JSON.parse(response.body ?? '');
    if (isRecord(body) && body.kind === 'Status') return asStatus(body as never);
  } catch {
    // Not a Status: what client-go makes of a plain answer follows.
  }
  if (response.status === 404) {
    const verb = method === 'GET' ? 'get' : method.toLowerCase();
    const place = /\/(?:namespaces\/[^/]+\/)?([a-z]+)(?:\/([^/]+))?$/.exec(path);
    const raw = !/^\/apis?\//.test(path);
    const what = place && !raw ? ` (${verb} ${place[1]}${place[2] ? ` ${place[2]}` : ''})` : '';
    return { reason: 'NotFound', code: 404, message: `the server could not find the requested resource${what}` };
  }
  return {
    reason: response.status === 405 ? 'MethodNotAllowed' : 'InternalError',
    code: response.status,
    message: response.body || `an error on the server ("unknown") has prevented the request from succeeding`,
  };
}

/** The texts of a Warning header (RFC 7234), which may hold several. */
function warnings(header: string | undefined): string[] {
  if (!header) return [];
  return [...header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    (match[1] as string).replace(/\\(.)/g, '$1'),
  );
}

/** The path of a kind, or of one object of it. */
export function resourcePath(mapping: Mapping, namespace: string, name?: string, subresource?: string): string {
  let path = mapping.group === '' ? `/api/${mapping.version}` : `/apis/${mapping.group}/${mapping.version}`;
  if (mapping.namespaced && namespace !== '') path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${mapping.resource}`;
  if (name !== undefined) path += `/${encodeURIComponent(name)}`;
  return subresource ? `${path}/${subresource}` : path;
}
