import type { Stateful } from '../kernel/json.ts';
import type { Push } from './xds/server.ts';

export const kinds = ['listeners', 'clusters', 'routes', 'endpoints'] as const;
export type Kind = (typeof kinds)[number];

const xdsTypes: Record<Kind, Push['changed'][number]> = {
  listeners: 'LDS',
  clusters: 'CDS',
  routes: 'RDS',
  endpoints: 'EDS',
};

/** When resources came, as a configuration dump says it. */
export interface ResourceFacts {
  version: string;
  /** ms since 1970. */
  updated: number;
}

export type ResourcesState = Record<Kind, ResourceFacts>;

/** Versions and times of what istiod sent: every resource of a type has the version of the last push that changed the type. */
export class Resources implements Stateful<ResourcesState> {
  readonly #now: () => number;
  #state: ResourcesState = Object.fromEntries(
    kinds.map((kind) => [kind, { version: '', updated: 0 }]),
  ) as ResourcesState;

  constructor(now: () => number) {
    this.#now = now;
  }

  take(push: Push): void {
    for (const kind of kinds) {
      const { version } = this.#state[kind];
      const unchanged = version !== '' && !push.changed.includes(xdsTypes[kind]);
      if (!unchanged) this.#state[kind] = { version: push.version, updated: this.#now() };
    }
  }

  facts(kind: Kind): ResourceFacts {
    return this.#state[kind];
  }

  save(): ResourcesState {
    return structuredClone(this.#state);
  }

  load(state: ResourcesState): void {
    this.#state = structuredClone(state);
  }
}
