import { parse } from 'yaml';
import type { DaemonContainer } from '../image.ts';

/** ProxyConfig as pilot-agent puts it together: defaults, the mesh's, the pod's (pilot/cmd/pilot-agent/config/config.go). */
export interface ProxyConfig {
  binaryPath: string;
  concurrency: number;
  configPath: string;
  controlPlaneAuthPolicy: string;
  discoveryAddress: string;
  drainDuration: string;
  proxyAdminPort: number;
  serviceCluster: string;
  statNameLength: number;
  statusPort: number;
  terminationDrainDuration: string;
  [field: string]: unknown;
}

/** What PROXY_CONFIG says over the defaults. Text that is no YAML counts as nothing, as pilot-agent would refuse to start. */
export function proxyConfigOf(container: DaemonContainer): ProxyConfig {
  let own: Record<string, unknown> = {};
  try {
    own = (parse(container.env.get('PROXY_CONFIG') ?? '{}') as Record<string, unknown> | null) ?? {};
  } catch {
    own = {};
  }
  const limit = Number(container.env.get('ISTIO_CPU_LIMIT') ?? 0);
  return {
    binaryPath: '/usr/local/bin/envoy',
    concurrency: limit > 0 ? limit : 2,
    configPath: './etc/istio/proxy',
    controlPlaneAuthPolicy: 'MUTUAL_TLS',
    discoveryAddress: 'istiod.istio-system.svc:15012',
    drainDuration: '45s',
    proxyAdminPort: 15000,
    serviceCluster: 'istio-proxy',
    statNameLength: 189,
    statusPort: 15020,
    terminationDrainDuration: '5s',
    ...own,
  };
}

/** Simple values as YAML, keys sorted; nested ones as JSON, which YAML is too. */
export function toYaml(config: ProxyConfig): string {
  return `${Object.keys(config)
    .sort()
    .map((key) => {
      const value = config[key];
      return `${key}: ${typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)}`;
    })
    .join('\n')}\n`;
}
