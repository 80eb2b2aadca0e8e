import type { FilterChain, Listener, ListenerFilter, NamedAny } from '../../../envoy/xds/types.ts';
import type { ApplyTo, PatchContext } from '../api/envoy-filter.ts';
import { type EnvoyPatch, type EnvoyPatches, editList } from './patches.ts';
import { mergeMessage, mergeTyped } from './values.ts';

const connectionManager = 'envoy.filters.network.http_connection_manager';

/** Listeners as EnvoyFilters change them, with those they add if `add` (networking/core/envoyfilter/listener_patch.go). */
export function patchListeners(
  patches: EnvoyPatches,
  context: PatchContext,
  listeners: Listener[],
  add: boolean,
): Listener[] {
  if (patches.isEmpty) return listeners;
  const added = add ? (patches.additions('LISTENER', context) as unknown as Listener[]) : [];
  return [...listeners.flatMap((each) => new ListenerPatch(patches, context, each).result() ?? []), ...added];
}

class ListenerPatch {
  readonly #patches: EnvoyPatches;
  readonly #context: PatchContext;
  readonly #original: Listener;

  constructor(patches: EnvoyPatches, context: PatchContext, listener: Listener) {
    this.#patches = patches;
    this.#context = context;
    this.#original = listener;
  }

  /** Undefined: it is removed. */
  result(): Listener | undefined {
    let listener = this.#original;
    for (const patch of this.#of('LISTENER')) {
      if (patch.operation === 'REMOVE') return undefined;
      if (patch.operation === 'MERGE') listener = mergeMessage(listener, patch.value);
    }
    const { listenerFilters = [], filterChains = [], defaultFilterChain } = listener;
    const inspectors = this.#listenerFilters(listenerFilters);
    const chains = [
      ...filterChains.flatMap((chain) => this.#chain(chain) ?? []),
      ...this.#of('FILTER_CHAIN')
        .filter(({ operation }) => operation === 'ADD')
        .map(({ value }) => value as unknown as FilterChain),
    ];
    const fallback = defaultFilterChain && this.#chain(defaultFilterChain);
    const patched: Listener = { ...listener, filterChains: chains };
    if (inspectors.length > 0) patched.listenerFilters = inspectors;
    else delete patched.listenerFilters;
    if (fallback) patched.defaultFilterChain = fallback;
    else delete patched.defaultFilterChain;
    return patched;
  }

  #of(applyTo: ApplyTo): EnvoyPatch[] {
    return this.#patches.of(applyTo, this.#context).filter((patch) => this.#isMatch(patch));
  }

  get #isVirtual(): boolean {
    return this.#original.name === 'virtualInbound' || this.#original.name === 'virtualOutbound';
  }

  #isMatch({ applyTo, match: { listener: wanted } }: EnvoyPatch): boolean {
    if (!wanted) return true;
    if (wanted.name && wanted.name !== this.#original.name) return false;
    // In a virtual listener a port is that of a filter chain.
    if (applyTo !== 'LISTENER' && this.#isVirtual) return true;
    return !wanted.portNumber || this.#original.address.socketAddress?.portValue === wanted.portNumber;
  }

  #listenerFilters(filters: readonly ListenerFilter[]): ListenerFilter[] {
    return this.#of('LISTENER_FILTER').reduce(
      (list, patch) => {
        const name = patch.match.listener?.listenerFilter;
        const match = name ? (filter: ListenerFilter) => filter.name === name : undefined;
        if (patch.operation !== 'MERGE') return editList(list, patch, match);
        return match ? list.map((filter) => mergeFilter(filter, patch)) : list;
      },
      [...filters],
    );
  }

  #chain(chain: FilterChain): FilterChain | undefined {
    let patched = chain;
    for (const patch of this.#of('FILTER_CHAIN')) {
      if (!this.#isChainMatch(chain, patch)) continue;
      if (patch.operation === 'REMOVE') return undefined;
      if (patch.operation === 'MERGE') patched = mergeChain(patched, patch.value);
    }
    const edits = this.#of('NETWORK_FILTER').filter((patch) => this.#isChainMatch(patched, patch));
    const filters = edits
      .filter(({ operation }) => operation !== 'MERGE')
      .reduce((list, patch) => editList(list, patch, networkFilterMatch(patch)), patched.filters ?? []);
    const merges = edits.filter(({ operation }) => operation === 'MERGE');
    return { ...patched, filters: filters.map((filter) => this.#networkFilter(patched, filter, merges)) };
  }

  #networkFilter(chain: FilterChain, filter: NamedAny, merges: readonly EnvoyPatch[]): NamedAny {
    const merged = merges
      .filter((patch) => networkFilterMatch(patch)?.(filter) ?? true)
      .reduce((own, patch) => mergeFilter(own, patch), filter);
    return merged.name === connectionManager ? this.#httpFilters(chain, merged) : merged;
  }

  #httpFilters(chain: FilterChain, manager: NamedAny): NamedAny {
    const patches = this.#of('HTTP_FILTER').filter(
      (patch) => this.#isChainMatch(chain, patch) && (networkFilterMatch(patch)?.(manager) ?? true),
    );
    if (patches.length === 0 || !manager.typedConfig) return manager;
    const edited = patches
      .filter(({ operation }) => operation !== 'MERGE')
      .reduce(
        (list, patch) => editList(list, patch, httpFilterMatch(patch)),
        (manager.typedConfig.httpFilters ?? []) as NamedAny[],
      );
    const merges = patches.filter(({ operation }) => operation === 'MERGE');
    const httpFilters = edited.map((filter) => {
      return merges.reduce(
        (own, patch) => ((httpFilterMatch(patch)?.(own) ?? true) ? mergeFilter(own, patch) : own),
        filter,
      );
    });
    return { ...manager, typedConfig: { ...manager.typedConfig, httpFilters } };
  }

  #isChainMatch({ name, filterChainMatch }: FilterChain, { match: { listener: wanted } }: EnvoyPatch): boolean {
    if (!wanted) return true;
    const { destinationPort, serverNames = [], transportProtocol, applicationProtocols = [] } = filterChainMatch ?? {};
    if (this.#isVirtual && wanted.portNumber && destinationPort !== wanted.portNumber) return false;
    const { filterChain: chain } = wanted;
    if (!chain) return true;
    if (chain.name && chain.name !== name) return false;
    if (chain.sni && !serverNames.includes(chain.sni)) return false;
    if (chain.transportProtocol && chain.transportProtocol !== transportProtocol) return false;
    const protocols = chain.applicationProtocols ? chain.applicationProtocols.split(',') : [];
    if (!protocols.every((each) => applicationProtocols.includes(each))) return false;
    return !chain.destinationPort || chain.destinationPort === destinationPort;
  }
}

function networkFilterMatch({ match }: EnvoyPatch): ((filter: NamedAny) => boolean) | undefined {
  const wanted = match.listener?.filterChain?.filter;
  return wanted && (({ name }) => name === (wanted.name ?? ''));
}

function httpFilterMatch({ match }: EnvoyPatch): ((filter: NamedAny) => boolean) | undefined {
  const wanted = match.listener?.filterChain?.filter?.subFilter;
  return wanted && (({ name }) => name === (wanted.name ?? ''));
}

/** Only a filter with a configuration is changed; its name becomes the patch's. */
function mergeFilter<F extends NamedAny | ListenerFilter>(filter: F, { value }: EnvoyPatch): F {
  const { name, typedConfig } = value as unknown as NamedAny;
  if (!filter.typedConfig) return filter;
  return {
    ...filter,
    name: name || filter.name,
    ...(typedConfig ? { typedConfig: mergeTyped(filter.typedConfig, typedConfig) } : {}),
  };
}

/** A TLS context is merged with its like, instead of the chain being merged. */
function mergeChain(chain: FilterChain, value: Record<string, unknown>): FilterChain {
  const { transportSocket: wanted } = value as FilterChain;
  const { transportSocket: own } = chain;
  if (!wanted || !own || wanted.name !== own.name) return mergeMessage(chain, value);
  if (!wanted.typedConfig || !own.typedConfig) return chain;
  return { ...chain, transportSocket: { ...own, typedConfig: mergeTyped(own.typedConfig, wanted.typedConfig) } };
}
