import { parse } from 'yaml';
import type { ApiClient, KubernetesObject } from '../../../kubernetes/objects.ts';
import type { Mesh, MeshConfig } from '../api/mesh.ts';
import { meshWithDefaults } from '../model/mesh-defaults.ts';

export const configMaps = { group: '', version: 'v1', resource: 'configmaps' };

/** The mesh config of a control plane: key `mesh` of ConfigMap `istio` in its namespace, over Istio's defaults. */
export class MeshWatcher {
  readonly #client: ApiClient;
  readonly #namespace: string;
  #text: string | undefined;
  #readable: string | undefined;
  #mesh: Mesh = meshWithDefaults({});

  constructor(client: ApiClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  isMeshConfig({ metadata }: KubernetesObject): boolean {
    return metadata.name === 'istio' && metadata.namespace === this.#namespace;
  }

  /** As it is now. What cannot be read changes nothing: istiod goes on with what it had. */
  current(): Mesh {
    const configMap = this.#client.get(configMaps, this.#namespace, 'istio');
    const text = (configMap?.data as Record<string, string> | undefined)?.mesh ?? '';
    if (text !== this.#text) {
      this.#text = text;
      this.#read(text);
    }
    return this.#mesh;
  }

  #read(text: string): void {
    const config = readMesh(text);
    if (!config) return;
    this.#readable = text;
    this.#mesh = meshWithDefaults(config);
  }

  /** The last text that could be read. */
  save(): string | undefined {
    return this.#readable;
  }

  load(text: string | undefined): void {
    this.#text = undefined;
    this.#mesh = meshWithDefaults({});
    if (text !== undefined) this.#read(text);
  }
}

function readMesh(text: string): MeshConfig | undefined {
  try {
    const value: unknown = parse(text);
    if (value === null || value === undefined) return {};
    return typeof value === 'object' && !Array.isArray(value) ? (value as MeshConfig) : undefined;
  } catch {
    return undefined;
  }
}
