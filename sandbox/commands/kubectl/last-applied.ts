import { sortedJson } from './manifests.ts';
import { copy, type KubeObject } from './objects.ts';

export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The object as its author wrote it, for the annotation: without the annotation itself. */
export function configurationText(object: KubeObject): string {
  const plain = copy(object);
  const { [lastAppliedAnnotation]: _, ...annotations } = plain.metadata.annotations ?? {};
  plain.metadata = { ...plain.metadata, annotations };
  return `${sortedJson(plain)}\n`;
}

/** The object with its own configuration noted in the annotation. */
export function withLastApplied(object: KubeObject): KubeObject {
  const noted = copy(object);
  noted.metadata = {
    ...noted.metadata,
    annotations: { ...noted.metadata.annotations, [lastAppliedAnnotation]: configurationText(object) },
  };
  return noted;
}
