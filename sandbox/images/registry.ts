import type { ImageFacts } from '../kernel/runtime.ts';
import { digestOf } from './digest.ts';
import type { Image } from './image.ts';

/** `curlimages/curl` → `docker.io/curlimages/curl:latest` (github.com/distribution/reference, ParseNormalizedNamed). */
export function normalizeReference(text: string): string {
  const [head = ''] = text.split('/');
  const hosted = text.includes('/') && (head.includes('.') || head.includes(':') || head === 'localhost');
  let reference = hosted ? text : text.includes('/') ? `docker.io/${text}` : `docker.io/library/${text}`;
  reference = reference
    .replace(/^index\.docker\.io\//, 'docker.io/')
    .replace(/^docker\.io\/([^/]+)$/, 'docker.io/library/$1');
  const last = reference.slice(reference.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? reference : `${reference}:latest`;
}

function repositoryOf(reference: string): string {
  return reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}

/** All images there are. */
export class Registry {
  readonly #byReference = new Map<string, Image>();
  readonly #repositories = new Set<string>();
  readonly #hosts = new Set(['docker.io', 'registry.k8s.io', 'quay.io', 'gcr.io', 'ghcr.io', 'registry.istio.io']);

  constructor(images: readonly Image[]) {
    for (const image of images) {
      for (const reference of image.references) {
        this.#byReference.set(reference, image);
        this.#repositories.add(repositoryOf(reference));
        this.#byReference.set(`${repositoryOf(reference)}@sha256:${digestOf(image.references[0] ?? '')}`, image);
      }
    }
  }

  find(reference: string): Image | undefined {
    const normalized = normalizeReference(reference);
    return this.#byReference.get(normalized) ?? this.#byReference.get(normalized.replace(/:[^/:@]*(?=@)/, ''));
  }

  facts(reference: string): ImageFacts | undefined {
    const image = this.find(reference);
    if (!image) return undefined;
    const normalized = normalizeReference(reference);
    const id = `${repositoryOf(normalized)}@sha256:${digestOf(image.references[0] ?? '')}`;
    return { reference: normalized, id, bytes: image.bytes, pullTime: image.pullTime };
  }

  /** Why a pull fails, as containerd says it and the kubelet passes it on. */
  pullError(reference: string): string {
    const normalized = normalizeReference(reference);
    const failed = `failed to pull and unpack image "${normalized}": failed to resolve reference "${normalized}"`;
    const host = normalized.slice(0, normalized.indexOf('/'));
    if (this.#repositories.has(repositoryOf(normalized))) {
      return `rpc error: code = NotFound desc = ${failed}: ${normalized}: not found`;
    }
    if (this.#hosts.has(host)) {
      if (host === 'registry.k8s.io') return `rpc error: code = NotFound desc = ${failed}: ${normalized}: not found`;
      const why = 'pull access denied, repository does not exist or may require authorization';
      return `${failed}: ${why}: server message: insufficient_scope: authorization failed`;
    }
    const path = repositoryOf(normalized).slice(host.length + 1);
    const tag = normalized.slice(repositoryOf(normalized).length + 1);
    const name = host.replace(/:\d+$/, '');
    return `${failed}: failed to do request: Head "https://${host}/v2/${path}/manifests/${tag}": dial tcp: lookup ${name} on 172.18.0.1:53: no such host`;
  }
}
