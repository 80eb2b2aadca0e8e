import type { Json, JsonObject } from '../../kernel/json.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import { type InstallTarget, resourceOf } from './target.ts';
import { isObject } from './values-map.ts';

/**
 * Makes an object what the manifest says, as a server-side apply by one manager does: what the manifest does not mention stays.
 * Kinds that the API server does not serve are left out.
 */
export function applyObject(target: InstallTarget, wanted: KubernetesObject): void {
  const resource = resourceOf(wanted);
  if (!target.serves(resource)) return;
  const namespace = resource.namespaced ? wanted.metadata.namespace : undefined;
  const present = target.get(resource, namespace, wanted.metadata.name);
  const clean = withoutNulls(wanted as unknown as JsonObject) as unknown as KubernetesObject;
  if (present) target.update(resource, mergeOwned(present, clean));
  else target.create(resource, clean);
}

function withoutNulls(value: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === null || member === undefined) continue;
    result[key] = isObject(member) ? withoutNulls(member) : member;
  }
  return result;
}

function mergeOwned(present: KubernetesObject, wanted: KubernetesObject): KubernetesObject {
  const { metadata, spec, ...rest } = wanted;
  const merged: KubernetesObject = {
    ...present,
    ...rest,
    metadata: {
      ...present.metadata,
      labels: { ...present.metadata.labels, ...metadata.labels },
      ...(metadata.annotations || present.metadata.annotations
        ? { annotations: { ...present.metadata.annotations, ...metadata.annotations } }
        : {}),
    },
  };
  if (isObject(spec)) {
    merged.spec = { ...(present.spec as JsonObject | undefined), ...spec };
    if (wanted.kind === 'Service') keepNodePorts(merged.spec as JsonObject, present.spec as JsonObject);
  }
  if (Array.isArray(wanted.webhooks)) merged.webhooks = keepBundles(wanted.webhooks as JsonObject[], present);
  return merged;
}

/** Node ports are the API server's to choose. */
function keepNodePorts(spec: JsonObject, present: JsonObject): void {
  const before = new Map(
    (Array.isArray(present.ports) ? present.ports.filter(isObject) : []).map((port) => [port.port, port]),
  );
  if (!Array.isArray(spec.ports)) return;
  spec.ports = spec.ports.map((port): Json => {
    const nodePort = isObject(port) ? before.get(port.port)?.nodePort : undefined;
    return isObject(port) && nodePort !== undefined ? { nodePort, ...port } : port;
  });
}

/** The certificate authority's bundle is istiod's to write. */
function keepBundles(webhooks: readonly JsonObject[], present: KubernetesObject): JsonObject[] {
  const before = new Map(
    ((present.webhooks as JsonObject[] | undefined) ?? []).map((webhook) => [webhook.name, webhook]),
  );
  return webhooks.map((webhook) => {
    const old = before.get(webhook.name as string)?.clientConfig;
    const caBundle = isObject(old) ? old.caBundle : undefined;
    if (caBundle === undefined || !isObject(webhook.clientConfig)) return webhook;
    return { ...webhook, clientConfig: { caBundle, ...webhook.clientConfig } };
  });
}
