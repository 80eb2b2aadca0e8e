import type { Kernel } from '../kernel/kernel.ts';
import type { FieldError } from './field.ts';
import type { GroupVersionResource, KubernetesObject } from './objects.ts';
import type { Schema } from './schema.ts';

/**
 * A kind: everything the API server knows about it, in one module of `kinds/` and one line of `kinds/index.ts`.
 * A CustomResourceDefinition in the store becomes one of these too (apiserver/custom-resources.ts).
 */
export interface Kind {
  /** API group; '' is the core group. */
  group: string;
  kind: string;
  listKind?: string;
  /** The name in REST paths. */
  plural: string;
  singular: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
  namespaced: boolean;
  /** Served versions, preferred first. */
  versions: readonly KindVersion[];
  /** The version in which objects are stored; the first one of `versions` if left out. */
  storageVersion?: string;
  /** Where objects are kept when two kinds share them (Events of v1 and events.k8s.io): group and resource. */
  storage?: { group: string; resource: string };
  /** What clients may do; everything if left out. */
  verbs?: readonly Verb[];
  /** The status is written through its own path only; the main path leaves it alone. */
  status?: boolean;
  scale?: ScalePaths;
  /** Further paths below an object that are served: `finalize`, `log`, … */
  subresources?: readonly Subresource[];
  /** `metadata.generation` counts changes outside metadata and status. */
  generation?: boolean;
  /** Fields that `fieldSelector` may name besides metadata.name and metadata.namespace. */
  fields?: Record<string, (object: KubernetesObject) => string>;
  /** How names are checked: the default is a DNS subdomain (RFC 1123). */
  nameRule?: 'subdomain' | 'label' | 'label1035' | 'path';

  /** Fills in what the manifest leaves out. Runs on every write, before admission. */
  defaults?(object: KubernetesObject, context: KindContext): void;
  /** Sets and clears what only the server may write on a new object. */
  prepareForCreate?(object: KubernetesObject, context: KindContext): void;
  /** The same for a replacement; `old` is what is stored. */
  prepareForUpdate?(object: KubernetesObject, old: KubernetesObject, context: KindContext): void;
  /** The same for a write of the status path, after everything but the status was taken from `old`. */
  prepareForStatusUpdate?(object: KubernetesObject, old: KubernetesObject, context: KindContext): void;
  validate?(object: KubernetesObject, context: KindContext): FieldError[];
  /** Checks beyond `validate`, which ran too, for a replacement: immutable fields above all. */
  validateUpdate?(object: KubernetesObject, old: KubernetesObject, context: KindContext): FieldError[];
  /** Seconds between the wish to delete and the removal; undefined or 0: removed at once. `asked`: gracePeriodSeconds. */
  gracePeriod?(object: KubernetesObject, asked: number | undefined): number | undefined;
  /** Further marks on an object whose deletion was asked for and that stays for now (a namespace's phase). */
  markDeleted?(object: KubernetesObject): void;
  /** True while the object stays although its deletion was asked for and no finalizer is left (Namespace). */
  holdsDeletion?(object: KubernetesObject): boolean;
  /** Sentences for the `Warning` header of a write. */
  warnings?(object: KubernetesObject, old: KubernetesObject | undefined): string[];
}

export interface KindVersion {
  name: string;
  /** The schema of an object, or the name of a shared definition (`io.k8s.api.core.v1.Pod`). */
  schema: Schema | string;
  columns?: readonly Column[];
  /** Deprecated versions say so in a `Warning` header. */
  deprecated?: string;
  /** An object of the storage version in this version. The default changes only `apiVersion`. */
  fromStorage?(object: KubernetesObject): KubernetesObject;
  toStorage?(object: KubernetesObject): KubernetesObject;
}

/** A column of `kubectl get`. */
export interface Column {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format?: string;
  description?: string;
  /** 0: always shown; above: only with `-o wide`. */
  priority?: number;
  value(object: KubernetesObject, now: number): CellValue;
}

export type CellValue = string | number | boolean | null;

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';
export const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

export interface Subresource {
  name: string;
  kind: string;
  group?: string;
  version?: string;
  verbs: readonly string[];
}

/** Where `kubectl scale` reads and writes, as JSONPaths of simple fields (`.spec.replicas`). */
export interface ScalePaths {
  spec: string;
  status: string;
  selector?: string;
}

/** What the rules of a kind may look at. */
export interface KindContext {
  kernel: Kernel;
  /** Who writes. */
  user: string;
  /** What is stored; the answer is shared and must not be changed. */
  get(resource: GroupVersionResource, namespace: string | undefined, name: string): KubernetesObject | undefined;
  list(resource: GroupVersionResource, namespace?: string): readonly KubernetesObject[];
}

/** Declares a kind whose rules see the object with its own type. The object was checked against the schema before. */
export function defineKind<T extends KubernetesObject>(kind: KindRules<T>): Kind {
  return kind as unknown as Kind;
}

type Typed<F, T> = F extends (...args: infer A) => infer R
  ? (...args: { [K in keyof A]: A[K] extends KubernetesObject ? T : A[K] }) => R
  : F;

/** `Kind` with its rules typed. */
export type KindRules<T extends KubernetesObject> = {
  [K in keyof Kind]: K extends 'fields'
    ? Record<string, (object: T) => string>
    : K extends 'versions'
      ? readonly (Omit<KindVersion, 'columns'> & { columns?: readonly TypedColumn<T>[] })[]
      : Typed<Kind[K], T>;
};

export type TypedColumn<T> = Omit<Column, 'value'> & { value(object: T, now: number): CellValue };
