import { resourcePath } from './client.ts';
import { ErrorList, isNotFound, KubectlError, NoKindMatch, StatusError } from './errors.ts';
import { goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { ManifestError, readManifests } from './manifests.ts';
import type { Mapping } from './mapper.ts';
import { groupOf, isRecord, type KubeObject, versionOf } from './objects.ts';
import { matchesLabels, parseSelector } from './selectors.ts';

/** One object a command works on. */
export interface Info {
  mapping: Mapping;
  namespace: string;
  name: string;
  /** What the manifest or the server says; absent where only the name is known. */
  object?: KubeObject;
  /** The file it came from. */
  source: string;
}

export interface Selection {
  infos: Info[];
  errors: Error[];
  /** Objects and complaints in the order of the files; only where objects come from files. */
  sequence?: (Info | Error)[];
  /** The command line can mean one object only. */
  singleItemImplied: boolean;
  /** Objects come from a listing, not by name. */
  listed: boolean;
  /** Where listed: the answers of the server as they came. */
  lists: { mapping: Mapping; resourceVersion: string }[];
}

export interface SelectOptions {
  args: readonly string[];
  /** A lone TYPE means all of them. */
  allowEmptySelector?: boolean;
  selector?: string;
  fieldSelector?: string;
  all?: boolean;
  allNamespaces?: boolean;
  filenames?: string[];
  recursive?: boolean;
  kustomize?: string;
  validate?: boolean;
  /** Objects from files are asked from the server anew. */
  latest?: boolean;
  /** Named objects are fetched; true if absent. */
  fetch?: boolean;
  /** Stop at the first error. */
  stopOnError?: boolean;
  singleType?: boolean;
  subresource?: string;
  /** Ask for tables: a listing then gives one info whose object is the server's whole answer. */
  table?: { accept: string; includeObject?: string };
}

/** The selection that flags -f, -l, -A … and the arguments of a command make. */
export function flagsOf(
  k: Kubectl,
): Pick<
  SelectOptions,
  'args' | 'selector' | 'fieldSelector' | 'allNamespaces' | 'filenames' | 'recursive' | 'kustomize' | 'all'
> {
  return {
    args: k.args,
    selector: k.flags.text('selector'),
    fieldSelector: k.flags.text('field-selector'),
    allNamespaces: k.flags.bool('all-namespaces'),
    filenames: k.flags.list('filename'),
    recursive: k.flags.bool('recursive'),
    kustomize: k.flags.text('kustomize'),
    all: k.flags.bool('all'),
  };
}

export const missingResource = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`;

/** Resolves what a command line names (cli-runtime's resource.Builder). */
export async function select(k: Kubectl, options: SelectOptions): Promise<Selection> {
  const files = options.filenames ?? [];
  if (options.kustomize) throw new KubectlError('-k is not supported: this kubectl has no kustomize');
  const plan = parseArguments(k, options);
  const selecting = options.selector !== undefined && options.selector !== '';
  if (options.all && (selecting || (options.fieldSelector ?? '') !== '')) {
    throw new KubectlError("setting 'all' parameter but found a non empty selector. ");
  }
  if (files.length > 0) {
    if (plan.types.length > 0) {
      throw new KubectlError(
        'when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well',
      );
    }
    if (plan.tuples.length > 0) {
      throw new KubectlError('resource/name arguments cannot be provided when a path is specified');
    }
    return selectFiles(k, options, files);
  }
  const bySelector = selecting || (options.fieldSelector ?? '') !== '' || options.all || plan.everything;
  if (bySelector) return selectListed(k, options, plan);
  if (plan.tuples.length > 0) return selectTuples(k, options, plan);
  if (plan.names.length > 0) return selectNamed(k, options, plan);
  if (plan.types.length > 0) {
    for (const type of plan.types) k.mapper.resource(type);
    throw new KubectlError('resource(s) were provided, but no name was specified');
  }
  throw new KubectlError(missingResource);
}

interface Plan {
  types: string[];
  names: string[];
  tuples: { type: string; name: string }[];
  everything: boolean;
}

const unique = (argument: string) => [...new Set(argument.split(','))];

function parseArguments(k: Kubectl, options: SelectOptions): Plan {
  const plan: Plan = { types: [], names: [], tuples: [], everything: false };
  let args = [...options.args];
  if (args.length >= 2) {
    const types = unique(args[0] as string);
    if (types.length > 1) {
      const names = args.slice(1);
      args = types.flatMap((type) => names.map((name) => `${type}/${name}`));
    }
  }
  const slashes = args.filter((each) => each.includes('/')).length;
  if (slashes > 0) {
    if (slashes !== args.length) {
      throw new KubectlError(
        "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
      );
    }
    for (const each of args) {
      const parts = each.split('/');
      if (parts.length !== 2) {
        throw new KubectlError('arguments in resource/name form may not have more than one slash');
      }
      const [type = '', name = ''] = parts;
      if (type === '' || name === '' || type.includes(',')) {
        throw new KubectlError('arguments in resource/name form must have a single resource and name');
      }
      plan.tuples.push({ type, name });
    }
    return plan;
  }
  if (args.length === 0) return plan;
  plan.types = [
    ...new Set(
      unique(args[0] as string).flatMap(
        (type) => (/^[a-z]/.test(type) ? k.mapper.category(type) : undefined) ?? [type],
      ),
    ),
  ];
  plan.names = args.slice(1);
  const selecting = (options.selector ?? '') !== '';
  if (args.length === 1 && options.allowEmptySelector && !selecting) plan.everything = true;
  return plan;
}

/** The namespace requests go to; '' for all. */
function scope(k: Kubectl, options: SelectOptions): string {
  return options.allNamespaces ? '' : k.namespace;
}

function typeMappings(k: Kubectl, options: SelectOptions, plan: Plan): Mapping[] {
  if (plan.types.length > 1 && options.singleType) {
    throw new KubectlError('you may only specify a single resource type');
  }
  const mappings: Mapping[] = [];
  for (const type of plan.types) {
    const mapping = k.mapper.resource(type);
    if (!mappings.includes(mapping)) mappings.push(mapping);
  }
  return mappings;
}

async function selectListed(k: Kubectl, options: SelectOptions, plan: Plan): Promise<Selection> {
  if (plan.names.length > 0) throw new KubectlError('name cannot be provided when a selector is specified');
  if (plan.tuples.length > 0) {
    throw new KubectlError('selectors and the all flag cannot be used when passing resource/name arguments');
  }
  if (plan.types.length === 0) {
    throw new KubectlError('at least one resource must be specified to use a selector');
  }
  const selection: Selection = { infos: [], errors: [], singleItemImplied: false, listed: true, lists: [] };
  for (const mapping of typeMappings(k, options, plan)) {
    try {
      if (options.table) {
        await addTables(k, mapping, options, selection);
        continue;
      }
      const list = await listObjects(k, mapping, mapping.namespaced ? scope(k, options) : '', options);
      selection.lists.push({ mapping, resourceVersion: list.resourceVersion });
      for (const object of list.items) {
        selection.infos.push({
          mapping,
          namespace: object.metadata.namespace ?? '',
          name: object.metadata.name,
          object,
          source: '',
        });
      }
    } catch (error) {
      if (!(error instanceof StatusError) || options.stopOnError) throw error;
      selection.errors.push(error);
    }
  }
  return selection;
}

async function addTables(k: Kubectl, mapping: Mapping, options: SelectOptions, selection: Selection): Promise<void> {
  const namespace = mapping.namespaced ? scope(k, options) : '';
  let whole: Record<string, unknown> | undefined;
  for (let from: string | undefined = ''; from !== undefined; ) {
    const query = {
      labelSelector: options.selector,
      fieldSelector: options.fieldSelector,
      limit: '500',
      continue: from,
      includeObject: options.table?.includeObject,
    };
    const page: Record<string, unknown> = await listPage(k, mapping, namespace, query, options.table?.accept);
    const more: unknown = isRecord(page.metadata) ? page.metadata.continue : undefined;
    from = typeof more === 'string' && more !== '' ? more : undefined;
    if (!whole) whole = page;
    else if (Array.isArray(whole.rows) && Array.isArray(page.rows)) whole.rows.push(...(page.rows as unknown[]));
  }
  const metadata = whole && isRecord(whole.metadata) ? whole.metadata : {};
  selection.lists.push({ mapping, resourceVersion: String(metadata.resourceVersion ?? '') });
  selection.infos.push({ mapping, namespace, name: '', object: whole as unknown as KubeObject, source: '' });
}

/** The objects of a kind; refusals are worded as kubectl's selector does. */
export async function listObjects(
  k: Kubectl,
  mapping: Mapping,
  namespace: string,
  options: { selector?: string; fieldSelector?: string },
): Promise<{ items: KubeObject[]; resourceVersion: string; kind: string; apiVersion: string }> {
  const query = { labelSelector: options.selector, fieldSelector: options.fieldSelector, limit: '500' };
  const items: KubeObject[] = [];
  let from: string | undefined;
  for (;;) {
    const list = await listPage(k, mapping, namespace, { ...query, continue: from });
    const kind = String(list.kind ?? `${mapping.kind}List`);
    const apiVersion = String(list.apiVersion ?? '');
    const itemKind = kind.replace(/List$/, '');
    for (const item of Array.isArray(list.items) ? (list.items as KubeObject[]) : []) {
      items.push({ ...item, apiVersion: item.apiVersion ?? apiVersion, kind: item.kind ?? itemKind });
    }
    const metadata = isRecord(list.metadata) ? list.metadata : {};
    from = typeof metadata.continue === 'string' && metadata.continue !== '' ? metadata.continue : undefined;
    if (!from) return { items, resourceVersion: String(metadata.resourceVersion ?? ''), kind, apiVersion };
  }
}

export async function listPage(
  k: Kubectl,
  mapping: Mapping,
  namespace: string,
  query: Record<string, string | undefined>,
  accept?: string,
): Promise<Record<string, unknown>> {
  try {
    return await k.client.json('GET', resourcePath(mapping, namespace), { query, ...(accept && { accept }) });
  } catch (error) {
    throw listError(error, mapping, query);
  }
}

/** cli-runtime's Selector words refusals of a list anew. */
export function listError(error: unknown, mapping: Mapping, query: Record<string, string | undefined>): unknown {
  if (!(error instanceof StatusError)) return error;
  if (error.reason !== 'BadRequest' && error.reason !== 'NotFound') return error;
  const version = `${mapping.group}/${mapping.version}`;
  const what = goQuote(`${version}, Resource=${mapping.resource}`);
  const selectors = [
    ['labelSelector', query.labelSelector],
    ['fieldSelector', query.fieldSelector],
  ].filter(([, value]) => value);
  if (selectors.length === 0) return error.withPrefix(`Unable to list ${what}: `);
  const [label, field] = [query.labelSelector ?? '', query.fieldSelector ?? ''];
  return error.withPrefix(
    `Unable to find ${what} that match label selector ${goQuote(label)}, field selector ${goQuote(field)}: `,
  );
}

async function selectTuples(k: Kubectl, options: SelectOptions, plan: Plan): Promise<Selection> {
  const mappings = new Map(plan.tuples.map(({ type }) => [type, k.mapper.resource(type)]));
  if (options.singleType && new Set(mappings.values()).size > 1) {
    throw new KubectlError('you may only specify a single resource type');
  }
  const wanted = plan.tuples.map(({ type, name }) => ({ mapping: mappings.get(type) as Mapping, name }));
  return named(k, options, wanted, wanted.length === 1);
}

async function selectNamed(k: Kubectl, options: SelectOptions, plan: Plan): Promise<Selection> {
  if (plan.types.length > 1) throw new KubectlError('you must specify only one resource');
  const mapping = k.mapper.resource(plan.types[0] as string);
  return named(
    k,
    options,
    plan.names.map((name) => ({ mapping, name })),
    plan.names.length === 1,
  );
}

async function named(
  k: Kubectl,
  options: SelectOptions,
  wanted: { mapping: Mapping; name: string }[],
  singleItemImplied: boolean,
): Promise<Selection> {
  if (options.allNamespaces && wanted.some(({ mapping }) => mapping.namespaced)) {
    throw new KubectlError('a resource cannot be retrieved by name across all namespaces');
  }
  const selection: Selection = { infos: [], errors: [], singleItemImplied, listed: false, lists: [] };
  for (const { mapping, name } of wanted) {
    const info: Info = { mapping, namespace: mapping.namespaced ? k.namespace : '', name, source: '' };
    await addFetched(k, options, selection, info, options.fetch !== false);
  }
  return selection;
}

async function addFetched(
  k: Kubectl,
  options: SelectOptions,
  selection: Selection,
  info: Info,
  fetch: boolean,
): Promise<void> {
  try {
    if (fetch) info.object = await getObject(k, info, options.subresource, options.table);
    selection.infos.push(info);
  } catch (error) {
    if (!(error instanceof StatusError) || options.stopOnError) throw error;
    selection.errors.push(error);
  }
}

/** The object as the server has it. */
export async function getObject(
  k: Kubectl,
  info: Info,
  subresource?: string,
  table?: SelectOptions['table'],
): Promise<KubeObject> {
  return k.client.json('GET', resourcePath(info.mapping, info.namespace, info.name, subresource), {
    ...(table && { accept: table.accept, query: { includeObject: table.includeObject } }),
  });
}

async function selectFiles(k: Kubectl, options: SelectOptions, filenames: string[]): Promise<Selection> {
  const documents = await readManifests(k, {
    filenames,
    recursive: options.recursive ?? false,
    validate: options.validate ?? false,
  });
  const selector = options.selector ? parseSelector(options.selector) : undefined;
  const selection: Selection = {
    infos: [],
    errors: [],
    singleItemImplied: filenames.length === 1 && documents.length === 1 && documents[0]?.source !== 'STDIN',
    listed: false,
    lists: [],
  };
  const sequence: (Info | Error)[] = [];
  selection.sequence = sequence;
  for (const { object, source, error } of documents) {
    const [before, complaints] = [selection.infos.length, selection.errors.length];
    try {
      if (error) throw error;
      if (!object) continue;
      const info = infoOf(k, object, source);
      if (selector && !matchesLabels(selector, object.metadata.labels ?? {})) continue;
      setNamespace(k, info);
      await addFetched(k, options, selection, info, options.latest ?? false);
    } catch (problem) {
      if (!(problem instanceof ManifestError) || options.stopOnError) throw problem;
      selection.errors.push(problem);
    }
    sequence.push(...selection.infos.slice(before), ...selection.errors.slice(complaints));
  }
  const messages = new Set<string>();
  selection.errors = selection.errors.filter((each) => {
    if (isNotFound(each)) return true;
    const fresh = !messages.has(each.message);
    messages.add(each.message);
    return fresh;
  });
  return selection;
}

/** The kind of an object from a file. */
export function infoOf(k: Kubectl, object: KubeObject, source: string): Info {
  const group = groupOf(object.apiVersion);
  const { name = '', namespace = '' } = object.metadata;
  try {
    const mapping = k.mapper.kind(group, versionOf(object.apiVersion), object.kind);
    return { mapping, namespace, name, object, source };
  } catch (error) {
    if (!(error instanceof NoKindMatch)) throw error;
    throw new ManifestError(
      `resource mapping not found for name: ${goQuote(name)} namespace: ${goQuote(namespace)} from ${goQuote(source)}: ${error.message}\nensure CRDs are installed first`,
    );
  }
}

/** Gives an object from a file its namespace, or refuses one that contradicts -n. */
export function setNamespace(k: Kubectl, info: Info): void {
  const { object } = info;
  if (!info.mapping.namespaced) {
    info.namespace = '';
    if (object) delete object.metadata.namespace;
    return;
  }
  if (info.namespace === '') {
    info.namespace = k.namespace;
    if (object) object.metadata.namespace = info.namespace;
  } else if (k.explicitNamespace && info.namespace !== k.namespace) {
    throw new ManifestError(
      `the namespace from the provided object ${goQuote(info.namespace)} does not match the namespace ${goQuote(k.namespace)}. You must pass '--namespace=${info.namespace}' to perform this operation.`,
    );
  }
}

/** Throws what a selection could not find, unless something was found and the caller wants to go on. */
export function throwErrors(errors: Error[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new ErrorList(errors);
}
