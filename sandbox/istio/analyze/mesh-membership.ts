import type { JsonObject } from '../../kernel/json.ts';
import { labelsOf, objectsOf, recordOf } from '../validate/spec.ts';
import type { Context, Resource } from './resource.ts';

/** Who is in the mesh (upstream analyzers/util/in_mesh.go). */

const injectLabel = 'sidecar.istio.io/inject';

export function hasProxy(containers: readonly JsonObject[]): boolean {
  return Boolean(containers.find(({ name }) => name === 'istio-proxy')?.image);
}

/** Containers, then init containers: a native sidecar is one of those. */
export function allContainers(podSpec: JsonObject): JsonObject[] {
  return [...objectsOf(podSpec.containers), ...objectsOf(podSpec.initContainers)];
}

export function podInMesh(pod: Resource, context: Context): boolean {
  return inMesh(pod, pod.namespace, allContainers(pod.spec), context);
}

export function deploymentInMesh(deployment: Resource, context: Context): boolean {
  const template = recordOf(deployment.spec.template);
  const metadata = recordOf(template.metadata);
  return inMesh(
    { labels: labelsOf(metadata.labels), annotations: labelsOf(metadata.annotations) },
    deployment.namespace,
    objectsOf(recordOf(template.spec).containers),
    context,
  );
}

function inMesh(
  { labels, annotations }: Pick<Resource, 'labels' | 'annotations'>,
  namespace: string,
  containers: readonly JsonObject[],
  context: Context,
): boolean {
  if (hasProxy(containers)) return true;
  const wish = labels[injectLabel] ?? annotations[injectLabel];
  if (wish !== undefined) return wish === 'true';
  return context.find('Namespace', namespace)?.labels['istio-injection'] === 'enabled';
}

export function podInAmbient(pod: Resource | undefined): boolean {
  return pod?.annotations['ambient.istio.io/redirection'] === 'enabled';
}

export function namespaceInAmbient(namespace: Resource | undefined): boolean {
  if (!namespace || namespace.labels['istio-injection'] === 'enabled' || namespace.labels['istio.io/rev']) return false;
  return namespace.labels['istio.io/dataplane-mode'] === 'ambient';
}

/** Objects that belong to Istio itself. */
export function isControlPlane({ labels }: Resource): boolean {
  return 'istio' in labels || labels.release === 'istio';
}
