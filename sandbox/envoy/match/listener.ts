import type { Listener } from '../xds/types.ts';

/** Does this listener open a socket of its own? The others are only found by the original destination. */
export function bindsToPort(listener: Listener): boolean {
  return listener.bindToPort ?? true;
}

function bound(listener: Listener): { address: string; port: number }[] {
  return [listener.address, ...(listener.additionalAddresses ?? []).map(({ address }) => address)]
    .map(({ socketAddress }) => socketAddress)
    .filter((socket) => socket !== undefined)
    .map(({ address, portValue }) => ({ address, port: portValue }));
}

/** Listeners by their addresses, for the hand-over to the listener of the original destination. */
export class ListenerTable {
  readonly #byAddress = new Map<string, Listener>();
  readonly #byName = new Map<string, Listener>();

  constructor(listeners: readonly Listener[]) {
    for (const listener of listeners) {
      this.#byName.set(listener.name, listener);
      for (const { address, port } of bound(listener)) {
        const key = `${address}_${port}`;
        if (!this.#byAddress.has(key)) this.#byAddress.set(key, listener);
      }
    }
  }

  get(name: string): Listener | undefined {
    return this.#byName.get(name);
  }

  /** The listener that takes a redirected connection over: the exact address first, then the wildcard; undefined: none. */
  forDestination(address: string, port: number): Listener | undefined {
    return this.#byAddress.get(`${address}_${port}`) ?? this.#byAddress.get(`0.0.0.0_${port}`);
  }

  /** Listeners with sockets of their own, by address and port. */
  *sockets(): Iterable<{ listener: Listener; address: string; port: number }> {
    for (const listener of this.#byName.values()) {
      if (!bindsToPort(listener)) continue;
      for (const { address, port } of bound(listener)) yield { listener, address, port };
    }
  }
}
