/** The pod range of one node, handed out one after another so that an address is not used again at once (host-local IPAM). */
export class AddressPool {
  readonly #prefix: string;

  /** `prefix`: the first three numbers of a /24, such as `10.244.0`. Number 1 is the node's bridge. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The next free number after `last`; undefined if all are taken. */
  next(last: number, taken: ReadonlySet<string>): { number: number; address: string } | undefined {
    for (let step = 1; step <= 253; step++) {
      const number = ((last - 2 + step + 253) % 253) + 2;
      const address = `${this.#prefix}.${number}`;
      if (!taken.has(address)) return { number, address };
    }
    return undefined;
  }
}
