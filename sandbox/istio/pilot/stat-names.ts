import type { Service } from './registry/service.ts';

/** A statistics name by the pattern of the mesh config; undefined without a pattern (networking/telemetry). */
export function statName(
  pattern: string | undefined,
  service: Service,
  port: number,
  subset = '',
  targetPort = 0,
): string | undefined {
  if (!pattern) return undefined;
  const kubernetes = service.registry === 'Kubernetes';
  const portName = service.ports.find((each) => each.port === port)?.name ?? '';
  return pattern
    .replaceAll('%SERVICE%', kubernetes ? `${service.name}.${service.namespace}` : service.hostname)
    .replaceAll('%SERVICE_NAME%', kubernetes ? service.name : service.hostname)
    .replaceAll('%SERVICE_FQDN%', service.hostname)
    .replaceAll('%SUBSET_NAME%', subset)
    .replaceAll('%TARGET_PORT%', String(targetPort))
    .replaceAll('%SERVICE_PORT%', String(port))
    .replaceAll('%SERVICE_PORT_NAME%', portName);
}
