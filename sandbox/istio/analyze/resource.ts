import type { JsonObject } from '../../kernel/json.ts';
import type { Mesh } from '../pilot/api/mesh.ts';
import { labelsOf, recordOf, textOf } from '../validate/spec.ts';
import { type Kind, type KindName, kinds } from './kinds.ts';
import { type Message, type MessageName, message, type Parameter } from './messages.ts';

/** An object as analyzers see it. */
export interface Resource {
  kind: Kind;
  /** '' for what is not in a namespace, or says none in a file. */
  namespace: string;
  name: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  object: JsonObject;
  spec: JsonObject;
  status: JsonObject;
  /** Where the object begins, if it comes from a file; lines from 1. */
  position?: { file: string; line: number };
  /** Lines of its scalars by path: `.spec.gateways[0]`. */
  lines?: ReadonlyMap<string, number>;
}

export function toResource(name: KindName, object: JsonObject, namespace?: string): Resource {
  const metadata = recordOf(object.metadata);
  return {
    kind: kinds[name],
    namespace: namespace ?? textOf(metadata.namespace),
    name: textOf(metadata.name),
    labels: labelsOf(metadata.labels),
    annotations: labelsOf(metadata.annotations),
    object,
    spec: recordOf(object.spec),
    status: recordOf(object.status),
  };
}

/** `namespace/name`, or the name alone. */
export function fullName({ namespace, name }: { namespace: string; name: string }): string {
  return namespace ? `${namespace}/${name}` : name;
}

/** `name` or `namespace/name` as a full name. */
export function resolveName(namespace: string, name: string): string {
  return name.includes('/') ? name : fullName({ namespace, name });
}

/** Objects of each kind; a kind that is missing cannot be asked for, and its analyzers are skipped. */
export type Snapshot = ReadonlyMap<KindName, readonly Resource[]>;

/** What is known beside the objects. */
export interface MeshFacts {
  mesh: Mesh;
  meshNetworks?: JsonObject;
  /** ms since 1970. */
  now: number;
}

/** What one analyzer works with: the objects, by kind, and where its findings go. */
export class Context {
  readonly mesh: Mesh;
  readonly meshNetworks: JsonObject;
  /** ms since 1970. */
  readonly now: number;
  readonly messages: Message[] = [];
  readonly #snapshot: Snapshot;
  readonly #byName = new Map<KindName, Map<string, Resource>>();

  constructor(snapshot: Snapshot, { mesh, meshNetworks = {}, now }: MeshFacts) {
    this.#snapshot = snapshot;
    this.mesh = mesh;
    this.meshNetworks = meshNetworks;
    this.now = now;
  }

  has(kind: KindName): boolean {
    return this.#snapshot.has(kind);
  }

  all(kind: KindName): readonly Resource[] {
    return this.#snapshot.get(kind) ?? [];
  }

  /** By `namespace/name` or, for a kind without namespaces, by name. */
  find(kind: KindName, name: string): Resource | undefined {
    let index = this.#byName.get(kind);
    if (!index) {
      index = new Map(this.all(kind).map((resource) => [fullName(resource), resource]));
      this.#byName.set(kind, index);
    }
    return index.get(name);
  }

  report(name: MessageName, resource: Resource, ...parameters: Parameter[]): void {
    this.messages.push(message(name, resource, parameters));
  }

  /** Reports at the line of a field such as `.spec.gateways[0]`, if the file has it. */
  reportAt(path: string, name: MessageName, resource: Resource, ...parameters: Parameter[]): void {
    this.messages.push(message(name, resource, parameters, resource.lines?.get(path)));
  }
}

/** One analyzer: which kinds it needs, and what it finds. */
export interface Analyzer {
  name: string;
  description: string;
  inputs: readonly KindName[];
  analyze(context: Context): void;
}
