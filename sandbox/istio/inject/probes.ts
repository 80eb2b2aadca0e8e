import type { Json, JsonObject } from '../../kernel/json.ts';
import { isObject } from '../install/values-map.ts';
import type { Container } from './types.ts';

const kinds: [field: string, path: string][] = [
  ['readinessProbe', 'readyz'],
  ['livenessProbe', 'livez'],
  ['startupProbe', 'startupz'],
];
const hooks: [field: string, path: string][] = [
  ['preStop', 'prestopz'],
  ['postStart', 'poststartz'],
];

/**
 * The probes of the application's containers as pilot-agent needs them to ask on the kubelet's behalf: JSON for environment variable
 * ISTIO_KUBE_APP_PROBERS, or '' if there is none. Named ports become numbers.
 */
export function dumpProbers(containers: readonly Container[], statusPort: number): string {
  const probers: JsonObject = {};
  for (const container of containers) {
    if (container.name === 'istio-proxy') continue;
    const ports = new Map(
      (Array.isArray(container.ports) ? container.ports.filter(isObject) : []).map((port) => [
        port.name,
        port.containerPort,
      ]),
    );
    const add = (path: string, probe: Json | undefined) => {
      const prober = isObject(probe) ? toProber(probe, ports, statusPort) : undefined;
      if (prober) probers[`/app-health/${container.name}/${path}`] = prober;
    };
    for (const [field, path] of kinds) add(path, container[field]);
    const lifecycle = container.lifecycle;
    if (isObject(lifecycle)) for (const [field, path] of hooks) add(path, lifecycle[field]);
  }
  const names = Object.keys(probers).sort();
  return names.length === 0
    ? ''
    : JSON.stringify(Object.fromEntries(names.map((name) => [name, probers[name] as Json])));
}

function toProber(probe: JsonObject, ports: Map<unknown, unknown>, statusPort: number): JsonObject | undefined {
  const timeout: JsonObject = probe.timeoutSeconds ? { timeoutSeconds: probe.timeoutSeconds as Json } : {};
  if (isObject(probe.httpGet)) {
    const { path, host, scheme, httpHeaders } = probe.httpGet;
    const port = numericPort(probe.httpGet.port, ports);
    if (port === undefined || port === statusPort) return undefined;
    const httpGet: JsonObject = { ...given({ path }), port, ...given({ host, scheme, httpHeaders }) };
    return { httpGet, ...timeout };
  }
  if (isObject(probe.tcpSocket)) {
    const port = numericPort(probe.tcpSocket.port, ports);
    if (port === undefined || port === statusPort) return undefined;
    return { tcpSocket: { port, ...given({ host: probe.tcpSocket.host }) }, ...timeout };
  }
  if (isObject(probe.grpc)) {
    return { grpc: { port: probe.grpc.port as Json, service: probe.grpc.service ?? null }, ...timeout };
  }
  return undefined;
}

function given(members: Record<string, Json | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

function numericPort(port: Json | undefined, ports: Map<unknown, unknown>): number | undefined {
  const number = typeof port === 'string' ? ports.get(port) : port;
  return typeof number === 'number' ? number : undefined;
}

/** The container with its probes pointed at pilot-agent's status port. */
export function rewriteProbes(container: Container, statusPort: number): Container {
  if (container.name === 'istio-proxy') return container;
  const result = { ...container };
  const url = (path: string) => `/app-health/${container.name}/${path}`;
  for (const [field, path] of kinds) {
    const probe = container[field];
    if (isObject(probe)) result[field] = rewrite(probe, url(path), statusPort, true);
  }
  const lifecycle = container.lifecycle;
  if (isObject(lifecycle)) {
    const changed = { ...lifecycle };
    for (const [field, path] of hooks) {
      const hook = lifecycle[field];
      if (isObject(hook)) changed[field] = rewrite(hook, url(path), statusPort, false);
    }
    result.lifecycle = changed;
  }
  return result;
}

/** Kubelet → HTTP → pilot-agent, which speaks HTTPS, TCP or gRPC to the application. */
function rewrite(probe: JsonObject, path: string, port: number, grpcToo: boolean): JsonObject {
  const { httpGet, tcpSocket, grpc, ...rest } = probe;
  if (isObject(httpGet)) {
    const scheme: JsonObject = httpGet.scheme === 'HTTPS' ? { scheme: 'HTTP' } : {};
    return { ...rest, httpGet: { ...httpGet, path, port, ...scheme } };
  }
  if (isObject(tcpSocket) || (grpcToo && isObject(grpc))) return { ...rest, httpGet: { path, port } };
  return probe;
}
