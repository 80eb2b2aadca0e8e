import type { JsonObject } from '../../../kernel/json.ts';
import { TabWriter } from '../../kubectl/tab-writer.ts';
import { IstioctlError } from '../errors.ts';
import { type ConfigDump, section, untyped } from './config-dump.ts';
import { lessByName } from './names.ts';
import { dump, insertionSort, objects, text } from './output.ts';

export interface EndpointFilter {
  address: string;
  port: number;
  cluster: string;
  status: string;
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

function socket(address: unknown): { address: string; port: number } {
  const { socketAddress, pipe, envoyInternalAddress } = (address ?? {}) as Record<string, JsonObject | undefined>;
  if (socketAddress) return { address: text(socketAddress.address), port: Number(socketAddress.portValue ?? 0) };
  if (pipe) return { address: `unix://${text(pipe.path)}`, port: 0 };
  if (!envoyInternalAddress) return { address: 'unknown', port: 0 };
  const { serverListenerName, endpointId } = envoyInternalAddress;
  return { address: `envoy://${text(serverListenerName)}/${text(endpointId)}`, port: 0 };
}

/** `istioctl proxy-config endpoints`: hosts of Envoy's clusters with their health, from `/clusters?format=json`. */
export function printEndpoints(clusters: string, filter: EndpointFilter, format: 'short' | 'json' | 'yaml'): string {
  let statuses: JsonObject[];
  try {
    statuses = objects(
      (JSON.parse(clusters) as JsonObject).clusterStatuses ?? (JSON.parse(clusters) as JsonObject).cluster_statuses,
    );
  } catch (error) {
    throw new IstioctlError(`error unmarshalling config dump response from Envoy: ${(error as Error).message}`);
  }
  const hostsOf = (cluster: JsonObject) =>
    objects(cluster.hostStatuses ?? cluster.host_statuses)
      .map(readHost)
      .filter(
        ({ address, port, status }) =>
          (!filter.address || same(address, filter.address)) &&
          (!filter.port || port === filter.port) &&
          (!filter.cluster || same(text(cluster.name), filter.cluster)) &&
          (!filter.status || same(status, filter.status)),
      );
  if (format !== 'short')
    return dump(
      statuses.filter((cluster) => hostsOf(cluster).length > 0),
      format,
    );
  const rows = statuses.flatMap((cluster) =>
    hostsOf(cluster).map((host) => ({ ...host, cluster: text(cluster.name) })),
  );
  rows.sort((a, b) => {
    if (a.address !== b.address) return a.address < b.address ? -1 : 1;
    return a.port - b.port || (a.cluster < b.cluster ? -1 : 1);
  });
  const table = new TabWriter(0, 5);
  table.line(['ENDPOINT', 'STATUS', 'OUTLIER CHECK', 'CLUSTER']);
  for (const { address, port, status, failed, cluster } of rows) {
    table.line([port ? `${address}:${port}` : address, status, failed ? 'FAILED' : 'OK', cluster]);
  }
  return table.flush();
}

function readHost(host: JsonObject) {
  const health = ((host.healthStatus ?? host.health_status) as JsonObject | undefined) ?? {};
  const snake = host.address as JsonObject | undefined;
  const fromSnake = snake?.socket_address as JsonObject | undefined;
  const address = fromSnake
    ? { socketAddress: { address: fromSnake.address, portValue: fromSnake.port_value } }
    : snake;
  return {
    ...socket(address),
    status: text(health.edsHealthStatus ?? health.eds_health_status) || 'UNKNOWN',
    failed: (health.failedOutlierCheck ?? health.failed_outlier_check) === true,
  };
}

/** `istioctl proxy-config eds` and the last part of `all`: endpoints as the control plane sent them. */
export function printEds(
  config: ConfigDump,
  filter: EndpointFilter,
  format: 'short' | 'json' | 'yaml',
  typed = false,
): string {
  const found = section(config, 'EndpointsConfigDump');
  const assignments = [...objects(found.dynamicEndpointConfigs), ...objects(found.staticEndpointConfigs)]
    .map((entry) => filtered(untyped(entry.endpointConfig), filter))
    .filter((assignment) => endpointsOf(assignment).length > 0);
  const sorted = insertionSort(assignments, (a, b) => lessByName(text(a.clusterName), text(b.clusterName)));
  if (format !== 'short') return dump(sorted, format);
  const table = new TabWriter(0, 5);
  table.line(['NAME', 'STATUS', 'LOCALITY', 'CLUSTER']);
  for (const assignment of sorted) {
    for (const { locality, endpoint } of endpointsOf(assignment)) {
      const name = `${typed ? 'endpoint/' : ''}${addressesOf(endpoint).join(',')}`;
      table.line([name, text(endpoint.healthStatus) || 'UNKNOWN', locality, text(assignment.clusterName)]);
    }
  }
  return table.flush();
}

function addressesOf(endpoint: JsonObject): string[] {
  const own = (endpoint.endpoint ?? {}) as JsonObject;
  return [own.address, ...objects(own.additionalAddresses).map((one) => one.address)].map((address) => {
    const { address: host, port } = socket(address);
    return port ? `${host}:${port}` : host.replace(/^unix:\/\//, '');
  });
}

function endpointsOf(assignment: JsonObject): { locality: string; endpoint: JsonObject }[] {
  return objects(assignment.endpoints).flatMap((group) => {
    const { region, zone, subZone } = (group.locality ?? {}) as JsonObject;
    const locality = [region, zone, subZone].filter(Boolean).join('/');
    return objects(group.lbEndpoints).map((endpoint) => ({ locality, endpoint }));
  });
}

function filtered(assignment: JsonObject, filter: EndpointFilter): JsonObject {
  const fits = (endpoint: JsonObject) => {
    const { port } = socket(((endpoint.endpoint ?? {}) as JsonObject).address);
    return (
      (!filter.address || addressesOf(endpoint).some((address) => same(address, filter.address))) &&
      (!filter.port || port === filter.port) &&
      (!filter.cluster || same(text(assignment.clusterName), filter.cluster)) &&
      (!filter.status || same(text(endpoint.healthStatus) || 'UNKNOWN', filter.status))
    );
  };
  const endpoints = objects(assignment.endpoints).map((group) => ({
    ...group,
    lbEndpoints: objects(group.lbEndpoints).filter(fits),
  }));
  return { ...assignment, endpoints };
}
