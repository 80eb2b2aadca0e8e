import { age } from './ages.ts';
import {
  allNamespacesFlag,
  type Command,
  fieldSelectorFlag,
  filenameFlags,
  printFlags,
  selectorFlag,
} from './command.ts';
import { isNotFound, KubectlError, throwAll, UsageError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import { ManifestError } from './manifests.ts';
import type { Mapping } from './mapper.ts';
import type { KubeObject } from './objects.ts';
import { getFormats, listOf, noPrinter, structuredPrinter } from './printers.ts';
import { flagsOf, type Info, type Selection, type SelectOptions, select } from './resources.ts';
import { TabWriter } from './tab-writer.ts';
import { isTable, plainTable, type Table, type TableOptions, tableAccept, writeTable } from './table.ts';

export const get: Command = {
  name: 'get',
  short: 'Display one or many resources',
  use: `get [(-o|--output=)${getFormats.join('|')}] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]`,
  examples: `# Pods of the namespace
kubectl get pods

# A deployment as YAML
kubectl get deployment.apps/web -o yaml

# A field of one object
kubectl get pod web-pod-13je7 -o jsonpath='{.status.phase}'

# Pods and services with a label in all namespaces
kubectl get pods,services -A -l app=web`,
  flags: [
    ...printFlags,
    ...filenameFlags('that names the objects to get.'),
    allNamespacesFlag,
    selectorFlag,
    fieldSelectorFlag,
    { name: 'watch', short: 'w', kind: 'bool', usage: 'Go on with the changes after the objects are printed.' },
    { name: 'watch-only', kind: 'bool', usage: 'Print the changes only.' },
    { name: 'output-watch-events', kind: 'bool', usage: 'Print the events of a watch with their type.' },
    { name: 'ignore-not-found', kind: 'bool', usage: 'Objects that do not exist are no error.' },
    { name: 'label-columns', short: 'L', kind: 'slice', usage: 'Labels to show as columns.' },
    { name: 'show-labels', kind: 'bool', usage: 'Show all labels in the last column.' },
    { name: 'show-kind', kind: 'bool', usage: 'Show the kind before each name.' },
    { name: 'no-headers', kind: 'bool', usage: 'Print no headers.' },
    { name: 'sort-by', kind: 'string', usage: "Order by a field, such as '{.metadata.name}'." },
    { name: 'chunk-size', kind: 'int64', default: '500', usage: 'Size of the pieces long lists come in.' },
    { name: 'server-print', kind: 'bool', default: 'true', usage: 'Let the server make the table.' },
    { name: 'subresource', kind: 'string', usage: 'Subresource to get.' },
    { name: 'raw', kind: 'string', usage: 'Path to get from the server as it is.' },
  ],
  run: runGet,
};

const suggestApiResources = 'Use "kubectl api-resources" for a complete list of supported resources.';

async function runGet(k: Kubectl): Promise<number | undefined> {
  const { flags } = k;
  const raw = flags.text('raw');
  if (raw !== '') {
    if (k.args.length > 0) throw new KubectlError('arguments may not be passed when --raw is specified');
    const response = await k.client.request('GET', raw);
    k.out(response.body ?? '');
    return;
  }
  const format = flags.text('output');
  const human = (format === '' && flags.text('template') === '') || format === 'wide';
  const watching = flags.bool('watch') || flags.bool('watch-only');
  if (flags.bool('watch') && flags.text('sort-by') !== '') {
    k.err('warning: --watch requested, --sort-by will be ignored for watch events received\n');
  } else if (flags.bool('watch-only') && flags.text('sort-by') !== '') {
    k.err('warning: --watch-only requested, --sort-by will be ignored\n');
  } else if (!watching && k.args.length === 0 && flags.list('filename').length === 0 && !flags.text('kustomize')) {
    k.err(`You must specify the type of resource to get. ${suggestApiResources}\n\n`);
    throw new UsageError(
      k.path,
      'Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).',
    );
  }
  if (flags.bool('show-labels') && !human) {
    throw new KubectlError(`--show-labels option cannot be used with ${format} printer`);
  }
  if (flags.bool('output-watch-events') && !watching) {
    throw new KubectlError('--output-watch-events option can only be used with --watch or --watch-only');
  }
  if (watching) return (await k.process.kernel.hold(import('./get-watch.ts'))).watch(k, human);
  const includeObject = flags.text('sort-by') !== '' ? 'Object' : undefined;
  const options: SelectOptions = {
    ...flagsOf(k),
    allowEmptySelector: true,
    latest: true,
    subresource: flags.text('subresource'),
    ...(human && { table: { accept: tableAccept, ...(includeObject && { includeObject }) } }),
  };
  const selection = await select(k, options);
  if (flags.bool('ignore-not-found')) selection.errors = selection.errors.filter((error) => !isNotFound(error));
  if (human) printTables(k, selection);
  else printStructured(k, selection, format === '' ? 'go-template' : format);
}

function printTables(k: Kubectl, { infos: found, errors }: Selection): void {
  const { flags } = k;
  const sortBy = flags.text('sort-by');
  // Several tables are themselves what kubectl sorts: the field is looked for in the tables.
  const sorted = sortBy !== '' && found.length > 1;
  const infos = (sorted && k.templates?.sortByField(found, sortBy, ({ object }) => object)) || found;
  const allNamespaces = flags.bool('all-namespaces');
  const withKind = new Set(infos.map(({ mapping }) => mapping)).size > 1;
  const writer = new TabWriter();
  let last: Mapping | undefined;
  let printed = '';
  let columns = '';
  let namespaced = !allNamespaces;
  for (const info of infos) {
    const table = tableOf(k, info);
    if (sortBy !== '' && !sortRows(k, table, sortBy)) continue;
    namespaced &&= info.mapping.namespaced;
    if (info.mapping !== last) {
      printed += group(writer.flush(), printed, flags.bool('no-headers'));
      writer.forget();
      last = info.mapping;
      columns = '';
    }
    if (table.rows.length === 0) continue;
    const signature = table.columnDefinitions.map(({ name }) => name).join();
    writeTable(
      writer,
      table,
      tableOptions(k, info.mapping, withKind || flags.bool('show-kind')),
      signature !== columns,
    );
    columns = signature;
  }
  printed += group(writer.flush(), printed, flags.bool('no-headers'));
  k.out(printed);
  if (printed === '' && !flags.bool('ignore-not-found') && errors.length === 0) {
    k.err(namespaced ? `No resources found in ${k.namespace} namespace.\n` : 'No resources found\n');
  }
  const [first] = errors;
  // A complaint about a file stands in a list of lists of errors here, whose members go without `error: `.
  if (errors.length === 1 && first instanceof ManifestError) throw new KubectlError(first.message, { raw: true });
  throwAll(errors);
}

/** False where no row has the field: kubectl then prints nothing and says nothing. */
function sortRows(k: Kubectl, table: Table, sortBy: string): boolean {
  try {
    table.rows = k.templates?.sortByField(table.rows, sortBy, (row) => row.object) ?? table.rows;
    return true;
  } catch (error) {
    if (error instanceof KubectlError) return false;
    throw error;
  }
}

/** A blank line stands between groups with headers. */
function group(text: string, before: string, noHeaders: boolean): string {
  return text !== '' && before !== '' && !noHeaders ? `\n${text}` : text;
}

export function tableOptions(k: Kubectl, mapping: Mapping, withKind: boolean): TableOptions {
  return {
    wide: k.flags.text('output') === 'wide',
    noHeaders: k.flags.bool('no-headers'),
    withNamespace: k.flags.bool('all-namespaces') && mapping.namespaced,
    ...(withKind && { withKind: mapping }),
    showLabels: k.flags.bool('show-labels'),
    labelColumns: k.flags.list('label-columns'),
  };
}

function tableOf(k: Kubectl, info: Info): Table {
  const answer: unknown = info.object;
  if (isTable(answer)) return answer;
  const object = answer as KubeObject;
  const items = Array.isArray(object.items) ? (object.items as KubeObject[]) : [object];
  return plainTable(items, (timestamp) => age(timestamp, k.now()));
}

function printStructured(k: Kubectl, selection: Selection, format: string): void {
  const { infos, errors, singleItemImplied } = selection;
  if (singleItemImplied) throwAll(errors);
  if (infos.length === 0 && k.flags.bool('ignore-not-found')) {
    throwAll(errors);
    return;
  }
  const printer = structuredPrinter(k, format);
  if (!printer) throw noPrinter(format, getFormats);
  let objects = infos.map(({ object }) => object as KubeObject);
  const sortBy = k.flags.text('sort-by');
  if (sortBy !== '') objects = k.templates?.sortByField(objects, sortBy, (object) => object) ?? objects;
  if (singleItemImplied && objects.length === 1) k.out(printer(objects[0] as KubeObject));
  else if (format === 'name') for (const object of objects) k.out(printer(object));
  else k.out(printer(listOf(objects)));
  throwAll(errors);
}
