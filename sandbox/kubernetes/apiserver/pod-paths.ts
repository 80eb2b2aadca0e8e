import { formatSeconds } from '../../kernel/time.ts';
import type { Pod } from '../kinds/pod.ts';
import type { LogQuery } from './backends.ts';
import { bindPod } from './binding.ts';
import { parseBody } from './body.ts';
import type { Deletion } from './deletion.ts';
import { ApiError, badRequest, internalError } from './errors.ts';
import type { ApiResponse } from './http.ts';
import type { Exchange } from './resources.ts';
import { json, plain } from './respond.ts';

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/** What is below a pod: logs and exec go on to its node, binding and eviction are writes of a kind of their own. */
export function handlePodPath(exchange: Exchange, subresource: string): ApiResponse | undefined {
  switch (subresource) {
    case 'log':
      return logs(exchange);
    case 'exec':
      return exec(exchange);
    case 'binding': {
      const { server, path, request } = exchange;
      const { target } = parseBody(request) as { target?: { name?: string } };
      if (!target?.name) throw badRequest('Binding "" is invalid: target.name: Required value');
      bindPod(server.store, server.kernel, path.namespace as string, path.name as string, target.name);
      return json(201, success);
    }
    case 'eviction': {
      const { server, served, path, request, caller } = exchange;
      const { deleteOptions = {} } = parseBody(request) as { deleteOptions?: Deletion };
      server.rest.delete(served, path.namespace, path.name as string, deleteOptions, caller);
      return json(201, success);
    }
    case 'attach':
    case 'portforward':
      throw new ApiError(501, 'NotImplemented', `${subresource} is not supported by this cluster`);
  }
  return undefined;
}

/** The pod and the container asked for; without a name the pod must have only one (kubectl's annotation aside). */
function target({ server, served, path, query }: Exchange): { pod: Pod; container: string } {
  const pod = server.rest.get(served, path.namespace, path.name as string) as Pod;
  const { name } = pod.metadata;
  const spec = pod.spec;
  const regular = (spec?.containers ?? []).map((container) => container.name);
  const init = (spec?.initContainers ?? []).map((container) => container.name);
  const ephemeral = (spec?.ephemeralContainers ?? []).map((container) => container.name);
  const asked = query.get('container');
  if (asked) {
    if (![...regular, ...init, ...ephemeral].includes(asked)) {
      throw badRequest(`container ${asked} is not valid for pod ${name}`);
    }
    return { pod, container: asked };
  }
  if (regular.length === 1 && init.length === 0) return { pod, container: regular[0] as string };
  if (regular.length === 1 && exchangeIsExec(path.subresource)) return { pod, container: regular[0] as string };
  const choices = `choose one of: [${regular.join(' ')}]`;
  const inits = init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : '';
  throw badRequest(`a container name must be specified for pod ${name}, ${choices}${inits}`);
}

function exchangeIsExec(subresource: string | undefined): boolean {
  return subresource === 'exec' || subresource === 'attach';
}

function logs(exchange: Exchange): ApiResponse {
  const { server, path, query } = exchange;
  const { pod, container } = target(exchange);
  if (!pod.spec?.nodeName) return plain(200, '');
  if (!server.nodes) throw internalError('no node answers');
  const log: LogQuery = {
    namespace: path.namespace as string,
    pod: pod.metadata.name,
    container,
    follow: query.flag('follow'),
    previous: query.flag('previous'),
    timestamps: query.flag('timestamps'),
  };
  for (const name of ['tailLines', 'sinceSeconds', 'limitBytes'] as const) {
    const value = query.integer(name);
    if (value !== undefined) log[name] = value;
  }
  const sinceTime = query.get('sinceTime');
  if (sinceTime) log.sinceTime = sinceTime;
  const answer = server.nodes.logs(log);
  if ('text' in answer) return plain(200, answer.text);
  return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, stream: answer.stream };
}

function exec(exchange: Exchange): ApiResponse {
  const { server, path, query } = exchange;
  const { pod, container } = target(exchange);
  const command = query.all('command');
  if (command.length === 0) throw badRequest('you must specify at least one command for the container');
  if (!pod.spec?.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  if (!server.nodes) throw internalError('no node answers');
  const upgrade = server.nodes.exec({
    namespace: path.namespace as string,
    pod: pod.metadata.name,
    container,
    command,
    stdin: query.flag('stdin'),
    stdout: query.flag('stdout'),
    stderr: query.flag('stderr'),
    tty: query.flag('tty'),
  });
  return { status: 101, headers: { upgrade: 'websocket', connection: 'Upgrade' }, upgrade };
}

/** A bound token of a service account: three parts like a JWT, but nobody's signature. */
export function handleToken({ server, served, path, request }: Exchange): ApiResponse {
  const account = server.rest.get(served, path.namespace, path.name as string);
  const review = parseBody(request) as { spec?: { audiences?: string[]; expirationSeconds?: number } };
  const expires = server.kernel.now() + (review.spec?.expirationSeconds ?? 3600) * 1000;
  const token = `${account.metadata.namespace}.${account.metadata.name}.${server.kernel.random.hex(64)}`;
  return json(201, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: account.metadata.name, namespace: account.metadata.namespace },
    spec: review.spec ?? {},
    status: { token, expirationTimestamp: formatSeconds(expires) },
  });
}
