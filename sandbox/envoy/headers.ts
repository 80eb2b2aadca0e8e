import type { HeaderField } from '../network/socket.ts';

/** Headers in order, names in lower case, as Envoy keeps them. */
export class HeaderMap {
  #fields: [name: string, value: string][];

  constructor(fields: readonly HeaderField[] = []) {
    this.#fields = fields.map(([name, value]) => [name.toLowerCase(), value]);
  }

  /** All values of a name, joined by commas as Envoy's getAllOfHeaderAsString does. */
  get(name: string): string | undefined {
    let joined: string | undefined;
    for (const [field, value] of this.#fields) {
      if (field === name) joined = joined === undefined ? value : `${joined},${value}`;
    }
    return joined;
  }

  has(name: string): boolean {
    return this.#fields.some(([field]) => field === name);
  }

  /** Overwrites in place (further ones go), or adds at the end. */
  set(name: string, value: string): void {
    const index = this.#fields.findIndex(([field]) => field === name);
    if (index < 0) {
      this.#fields.push([name, value]);
      return;
    }
    this.#fields[index] = [name, value];
    this.#fields = this.#fields.filter(([field], place) => field !== name || place === index);
  }

  add(name: string, value: string): void {
    this.#fields.push([name, value]);
  }

  /** Appends to the value with a comma, as hop lists such as x-forwarded-for grow. */
  append(name: string, value: string): void {
    const present = this.get(name);
    this.set(name, present === undefined || present === '' ? value : `${present},${value}`);
  }

  remove(...names: string[]): void {
    if (this.#fields.some(([field]) => names.includes(field))) {
      this.#fields = this.#fields.filter(([field]) => !names.includes(field));
    }
  }

  removeMatching(test: (name: string) => boolean): void {
    this.#fields = this.#fields.filter(([field]) => !test(field));
  }

  fields(): HeaderField[] {
    return this.#fields.map(([name, value]) => [name, value] as const);
  }

  clone(): HeaderMap {
    return new HeaderMap(this.#fields);
  }
}

/** A request as filters and the router see it. */
export interface RequestHead {
  method: string;
  authority: string;
  /** Path and query. */
  path: string;
  scheme: 'http' | 'https';
  headers: HeaderMap;
}

/** A header of a request, pseudo headers included. */
export function requestHeader(head: RequestHead, name: string): string | undefined {
  switch (name) {
    case ':authority':
    case 'host':
      return head.authority;
    case ':path':
      return head.path;
    case ':method':
      return head.method;
    case ':scheme':
      return head.scheme;
    default:
      return head.headers.get(name);
  }
}

/** Sets a header of a request, pseudo headers included. */
export function setRequestHeader(head: RequestHead, name: string, value: string): void {
  if (name === ':authority' || name === 'host') head.authority = value;
  else if (name === ':path') head.path = value;
  else if (name === ':method') head.method = value;
  else head.headers.set(name, value);
}
