import type { ByteReader } from '../../kernel/streams.ts';
import { resourcePath } from './client.ts';
import { isNotFound, KubectlError, StatusError, throwAll } from './errors.ts';
import { tableOptions } from './get.ts';
import type { Kubectl } from './kubectl.ts';
import { isRecord, type KubeObject } from './objects.ts';
import { getFormats, noPrinter, structuredPrinter } from './printers.ts';
import { flagsOf, type Info, select } from './resources.ts';
import { TabWriter } from './tab-writer.ts';
import { isTable, type Table, tableAccept, writeTable } from './table.ts';

export interface WatchEvent {
  type: string;
  object: KubeObject;
}

/** `get --watch`: the objects as they are, then each change as it comes. */
export async function watch(k: Kubectl, human: boolean): Promise<undefined> {
  const { flags } = k;
  const named = k.args.length > 1 || (k.args[0]?.includes('/') ?? false);
  const selection = await select(k, {
    ...flagsOf(k),
    allowEmptySelector: true,
    singleType: true,
    latest: true,
    stopOnError: true,
    ...(human && { table: { accept: tableAccept } }),
  }).catch((error: unknown) => {
    if (isNotFound(error) && flags.bool('ignore-not-found')) return undefined;
    throw error;
  });
  if (!selection) return;
  throwAll(selection.errors);
  const info = selection.infos[0];
  const mapping = info?.mapping ?? selection.lists[0]?.mapping;
  if (!mapping) return;
  const structured = human ? undefined : structuredPrinter(k, flags.text('output') || 'go-template');
  if (!human && !structured) throw noPrinter(flags.text('output'), getFormats);
  const writer = new TabWriter();
  const options = tableOptions(k, mapping, flags.bool('show-kind'));
  let columns: Table['columnDefinitions'] = [];
  let headers = true;
  const print = (object: KubeObject, type: string) => {
    const answer: unknown = object;
    if (isTable(answer)) {
      if (answer.columnDefinitions?.length) columns = answer.columnDefinitions;
      const table = { ...answer, columnDefinitions: columns };
      const shown = flags.bool('output-watch-events') ? withEvents(table, type) : table;
      writeTable(writer, shown, options, headers);
      if (answer.rows.length > 0) headers = false;
      k.out(writer.flush());
    } else if (structured) {
      const event = { type, object } as unknown as KubeObject;
      k.out(structured(flags.bool('output-watch-events') ? event : object));
    }
  };
  const listed = selection.listed;
  if (!flags.bool('watch-only')) for (const each of selection.infos) print(each.object as KubeObject, 'ADDED');
  const name = listed ? undefined : (info as Info).name;
  let skip = !listed;
  const resourceVersion = listed ? (selection.lists[0]?.resourceVersion ?? '0') : '0';
  const fieldSelector = name === undefined ? flags.text('field-selector') : `metadata.name=${name}`;
  if (named && !listed && selection.infos.length > 1) {
    throw new KubectlError(
      'watch is only supported on individual resources and resource collections - more than 1 resource was found',
    );
  }
  const namespace = flags.bool('all-namespaces') || !mapping.namespaced ? '' : info?.namespace || k.namespace;
  const query = {
    watch: 'true',
    resourceVersion,
    labelSelector: flags.text('selector'),
    fieldSelector,
  };
  const accept = human ? tableAccept : undefined;
  for await (const event of watchEvents(k, resourcePath(mapping, namespace), query, accept)) {
    if (event.type === 'BOOKMARK') continue;
    if (skip) {
      skip = false;
      continue;
    }
    print(event.object, event.type);
    await k.flush();
  }
}

function withEvents(table: Table, type: string): Table {
  return {
    ...table,
    columnDefinitions: [{ name: 'Event', type: 'string' }, ...table.columnDefinitions],
    rows: table.rows.map((row) => ({ ...row, cells: [type, ...row.cells] })),
  };
}

/** The events of a watch until the server ends it or the process is stopped. */
export async function* watchEvents(
  k: Kubectl,
  path: string,
  query: Record<string, string | undefined>,
  accept?: string,
): AsyncGenerator<WatchEvent> {
  const response = await k.client.request('GET', path, { query, ...(accept && { accept }) });
  await k.flush();
  if (!response.stream) return;
  for await (const line of readLines(k, response.stream)) {
    const event = JSON.parse(line) as WatchEvent;
    if (event.type === 'ERROR') {
      throw new StatusError(isRecord(event.object) ? (event.object as never) : {});
    }
    yield event;
  }
}

/** The lines of a stream (empty ones too if `empty`); hangs up when the reader leaves. */
export async function* readLines(k: Kubectl, stream: ByteReader, empty = false): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const chunk = await k.process.cancellation.guard(stream.read());
      if (chunk === null) break;
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() as string;
      for (const line of lines) if (empty || line !== '') yield line;
    }
    if (rest !== '') yield rest;
  } finally {
    stream.cancel();
  }
}
