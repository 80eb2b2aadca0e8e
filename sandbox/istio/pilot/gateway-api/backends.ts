import type { BackendReference } from '../api/gateway-api.ts';
import type { Destination } from '../api/networking.ts';
import { gatewayApiGroup, istioNetworkingGroup, referenceKind } from './names.ts';
import type { ReferenceGrants } from './reference-grants.ts';

/** Whose backends are resolved. */
export interface BackendContext {
  kind: string;
  namespace: string;
  domain: string;
  /** Undefined for routes of the mesh, which need no grants. */
  grants: ReferenceGrants | undefined;
}

/** A rule istiod refuses. None of the route's rules is used then. */
export class InvalidRoute extends Error {
  override readonly name = 'InvalidRoute';
}

/** Where a backend leads. One that may not be used, or is of an unknown kind, leads nowhere. */
export function backendDestination(reference: BackendReference, context: BackendContext): Destination {
  const kind = referenceKind(reference, { group: '', kind: 'Service' });
  const namespace = reference.namespace ?? context.namespace;
  const from = { kind: `${gatewayApiGroup}/${context.kind}`, namespace: context.namespace };
  if (context.grants && !context.grants.allows(from, { kind, namespace }, reference.name)) return { host: '' };
  const host = hostname(kind, reference, `${namespace}.svc.${context.domain}`);
  if (host === undefined) return { host: '' };
  if (reference.port === undefined) throw new InvalidRoute('port is required in backendRef');
  return { host, port: { number: reference.port } };
}

function hostname(kind: string, { name, namespace }: BackendReference, suffix: string): string | undefined {
  switch (kind) {
    case '/Service':
      if (name.includes('.')) throw new InvalidRoute('the name of the Service must be used, not the hostname');
      return `${name}.${suffix}`;
    case 'multicluster.x-k8s.io/ServiceImport':
      return `${name}.${suffix}`;
    case `${istioNetworkingGroup}/Hostname`:
      if (namespace !== undefined) throw new InvalidRoute('namespace may not be set with Hostname type');
      return name;
    default:
      return undefined;
  }
}

/** Backends that get a share, with their weight; the only one needs none. */
export function weighted(references: readonly BackendReference[]): { reference: BackendReference; weight: number }[] {
  const used = references.filter(({ weight = 1 }) => weight !== 0);
  return used.map((reference) => ({ reference, weight: used.length === 1 ? 0 : (reference.weight ?? 1) }));
}
