import { printYaml } from '../../kernel/yaml-print.ts';
import { KubectlError } from './errors.ts';
import { goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { printKyaml } from './kyaml.ts';
import { groupOf, isRecord, type KubeObject } from './objects.ts';
import { indentedJson } from './output-template.ts';

/** Prints objects, one call for each: `first` says whether something was printed before. */
export type ObjectPrinter = (object: KubeObject) => string;

export const templateFormats = ['go-template', 'go-template-file', 'template', 'templatefile'];
export const jsonPathFormats = ['jsonpath', 'jsonpath-as-json', 'jsonpath-file'];
const dataFormats = ['json', 'yaml', 'kyaml'];
export const getFormats = [
  ...dataFormats,
  'name',
  ...templateFormats,
  ...jsonPathFormats,
  'custom-columns',
  'custom-columns-file',
  'wide',
];
/** Formats of the verbs that print what they did. */
export const resultFormats = [...dataFormats, 'name', ...templateFormats, ...jsonPathFormats];

export function noPrinter(format: string, allowed: readonly string[]): KubectlError {
  return new KubectlError(
    `unable to match a printer suitable for the output format ${goQuote(format)}, allowed formats are: ${[...allowed].sort().join(',')}`,
  );
}

/**
 * The printer of -o, for all formats but tables; undefined if there is no such format. `typed`: JSON keeps the order of
 * members, as kubectl prints objects of its own making.
 */
export function structuredPrinter(k: Kubectl, format: string, typed = false): ObjectPrinter | undefined {
  const template = k.templates?.templatePrinter(k, format);
  if (template)
    return (object) => template(k.flags.bool('show-managed-fields') ? object : withoutManagedFields(object));
  const show = (object: KubeObject) => (k.flags.bool('show-managed-fields') ? object : withoutManagedFields(object));
  switch (format) {
    case 'json':
      return (object) => `${indentedJson(show(object), '', typed)}\n`;
    case 'yaml': {
      let printed = 0;
      return (object) => (printed++ > 0 ? '---\n' : '') + printYaml(show(object));
    }
    case 'kyaml':
      return (object) => printKyaml(show(object));
    case 'name':
      return (object) =>
        listItems(object)
          .map((each) => `${objectName(each)}\n`)
          .join('');
    default:
      return undefined;
  }
}

/** Objects as the List that -o prints. */
export function listOf(
  items: KubeObject[],
  metadata = { resourceVersion: '' } as unknown as KubeObject['metadata'],
): KubeObject {
  return { apiVersion: 'v1', kind: 'List', metadata, items };
}

/** The objects of a list, or the one. */
export function listItems(object: KubeObject): KubeObject[] {
  return Array.isArray(object.items) && object.kind.endsWith('List') ? (object.items as KubeObject[]) : [object];
}

export function withoutManagedFields(object: KubeObject): KubeObject {
  if (Array.isArray(object.items) && object.kind.endsWith('List')) {
    return { ...object, items: (object.items as KubeObject[]).map(withoutManagedFields) };
  }
  if (!isRecord(object.metadata) || object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** `pod/x`, `deployment.apps/x`. */
export function objectName(object: KubeObject): string {
  const group = groupOf(object.apiVersion);
  return `${object.kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${object.metadata.name}`;
}

/**
 * The printer of verbs that change things: `deployment.apps/x created`, or the object with -o. `operation` may be
 * followed by what --dry-run adds.
 */
export function resultPrinter(
  k: Kubectl,
  options: { typed?: boolean } = {},
): (object: KubeObject, operation: string) => string {
  const format = k.flags.text('output');
  const template = k.flags.text('template');
  const suffix = { client: ' (dry run)', server: ' (server dry run)' }[dryRun(k) as string] ?? '';
  if (format === '' && template === '') {
    return (object, operation) => `${objectName(object)} ${operation}${operation === '' ? '' : suffix}\n`;
  }
  const printer = structuredPrinter(k, format === '' ? 'go-template' : format, options.typed);
  if (!printer || format.startsWith('custom-columns')) throw noPrinter(format, resultFormats);
  return (object) => printer(object);
}

/** --dry-run: `none`, `client` or `server`. */
export function dryRun(k: Kubectl): 'none' | 'client' | 'server' {
  const value = k.flags.text('dry-run') || 'none';
  switch (value) {
    case 'none':
    case 'client':
    case 'server':
      return value;
    case 'unchanged':
      k.warn('--dry-run is deprecated and can be replaced with --dry-run=client.');
      return 'client';
    default:
      throw new KubectlError(
        /^(?:true|false|1|0|t|f|T|F|True|False|TRUE|FALSE)$/.test(value)
          ? `Invalid dry-run value (${value}). Must be "none", "server", or "client".`
          : `Invalid dry-run value (${value}). Must be "none", "server", or "client".`,
      );
  }
}
