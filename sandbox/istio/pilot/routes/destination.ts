import type { Destination } from '../api/networking.ts';
import { type Service, subsetKey } from '../registry/service.ts';

/** The cluster of a destination: its port, else the only port of its service, else the listener's. */
export function destinationCluster(
  destination: Destination,
  service: Service | undefined,
  listenerPort: number,
): string {
  if (!destination.host) return 'UnknownService';
  const host = service?.externalName ?? destination.host;
  const only = service?.ports.length === 1 ? service.ports[0]?.port : undefined;
  return subsetKey(destination.subset ?? '', host, destination.port?.number ?? only ?? listenerPort);
}
