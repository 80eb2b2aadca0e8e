import type { Stateful } from '../../kernel/json.ts';
import { cloneJson, compareText, deepFreeze } from '../json.ts';
import type { KubernetesObject, ObjectChange } from '../objects.ts';

export interface StoreState {
  resourceVersion: number;
  tables: { key: string; lastRemoval: number; objects: { createdAt: number; object: KubernetesObject }[] }[];
}

interface Table {
  /** By `namespace/name`, or the name where there is no namespace. */
  entries: Map<string, Entry>;
  /** Names in order; undefined after something came or went. */
  order: string[] | undefined;
  /** Answers of `list` by namespace ('' for all), until something changes. */
  lists: Map<string, readonly KubernetesObject[]>;
  /** resourceVersion of the latest removal. */
  lastRemoval: number;
  listeners: Set<(change: StoredChange) => void>;
}

interface Entry {
  object: KubernetesObject;
  /** resourceVersion at which it was created. */
  createdAt: number;
}

export interface StoredChange extends ObjectChange {
  resourceVersion: number;
}

/**
 * All objects of the cluster, by kind (group/resource), in their storage version. Objects are never changed once they are
 * in: a write replaces them. Every write takes the next of one global counter of resource versions, as etcd's revision.
 */
export class Store implements Stateful<StoreState> {
  readonly #tables = new Map<string, Table>();
  readonly #freeze: boolean;
  #resourceVersion = 0;
  #changes: { table: Table; change: StoredChange }[] = [];
  #telling = false;

  /** `freeze`: objects throw when changed (for tests). */
  constructor(freeze = false) {
    this.#freeze = freeze;
  }

  get resourceVersion(): number {
    return this.#resourceVersion;
  }

  get(table: string, namespace: string | undefined, name: string): KubernetesObject | undefined {
    return this.#tables.get(table)?.entries.get(keyOf(namespace, name))?.object;
  }

  /** In the order of etcd's keys: `namespace/name`. */
  list(tableKey: string, namespace?: string): readonly KubernetesObject[] {
    const table = this.#tables.get(tableKey);
    if (!table) return [];
    const cached = table.lists.get(namespace ?? '');
    if (cached) return cached;
    table.order ??= [...table.entries.keys()].sort(compareText);
    const prefix = namespace ? `${namespace}/` : '';
    const keys = prefix ? table.order.filter((key) => key.startsWith(prefix)) : table.order;
    const list = keys.map((key) => (table.entries.get(key) as Entry).object);
    table.lists.set(namespace ?? '', list);
    return list;
  }

  /** Stores the object under the next resourceVersion, which is written into it; `object` must be the caller's own. */
  put(tableKey: string, object: KubernetesObject): KubernetesObject {
    const table = this.#table(tableKey);
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const present = table.entries.get(key);
    const resourceVersion = ++this.#resourceVersion;
    object.metadata.resourceVersion = String(resourceVersion);
    if (this.#freeze) deepFreeze(object);
    table.entries.set(key, { object, createdAt: present?.createdAt ?? resourceVersion });
    if (!present) table.order = undefined;
    table.lists.clear();
    this.#tell(table, {
      type: present ? 'MODIFIED' : 'ADDED',
      object,
      ...(present && { old: present.object }),
      resourceVersion,
    });
    return object;
  }

  /** Takes the object out. What listeners get as `object` carries the resourceVersion of the removal. */
  remove(tableKey: string, object: KubernetesObject): void {
    const table = this.#table(tableKey);
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const present = table.entries.get(key);
    if (!present) return;
    const resourceVersion = ++this.#resourceVersion;
    table.entries.delete(key);
    table.order = undefined;
    table.lists.clear();
    table.lastRemoval = resourceVersion;
    const metadata = { ...present.object.metadata, resourceVersion: String(resourceVersion) };
    this.#tell(table, {
      type: 'DELETED',
      object: { ...present.object, metadata },
      old: present.object,
      resourceVersion,
    });
  }

  /** Told of every change of a kind, in order, right after it is stored. */
  onChange(tableKey: string, listener: (change: StoredChange) => void): () => void {
    const { listeners } = this.#table(tableKey);
    const own = (change: StoredChange) => listener(change);
    listeners.add(own);
    return () => listeners.delete(own);
  }

  /**
   * What happened to a kind after `resourceVersion`, as far as the state alone can tell: what was created or changed since
   * and still is there. Undefined if something was removed since, which leaves no trace: the watcher must list anew.
   */
  changesSince(tableKey: string, resourceVersion: number): StoredChange[] | undefined {
    const table = this.#tables.get(tableKey);
    if (!table) return [];
    if (table.lastRemoval > resourceVersion) return undefined;
    const changes: StoredChange[] = [];
    for (const { object, createdAt } of table.entries.values()) {
      const at = Number(object.metadata.resourceVersion);
      if (at <= resourceVersion) continue;
      changes.push({ type: createdAt > resourceVersion ? 'ADDED' : 'MODIFIED', object, resourceVersion: at });
    }
    return changes.sort((a, b) => a.resourceVersion - b.resourceVersion);
  }

  save(): StoreState {
    const tables = [...this.#tables]
      .filter(([, table]) => table.entries.size > 0 || table.lastRemoval > 0)
      .sort(([a], [b]) => compareText(a, b))
      .map(([key, table]) => ({
        key,
        lastRemoval: table.lastRemoval,
        objects: [...table.entries]
          .sort(([a], [b]) => compareText(a, b))
          .map(([, { object, createdAt }]) => ({ createdAt, object: cloneJson(object) })),
      }));
    return { resourceVersion: this.#resourceVersion, tables };
  }

  /** Listeners stay and are not told. */
  load(state: StoreState): void {
    this.#resourceVersion = state.resourceVersion;
    this.#changes = [];
    for (const table of this.#tables.values()) {
      table.entries.clear();
      table.order = undefined;
      table.lists.clear();
      table.lastRemoval = 0;
    }
    for (const { key, lastRemoval, objects } of state.tables) {
      const table = this.#table(key);
      table.lastRemoval = lastRemoval;
      for (const { object, createdAt } of objects) {
        const own = cloneJson(object);
        if (this.#freeze) deepFreeze(own);
        table.entries.set(keyOf(own.metadata.namespace, own.metadata.name), { object: own, createdAt });
      }
    }
  }

  #table(key: string): Table {
    let table = this.#tables.get(key);
    if (!table) {
      table = { entries: new Map(), order: undefined, lists: new Map(), lastRemoval: 0, listeners: new Set() };
      this.#tables.set(key, table);
    }
    return table;
  }

  /** A listener that writes must not overtake the change it was told of: its own change is told after this one. */
  #tell(table: Table, change: StoredChange): void {
    this.#changes.push({ table, change });
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let next = this.#changes.shift(); next; next = this.#changes.shift()) {
        for (const listener of [...next.table.listeners]) listener(next.change);
      }
    } finally {
      this.#telling = false;
    }
  }
}

function keyOf(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}
