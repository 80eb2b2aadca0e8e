import type { InstallTarget } from '../../istio/install/target.ts';
import { writeEnd } from '../../kernel/open-files.ts';
import type { Process } from '../../kernel/process.ts';
import { Sink } from '../../kernel/streams.ts';
import type { ApiTransport } from '../../kubernetes/apiserver/http.ts';
import type { GroupVersionResource, KubernetesObject } from '../../kubernetes/objects.ts';
import { IstioctlError } from './errors.ts';

/** A refusal of the API server. */
export class ApiFailure extends IstioctlError {
  override name = 'ApiFailure';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The cluster as istioctl reaches it: HTTP to the API server. */
export class Api implements InstallTarget {
  readonly #transport: ApiTransport;
  #served: Set<string> | undefined;

  constructor(transport: ApiTransport) {
    this.#transport = transport;
  }

  get(resource: GroupVersionResource, namespace: string | undefined, name: string): KubernetesObject | undefined {
    try {
      return this.#request('GET', pathOf(resource, namespace, name)) as KubernetesObject;
    } catch (error) {
      if (error instanceof ApiFailure && error.status === 404) return undefined;
      throw error;
    }
  }

  list(
    resource: GroupVersionResource,
    labels: Record<string, string> = {},
    options: { namespace?: string; fieldSelector?: string } = {},
  ): readonly KubernetesObject[] {
    const selector = Object.entries(labels).map(([key, value]) => (value === '*' ? key : `${key}=${value}`));
    const query = [
      ...(selector.length > 0 ? [`labelSelector=${encodeQuery(selector.join(','))}`] : []),
      ...(options.fieldSelector ? [`fieldSelector=${encodeQuery(options.fieldSelector)}`] : []),
    ];
    const path = `${pathOf(resource, options.namespace)}${query.length > 0 ? `?${query.join('&')}` : ''}`;
    const { items, kind, apiVersion } = this.#request('GET', path) as {
      items?: KubernetesObject[];
      kind?: string;
      apiVersion?: string;
    };
    // Items of a list do not say their kind.
    return (items ?? []).map((item) => ({
      ...item,
      apiVersion: apiVersion ?? '',
      kind: (kind ?? '').replace(/List$/, ''),
    }));
  }

  create(resource: GroupVersionResource, object: KubernetesObject): void {
    this.#request('POST', `${pathOf(resource, object.metadata.namespace)}?fieldManager=istio-operator`, object);
  }

  update(resource: GroupVersionResource, object: KubernetesObject): void {
    const { namespace, name } = object.metadata;
    this.#request('PUT', `${pathOf(resource, namespace, name)}?fieldManager=istio-operator`, object);
  }

  delete(resource: GroupVersionResource, namespace: string | undefined, name: string): void {
    try {
      this.#request('DELETE', pathOf(resource, namespace, name), { propagationPolicy: 'Foreground' });
    } catch (error) {
      if (!(error instanceof ApiFailure && error.status === 404)) throw error;
    }
  }

  /** Asks the API server once which resources it has. */
  serves({ group, version, resource }: GroupVersionResource): boolean {
    this.#served ??= new Set();
    const key = `${group}/${version}`;
    if (!this.#served.has(key)) {
      this.#served.add(key);
      for (const name of this.#resourcesOf(group, version)) this.#served.add(`${key}/${name}`);
    }
    return this.#served.has(`${key}/${resource}`);
  }

  #resourcesOf(group: string, version: string): string[] {
    try {
      const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
      const { resources } = this.#request('GET', path) as { resources?: { name: string }[] };
      return (resources ?? []).map(({ name }) => name);
    } catch (error) {
      if (error instanceof ApiFailure && error.status === 404) return [];
      throw error;
    }
  }

  /** Runs a command in a container; what it printed, or a failure in the words of the runtime. */
  async exec(
    process: Process,
    target: { namespace: string; pod: string; container: string },
    command: readonly string[],
  ): Promise<string> {
    const query = [
      ...command.map((word) => `command=${encodeQuery(word)}`),
      `container=${encodeQuery(target.container)}`,
      'stdout=true',
      'stderr=true',
    ];
    const path = `/api/v1/namespaces/${target.namespace}/pods/${target.pod}/exec?${query.join('&')}`;
    const response = this.#transport({
      method: 'POST',
      url: path,
      headers: { upgrade: 'websocket', connection: 'Upgrade' },
    });
    if (!response.upgrade) throw failure(response.status, response.body ?? '');
    const [stdout, stderr] = [new Sink(), new Sink()];
    const remote = response.upgrade({ stdout: writeEnd(stdout), stderr: writeEnd(stderr) });
    const { exitCode, error } = await process.cancellation.guard(remote.exited);
    if (exitCode !== 0) {
      const said = stderr.text().trimEnd();
      const problem = error ?? `command terminated with exit code ${exitCode}`;
      throw new IstioctlError(said ? `${problem}: ${said}` : problem);
    }
    return stdout.text();
  }

  #request(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: unknown): unknown {
    const response = this.#transport({
      method,
      url,
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.status >= 400) throw failure(response.status, response.body ?? '');
    return JSON.parse(response.body ?? '{}');
  }
}

function failure(status: number, body: string): ApiFailure {
  try {
    const { message } = JSON.parse(body) as { message?: string };
    if (message) return new ApiFailure(status, message);
  } catch {
    // Not a Status: the text itself says what is wrong.
  }
  return new ApiFailure(status, body.trim() || `the server responded with the status code ${status}`);
}

function pathOf({ group, version, resource }: GroupVersionResource, namespace?: string, name?: string): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `${root}${scope}/${resource}${name === undefined ? '' : `/${name}`}`;
}

const unreserved = /[A-Za-z0-9_.~-]/;

/** Percent-encoding of a query's value. */
function encodeQuery(text: string): string {
  let encoded = '';
  for (const byte of new TextEncoder().encode(text)) {
    const sign = String.fromCharCode(byte);
    encoded += byte < 0x80 && unreserved.test(sign) ? sign : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
