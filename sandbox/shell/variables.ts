/** A shell variable. Scalars and attributes are replaced, never changed in place, so that subshells can share them. */
export interface Variable {
  /** Undefined: declared, but not set. Indexed arrays are sparse. */
  readonly value: string | (string | undefined)[] | Map<string, string> | undefined;
  readonly exported?: boolean;
  readonly readonly?: boolean;
  readonly integer?: boolean;
  readonly lower?: boolean;
  readonly upper?: boolean;
  readonly nameref?: boolean;
  /** Set while unset, for `declare -a x` and `declare -A x`. */
  readonly kind?: 'indexed' | 'associative';
}

export type Attribute = 'exported' | 'readonly' | 'integer' | 'lower' | 'upper' | 'nameref';

/** As saved: arrays as pairs. */
export type SavedVariable = Omit<Variable, 'value'> & {
  value?: string;
  indexed?: [number, string][];
  associative?: [string, string][];
};

/** Assigning to a readonly variable, a bad subscript …; the message is bash's, without the shell's prefix. */
export class VariableError extends Error {
  override name = 'VariableError';
}

/** Variables computed when they are read (RANDOM, SECONDS …) and told when they are assigned. */
export interface DynamicVariables {
  /** `variable` is what is stored under the name. */
  read(name: string, variable: Variable | undefined): Variable | undefined;
  /** True if the assignment was taken. */
  assign(name: string, value: string): boolean;
}

/** All variables of a shell with bash's dynamic scoping: a local stands in for the outer one until its function returns. */
export class Variables {
  #all = new Map<string, Variable>();
  #scopes: Map<string, Variable | undefined>[] = [];
  dynamic: DynamicVariables = { read: (_name, variable) => variable, assign: () => false };

  /** For a subshell: later changes on either side are not seen on the other. */
  copy(): Variables {
    const copy = new Variables();
    for (const [name, variable] of this.#all) copy.#all.set(name, detached(variable));
    copy.#scopes = this.#scopes.map((scope) => new Map(scope));
    return copy;
  }

  names(): string[] {
    return [...this.#all.keys()];
  }

  /** The variable itself; name references are followed by `resolve`. */
  get(name: string): Variable | undefined {
    return this.dynamic.read(name, this.#all.get(name));
  }

  /** Follows name references. */
  resolve(name: string): string {
    let current = name;
    for (let depth = 0; depth < 8; depth++) {
      const variable = this.#all.get(current);
      if (!variable?.nameref || typeof variable.value !== 'string' || variable.value === '') return current;
      current = variable.value;
    }
    return current;
  }

  /** The scalar value: element 0 of an array. Undefined if unset. */
  text(name: string): string | undefined {
    const { value } = this.get(this.resolve(name)) ?? {};
    if (typeof value === 'string' || value === undefined) return value;
    return value instanceof Map ? value.get('0') : value[0];
  }

  /** Stores, whatever was there. */
  put(name: string, variable: Variable): void {
    this.#all.set(name, variable);
  }

  /** Assigns as `name=value` does: keeps attributes, element 0 of an array. */
  assign(name: string, value: string): void {
    const target = this.resolve(name);
    const old = this.#all.get(target);
    if (old?.readonly) throw new VariableError(`${target}: readonly variable`);
    if (this.dynamic.assign(target, value)) return;
    const text = cased(old, value);
    if (Array.isArray(old?.value)) old.value[0] = text;
    else if (old?.value instanceof Map) old.value.set('0', text);
    else if (old?.kind === 'indexed') this.#all.set(target, { ...old, value: [text] });
    else this.#all.set(target, old ? { ...old, value: text } : { value: text });
  }

  /** Assigns one element of an array; makes an indexed array if there is none. */
  assignElement(name: string, key: number | string, value: string): void {
    const target = this.resolve(name);
    const old = this.#all.get(target);
    if (old?.readonly) throw new VariableError(`${target}: readonly variable`);
    const text = cased(old, value);
    if (typeof key === 'string') {
      const map = old?.value instanceof Map ? old.value : new Map<string, string>();
      map.set(key, text);
      if (map !== old?.value) this.#all.set(target, { ...old, kind: 'associative', value: map });
    } else {
      const array = Array.isArray(old?.value) ? old.value : typeof old?.value === 'string' ? [old.value] : [];
      array[key] = text;
      if (array !== old?.value) this.#all.set(target, { ...old, kind: 'indexed', value: array });
    }
  }

  setAttribute(name: string, attribute: Attribute, on: boolean): void {
    const old = this.#all.get(name) ?? { value: undefined };
    const { [attribute]: _, ...rest } = old;
    this.#all.set(name, on ? { ...rest, [attribute]: true } : rest);
  }

  isAssociative(name: string): boolean {
    const variable = this.get(this.resolve(name));
    return variable?.value instanceof Map || variable?.kind === 'associative';
  }

  /** Removes a variable; a local one keeps its place in its scope, so that the outer one stays hidden. */
  unset(name: string): void {
    if (this.#all.get(name)?.readonly) throw new VariableError(`${name}: cannot unset: readonly variable`);
    this.#all.delete(name);
  }

  unsetElement(name: string, key: number | string): void {
    const { value } = this.#all.get(this.resolve(name)) ?? {};
    if (value instanceof Map) value.delete(String(key));
    else if (Array.isArray(value)) {
      const last = value.length - 1;
      const index = Number(key) < 0 ? value.length + Number(key) : Number(key);
      delete value[index];
      if (index === last) value.length = Object.keys(value).reduce((most, at) => Math.max(most, Number(at) + 1), 0);
    } else if (Number(key) === 0) this.unset(name);
  }

  pushScope(): void {
    this.#scopes.push(new Map());
  }

  popScope(): void {
    for (const [name, outer] of this.#scopes.pop() ?? []) {
      if (outer) this.#all.set(name, outer);
      else this.#all.delete(name);
    }
  }

  /** Number of open scopes. */
  get scopes(): number {
    return this.#scopes.length;
  }

  get inFunction(): boolean {
    return this.#scopes.length > 0;
  }

  isLocal(name: string): boolean {
    return this.#scopes.at(-1)?.has(name) ?? false;
  }

  /** Makes `name` local to the innermost scope, unset. */
  makeLocal(name: string): void {
    const scope = this.#scopes.at(-1);
    if (!scope || scope.has(name)) return;
    const outer = this.#all.get(name);
    if (outer?.readonly) throw new VariableError(`${name}: readonly variable`);
    scope.set(name, outer);
    this.#all.delete(name);
  }

  /** Names and values that child processes get. */
  environment(): Map<string, string> {
    const environment = new Map<string, string>();
    for (const [name, variable] of this.#all) {
      if (variable.exported && typeof variable.value === 'string') environment.set(name, variable.value);
    }
    return environment;
  }

  save(): Record<string, SavedVariable> {
    const saved: Record<string, SavedVariable> = {};
    for (const [name, { value, ...attributes }] of this.#all) {
      saved[name] = attributes;
      if (typeof value === 'string') saved[name] = { ...attributes, value };
      else if (value instanceof Map) saved[name] = { ...attributes, associative: [...value] };
      else if (value) saved[name] = { ...attributes, indexed: indexedEntries(value) };
    }
    return saved;
  }

  load(saved: Record<string, SavedVariable>): void {
    this.#scopes = [];
    this.#all = new Map();
    for (const [name, { value, indexed, associative, ...attributes }] of Object.entries(saved)) {
      const array: string[] = [];
      for (const [index, text] of indexed ?? []) array[index] = text;
      this.#all.set(name, { ...attributes, value: indexed ? array : associative ? new Map(associative) : value });
    }
  }
}

function detached(variable: Variable): Variable {
  const { value } = variable;
  if (typeof value === 'string' || value === undefined) return variable;
  return { ...variable, value: value instanceof Map ? new Map(value) : copyIndexed(value) };
}

function cased(variable: Variable | undefined, text: string): string {
  if (variable?.lower) return text.toLowerCase();
  return variable?.upper ? text.toUpperCase() : text;
}

/** Index and value of what is set, ascending. */
export function indexedEntries(array: (string | undefined)[]): [number, string][] {
  const entries: [number, string][] = [];
  // a walk over the indices would take for ever where one of them is huge
  for (const key in array) {
    const value = array[key];
    if (value !== undefined) entries.push([Number(key), value]);
  }
  return entries;
}

/** A copy with the same holes. */
export function copyIndexed(array: (string | undefined)[]): (string | undefined)[] {
  if (array.length < 10_000) return array.slice();
  const copy: (string | undefined)[] = [];
  for (const [index, value] of indexedEntries(array)) copy[index] = value;
  return copy;
}

/** Entries in the order bash walks its hash table: 1,024 buckets of FNV-1 hashes, the newest first in a bucket. */
export function associativeEntries(map: Map<string, string>): [string, string][] {
  const encoder = new TextEncoder();
  const bucket = (key: string) => {
    let hash = 2166136261;
    for (const byte of encoder.encode(key)) hash = Math.imul(hash, 16777619) ^ byte;
    return (hash >>> 0) & 1023;
  };
  const entries = [...map].map(([key, value], order) => ({ key, value, order, bucket: bucket(key) }));
  entries.sort((a, b) => a.bucket - b.bucket || b.order - a.order);
  return entries.map(({ key, value }) => [key, value]);
}

/** Values of an array, or of a scalar as an array of one. */
export function elements(variable: Variable | undefined): string[] {
  return entriesOf(variable).map(([, value]) => value);
}

export function entriesOf(variable: Variable | undefined): [string, string][] {
  const value = variable?.value;
  if (value === undefined) return [];
  if (typeof value === 'string') return [['0', value]];
  if (value instanceof Map) return associativeEntries(value);
  return indexedEntries(value).map(([index, text]) => [String(index), text]);
}
