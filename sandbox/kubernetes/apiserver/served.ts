import type { Kind, KindVersion, Verb } from '../kind.ts';
import { allVerbs } from '../kind.ts';
import type { GroupVersionResource, KubernetesObject } from '../objects.ts';

/** A kind as served in one version. */
export interface Served {
  kind: Kind;
  version: KindVersion;
  /** `v1`, `networking.istio.io/v1`. */
  apiVersion: string;
  /** Where its objects are in the store. */
  table: string;
}

export function groupVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

export function tableOf(kind: Kind): string {
  const { group, resource } = kind.storage ?? { group: kind.group, resource: kind.plural };
  return `${group}/${resource}`;
}

export function storageVersion(kind: Kind): string {
  return kind.storageVersion ?? (kind.versions[0] as KindVersion).name;
}

export function hasVerb(kind: Kind, verb: Verb): boolean {
  return (kind.verbs ?? allVerbs).includes(verb);
}

/** The kinds that are served now: the built-in ones, then those of the CustomResourceDefinitions in the store. */
export class ServedKinds {
  readonly #builtIn: readonly Kind[];
  #custom: readonly Kind[] = [];
  #byResource = new Map<string, Served>();
  #byKind = new Map<string, Served>();

  constructor(builtIn: readonly Kind[]) {
    this.#builtIn = builtIn;
    this.setCustom([]);
  }

  get kinds(): readonly Kind[] {
    return [...this.#builtIn, ...this.#custom];
  }

  isCustom(kind: Kind): boolean {
    return this.#custom.includes(kind);
  }

  /** Replaces the kinds that come from CustomResourceDefinitions. */
  setCustom(kinds: readonly Kind[]): void {
    this.#custom = kinds;
    this.#byResource = new Map();
    this.#byKind = new Map();
    for (const kind of this.kinds) {
      for (const version of kind.versions) {
        const apiVersion = groupVersion(kind.group, version.name);
        const served: Served = { kind, version, apiVersion, table: tableOf(kind) };
        this.#byResource.set(`${apiVersion}/${kind.plural}`, served);
        this.#byKind.set(`${apiVersion}/${kind.kind}`, served);
      }
    }
  }

  byResource({ group, version, resource }: GroupVersionResource): Served | undefined {
    return this.#byResource.get(`${groupVersion(group, version)}/${resource}`);
  }

  byKind(apiVersion: string, kind: string): Served | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`);
  }

  /** A kind's served entries, preferred version first. */
  all(): Served[] {
    return [...this.#byResource.values()];
  }
}

const converted = new WeakMap<KubernetesObject, Map<string, KubernetesObject>>();

/** A stored object as seen in a version; the same object each time, so identity still means "unchanged". */
export function inVersion(served: Served, stored: KubernetesObject): KubernetesObject {
  if (stored.apiVersion === served.apiVersion && stored.kind === served.kind.kind) return stored;
  let versions = converted.get(stored);
  if (!versions) {
    versions = new Map();
    converted.set(stored, versions);
  }
  let object = versions.get(served.apiVersion);
  if (!object) {
    object = served.version.fromStorage?.(stored) ?? { ...stored, apiVersion: served.apiVersion };
    versions.set(served.apiVersion, object);
  }
  return object;
}

/** The reverse: an object as sent in a version, in the version that is stored. */
export function toStorage(served: Served, object: KubernetesObject): KubernetesObject {
  const apiVersion = groupVersion(served.kind.group, storageVersion(served.kind));
  if (served.version.toStorage) return served.version.toStorage(object);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}
