import type { ReferenceGrantSpec } from '../api/gateway-api.ts';
import { listConfigs, type ObjectSource } from '../model/config.ts';

interface Reference {
  /** `group/kind`. */
  kind: string;
  namespace: string;
}

/** What objects may refer to in other namespaces. */
export class ReferenceGrants {
  readonly #granted = new Set<string>();

  constructor(source: ObjectSource) {
    for (const { namespace, spec } of listConfigs<ReferenceGrantSpec>(source, 'ReferenceGrant')) {
      for (const from of spec.from ?? []) {
        const by = { kind: `${from.group}/${from.kind}`, namespace: from.namespace };
        for (const { group, kind, name = '*' } of spec.to ?? []) {
          this.#granted.add(key(by, { kind: `${group}/${kind}`, namespace }, name));
        }
      }
    }
  }

  allows(from: Reference, to: Reference, name: string): boolean {
    if (from.namespace === to.namespace) return true;
    return this.#granted.has(key(from, to, '*')) || this.#granted.has(key(from, to, name));
  }
}

function key(from: Reference, to: Reference, name: string): string {
  return [from.kind, from.namespace, to.kind, to.namespace, name].join(' ');
}
