import { parse } from 'yaml';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { equalJson } from '../../kernel/json.ts';
import { isObject } from '../install/values-map.ts';
import { InjectionError } from './types.ts';

/** Fields of mesh.v1alpha1.ProxyConfig in the order of its message, with the value that goes without saying. */
const fields: [name: string, usual?: Json][] = [
  ['configPath', './etc/istio/proxy'],
  ['binaryPath', '/usr/local/bin/envoy'],
  ['serviceCluster', 'istio-proxy'],
  ['tracingServiceName'],
  ['drainDuration', '45s'],
  ['discoveryAddress', 'istiod.istio-system.svc:15012'],
  ['zipkinAddress'],
  ['statsdUdpAddress'],
  ['proxyAdminPort', 15000],
  ['controlPlaneAuthPolicy', 'MUTUAL_TLS'],
  ['customConfigFile'],
  ['statNameLength', 189],
  ['concurrency'],
  ['proxyBootstrapTemplatePath'],
  ['interceptionMode', 'REDIRECT'],
  ['tracing'],
  ['envoyAccessLogService'],
  ['envoyMetricsService'],
  ['proxyMetadata', {}],
  ['runtimeValues'],
  ['statusPort', 15020],
  ['extraStatTags'],
  ['gatewayTopology'],
  ['terminationDrainDuration', '5s'],
  ['meshId'],
  ['readinessProbe'],
  ['proxyStatsMatcher'],
  ['holdApplicationUntilProxyStarts'],
  ['caCertificatesPem'],
  ['image'],
  ['privateKeyProvider'],
  ['proxyHeaders'],
  ['fileFlushInterval'],
  ['fileFlushMinSizeKb'],
  ['statsCompression'],
];

/**
 * The proxy's configuration: the mesh's `defaultConfig` with annotation proxy.istio.io/config laid over it (maps such as
 * proxyMetadata are merged). Unknown fields are dropped.
 */
export function proxyConfigFor(mesh: JsonObject, annotations: Record<string, string>): JsonObject {
  const merged: JsonObject = isObject(mesh.defaultConfig) ? { ...mesh.defaultConfig } : {};
  const text = annotations['proxy.istio.io/config'];
  if (text !== undefined) {
    for (const [key, value] of Object.entries(parseConfig(text))) {
      const present = merged[key];
      merged[key] = isObject(value) && isObject(present) ? { ...present, ...value } : value;
    }
  }
  return Object.fromEntries(fields.flatMap(([name]) => (name in merged ? [[name, merged[name] as Json]] : [])));
}

function parseConfig(text: string): JsonObject {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new InjectionError(`failed to convert to apply proxy config: ${(error as Error).message.split('\n')[0]}`);
  }
  return isObject(value) ? value : {};
}

/** PROXY_CONFIG as the template writes it: only what differs from the usual. */
export function proxyConfigJson(config: JsonObject): string {
  const entries = fields.flatMap(([name, usual]): [string, Json][] => {
    const value = config[name];
    return value === undefined || equalJson(value, usual) ? [] : [[name, value]];
  });
  return JSON.stringify(Object.fromEntries(entries));
}
