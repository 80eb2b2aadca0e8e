import type { GatewaySpec } from '../api/gateway-api.ts';

/** The controller of gateways that istiod deploys and configures. */
export const gatewayController = 'istio.io/gateway-controller';

/** Classes that are there without an object, and their controllers. Only gateways are configured. */
export const classControllers: Readonly<Record<string, string>> = {
  istio: gatewayController,
  'istio-remote': 'istio.io/unmanaged-gateway',
  'istio-waypoint': 'istio.io/mesh-controller',
};

/** Whether istiod deploys a Gateway: unless it names Services of its own as its addresses. */
export function isManaged({ addresses = [] }: GatewaySpec): boolean {
  const [only] = addresses;
  return addresses.length === 0 || (addresses.length === 1 && (only?.type ?? 'IPAddress') === 'IPAddress');
}

/** The name of what istiod deploys for a Gateway. */
export function managedName(name: string, className: string): string {
  return `${name}-${className}`;
}
