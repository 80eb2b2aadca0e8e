import { parseTime } from '../../kernel/time.ts';
import { allNamespacesFlag, type Command, printFlags } from './command.ts';
import { eventAge } from './describe/events.ts';
import { KubectlError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import { at, type KubeObject, text } from './objects.ts';
import { noPrinter, resultFormats, structuredPrinter } from './printers.ts';
import { listObjects } from './resources.ts';
import { TabWriter } from './tab-writer.ts';

export const events: Command = {
  name: 'events',
  short: 'List events',
  use: 'events [(-o|--output=)json|yaml|name|go-template|jsonpath] [--for TYPE/NAME] [--watch] [--types=Normal,Warning]',
  flags: [
    ...printFlags,
    allNamespacesFlag,
    { name: 'for', kind: 'string', usage: 'Only events about this object (TYPE/NAME).' },
    { name: 'types', kind: 'slice', usage: 'Only events of these types: Normal, Warning.' },
    { name: 'no-headers', kind: 'bool', usage: 'Print no headers.' },
    { name: 'chunk-size', kind: 'int64', default: '500', usage: 'Size of the pieces long lists come in.' },
  ],
  run: runEvents,
};

async function runEvents(k: Kubectl): Promise<undefined> {
  const types = k.flags.list('types').map((type) => type.toLowerCase());
  for (const type of types) {
    if (type !== 'normal' && type !== 'warning') throw new KubectlError('valid --types are Normal or Warning');
  }
  const fields: string[] = [];
  const about = k.flags.text('for');
  if (about !== '') {
    const [type = '', name = ''] = about.split('/');
    if (name === '') throw new KubectlError('--for must be in resource/name form');
    const mapping = k.mapper.resource(type);
    fields.push(`involvedObject.kind=${mapping.kind}`, `involvedObject.name=${name}`);
  }
  const all = k.flags.bool('all-namespaces');
  const mapping = k.mapper.resource('events');
  const { items } = await listObjects(k, mapping, all ? '' : k.namespace, { fieldSelector: fields.join(',') });
  const chosen = items.filter(({ type }) => types.length === 0 || types.includes(text(type).toLowerCase()));
  const last = (event: KubeObject) =>
    parseTime(text(at(event, 'series', 'lastObservedTime') ?? event.lastTimestamp ?? event.eventTime)) ?? 0;
  chosen.sort((a, b) => last(a) - last(b));
  const format = k.flags.text('output');
  if (format !== '') {
    const printer = structuredPrinter(k, format);
    if (!printer) throw noPrinter(format, resultFormats);
    k.out(printer({ kind: 'EventList', apiVersion: 'v1', metadata: {} as never, items: chosen }));
    return undefined;
  }
  if (chosen.length === 0) {
    k.err(all ? 'No events found.\n' : `No events found in ${k.namespace} namespace.\n`);
    return undefined;
  }
  const writer = new TabWriter();
  if (!k.flags.bool('no-headers')) {
    writer.line([...(all ? ['NAMESPACE'] : []), 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE']);
  }
  for (const event of chosen) {
    const object = `${text(at(event, 'involvedObject', 'kind'))}/${text(at(event, 'involvedObject', 'name'))}`;
    writer.line([
      ...(all ? [event.metadata.namespace ?? ''] : []),
      eventAge(k, event),
      text(event.type),
      text(event.reason),
      object,
      text(event.message).trim(),
    ]);
  }
  k.out(writer.flush());
  return undefined;
}
