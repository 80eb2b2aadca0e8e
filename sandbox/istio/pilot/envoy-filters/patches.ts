import type {
  ApplyTo,
  ConfigPatch,
  EnvoyFilter,
  PatchContext,
  PatchMatch,
  PatchOperation,
} from '../api/envoy-filter.ts';
import { type Config, compareText, listConfigs, type ObjectSource } from '../model/config.ts';
import { attaches } from '../policies/attachment.ts';
import type { MeshProxy } from '../proxy.ts';
import { canonicalValue } from './values.ts';

export interface EnvoyPatch {
  applyTo: ApplyTo;
  operation: PatchOperation;
  match: PatchMatch;
  value: Record<string, unknown>;
}

/** Kinds of resources that can be inserted at a place; the others are only added. */
const insertable: readonly ApplyTo[] = ['HTTP_FILTER', 'NETWORK_FILTER', 'HTTP_ROUTE', 'LISTENER_FILTER'];

/** EnvoyFilters: those of the root namespace and of the proxy's own apply, by priority (model/envoyfilter.go). */
export class EnvoyFilters {
  readonly #configs: readonly Config<EnvoyFilter>[];
  readonly #patches = new Map<Config<EnvoyFilter>, EnvoyPatch[]>();
  readonly #rootNamespace: string;

  constructor(source: ObjectSource, rootNamespace: string) {
    this.#rootNamespace = rootNamespace;
    const rank = ({ namespace }: Config<EnvoyFilter>) => Number(namespace !== rootNamespace);
    this.#configs = listConfigs<EnvoyFilter>(source, 'EnvoyFilter').sort(
      (a, b) =>
        (a.spec.priority ?? 0) - (b.spec.priority ?? 0) ||
        rank(a) - rank(b) ||
        compareText(a.createdAt, b.createdAt) ||
        compareText(`${a.name}.${a.namespace}`, `${b.name}.${b.namespace}`),
    );
  }

  patchesFor(proxy: MeshProxy): EnvoyPatches {
    const patches = this.#configs
      .filter((config) => this.#applies(config, proxy))
      .flatMap((config) => this.#patchesOf(config))
      .filter(({ match }) => isProxyMatch(match, proxy));
    return new EnvoyPatches(patches);
  }

  #applies({ namespace, spec }: Config<EnvoyFilter>, proxy: MeshProxy): boolean {
    if (namespace !== this.#rootNamespace && namespace !== proxy.namespace) return false;
    const selector = { matchLabels: spec.workloadSelector?.labels ?? {} };
    return attaches({ selector, targetRefs: spec.targetRefs ?? [] }, namespace, proxy);
  }

  #patchesOf(config: Config<EnvoyFilter>): EnvoyPatch[] {
    let patches = this.#patches.get(config);
    if (!patches) {
      patches = (config.spec.configPatches ?? []).flatMap((patch) => readPatch(patch) ?? []);
      this.#patches.set(config, patches);
    }
    return patches;
  }
}

function readPatch({ applyTo, match = {}, patch }: ConfigPatch): EnvoyPatch | undefined {
  if (!applyTo || !patch?.operation) return undefined;
  const operation = patch.operation.startsWith('INSERT_') && !insertable.includes(applyTo) ? 'ADD' : patch.operation;
  return { applyTo, operation, match, value: canonicalValue(patch.value ?? {}) as Record<string, unknown> };
}

function isProxyMatch({ proxy: wanted }: PatchMatch, proxy: MeshProxy): boolean {
  if (wanted?.proxyVersion && !fits(wanted.proxyVersion, proxy.version)) return false;
  return Object.entries(wanted?.metadata ?? {}).every(([name, value]) => proxy.metadata[name] === value);
}

/** An expression that can't be read asks for nothing. */
function fits(pattern: string, version: string): boolean {
  try {
    return new RegExp(pattern).test(version);
  } catch {
    return true;
  }
}

/** The patches for one proxy, in order. */
export class EnvoyPatches {
  readonly #patches: readonly EnvoyPatch[];

  constructor(patches: readonly EnvoyPatch[]) {
    this.#patches = patches;
  }

  get isEmpty(): boolean {
    return this.#patches.length === 0;
  }

  of(applyTo: ApplyTo, context: PatchContext): EnvoyPatch[] {
    return this.#patches.filter((patch) => {
      const wanted = patch.match.context ?? 'ANY';
      return patch.applyTo === applyTo && (wanted === 'ANY' || wanted === context);
    });
  }

  /** What is added as a whole: patches for any context add only once to a sidecar, to what is for going out. */
  additions(applyTo: 'LISTENER' | 'CLUSTER', context: PatchContext): Record<string, unknown>[] {
    return this.of(applyTo, context)
      .filter(({ operation, match }) => {
        const once = context !== 'SIDECAR_INBOUND' || match.context === context;
        return operation === 'ADD' && once;
      })
      .map(({ value }) => value);
  }
}

/** A list with one thing inserted, replaced or removed. `match` undefined: the patch names no place in the list. */
export function editList<T>(
  items: readonly T[],
  { operation, value }: EnvoyPatch,
  match: ((item: T) => boolean) | undefined,
): T[] {
  const own = value as T;
  const at = match ? items.findIndex(match) : -1;
  switch (operation) {
    case 'ADD':
      return [...items, own];
    case 'INSERT_FIRST':
      return [own, ...items];
    case 'INSERT_AFTER':
      if (!match) return [...items, own];
      return at < 0 ? [...items] : items.toSpliced(at + 1, 0, own);
    case 'INSERT_BEFORE':
      if (!match) return [own, ...items];
      return at < 0 ? [...items] : items.toSpliced(at, 0, own);
    case 'REPLACE':
      return at < 0 ? [...items] : items.with(at, own);
    case 'REMOVE':
      return match ? items.filter((item) => !match(item)) : [...items];
    default:
      return [...items];
  }
}
