import { fromBase64 } from '../../../kernel/base64.ts';
import { decode } from '../../../kernel/streams.ts';
import type { Kubectl } from '../kubectl.ts';
import { at, isRecord, type KubeObject, records, text } from '../objects.ts';
import { describeEvents, eventsOf } from './events.ts';
import { DescribeWriter, longTime } from './writer.ts';

type Data = Record<string, unknown>;

export async function describeNamespace(k: Kubectl, object: KubeObject): Promise<string> {
  const { name } = object.metadata;
  const quotas = await listOrUndefined(k, `/api/v1/namespaces/${name}/resourcequotas`);
  const ranges = await listOrUndefined(k, `/api/v1/namespaces/${name}/limitranges`);
  const w = new DescribeWriter();
  w.write(0, `Name:\t${name}\n`);
  w.pairs('Labels', object.metadata.labels);
  w.annotations('Annotations', object.metadata.annotations);
  w.write(0, `Status:\t${text(at(object, 'status', 'phase'))}\n`);
  const conditions = records(at(object, 'status', 'conditions'));
  if (conditions.length > 0) {
    w.write(0, 'Conditions:\n');
    w.write(1, 'Type\tStatus\tLastTransitionTime\tReason\tMessage\n');
    w.write(1, '----\t------\t------------------\t------\t-------\n');
  }
  for (const { type, status, lastTransitionTime, reason, message } of conditions) {
    w.write(1, `${text(type)}\t${text(status)}\t${longTime(lastTransitionTime)}\t${text(reason)}\t${text(message)}\n`);
  }
  if (quotas) {
    w.write(0, '\n');
    if (quotas.length === 0) w.write(0, 'No resource quota.\n');
    else w.write(0, 'Resource Quotas\n');
    for (const quota of quotas) describeQuota(w, quota);
  }
  if (ranges) {
    w.write(0, '\n');
    if (ranges.length === 0) w.write(0, 'No LimitRange resource.\n');
    else {
      w.write(
        0,
        'Resource Limits\n Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n',
      );
      w.write(0, ' ----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n');
    }
    for (const range of ranges) describeRange(w, range);
  }
  return w.finish();
}

async function listOrUndefined(k: Kubectl, path: string): Promise<Data[] | undefined> {
  try {
    return records((await k.client.json<Data>('GET', path, { query: { limit: '500' } })).items);
  } catch {
    return undefined;
  }
}

function describeQuota(w: DescribeWriter, quota: Data): void {
  w.write(0, ` Name:\t${text(at(quota, 'metadata', 'name'))}\n`);
  w.write(0, ' Resource\tUsed\tHard\n');
  w.write(0, ' --------\t---\t---\n');
  const hard = at(quota, 'status', 'hard');
  for (const name of isRecord(hard) ? Object.keys(hard).sort() : []) {
    w.write(0, ` ${name}\t${text(at(quota, 'status', 'used', name) ?? '0')}\t${text(at(hard, name))}\n`);
  }
}

function describeRange(w: DescribeWriter, range: Data): void {
  const columns = ['min', 'max', 'defaultRequest', 'default', 'maxLimitRequestRatio'];
  for (const limit of records(at(range, 'spec', 'limits'))) {
    const names = new Set(columns.flatMap((column) => Object.keys(isRecord(limit[column]) ? limit[column] : {})));
    for (const name of [...names].sort()) {
      const cells = columns.map((column) => text(at(limit, column, name) ?? '-'));
      w.write(0, ` ${text(limit.type)}\t${name}\t${cells.join('\t')}\n`);
    }
  }
}

export async function describeConfigMap(k: Kubectl, object: KubeObject): Promise<string> {
  const events = await eventsOf(k, object);
  const w = new DescribeWriter();
  w.write(0, `Name:\t${object.metadata.name}\n`);
  w.write(0, `Namespace:\t${object.metadata.namespace ?? ''}\n`);
  w.pairs('Labels', object.metadata.labels);
  w.annotations('Annotations', object.metadata.annotations);
  w.write(0, '\nData\n====\n');
  for (const [key, value] of entries(object.data)) w.write(0, `${key}:\n----\n${value}\n\n`);
  w.write(0, '\nBinaryData\n====\n');
  for (const [key, value] of entries(object.binaryData)) {
    w.write(0, `${key}: ${fromBase64(value)?.length ?? 0} bytes\n`);
  }
  w.write(0, '\n');
  describeEvents(k, w, events);
  return w.finish();
}

export async function describeSecret(_: Kubectl, object: KubeObject): Promise<string> {
  const w = new DescribeWriter();
  w.write(0, `Name:\t${object.metadata.name}\n`);
  w.write(0, `Namespace:\t${object.metadata.namespace ?? ''}\n`);
  w.pairs('Labels', object.metadata.labels);
  w.annotations('Annotations', object.metadata.annotations);
  w.write(0, `\nType:\t${text(object.type)}\n`);
  w.write(0, '\nData\n====\n');
  for (const [key, value] of entries(object.data)) {
    const bytes = fromBase64(value) ?? new Uint8Array();
    const open = key === 'token' && object.type === 'kubernetes.io/service-account-token';
    w.write(0, `${key}:\t${open ? decode(bytes) : `${bytes.length} bytes`}\n`);
  }
  return w.finish();
}

function entries(map: unknown): [string, string][] {
  if (!isRecord(map)) return [];
  return Object.keys(map)
    .sort()
    .map((key) => [key, text(map[key])]);
}

export async function describeServiceAccount(k: Kubectl, object: KubeObject): Promise<string> {
  const events = await eventsOf(k, object);
  const w = new DescribeWriter();
  w.write(0, `Name:\t${object.metadata.name}\n`);
  w.write(0, `Namespace:\t${object.metadata.namespace ?? ''}\n`);
  w.pairs('Labels', object.metadata.labels);
  w.annotations('Annotations', object.metadata.annotations);
  const title = 'Image pull secrets:';
  const secrets = records(object.imagePullSecrets);
  if (secrets.length === 0) w.write(0, `${title}\t<none>\n`);
  for (const [index, { name }] of secrets.entries()) {
    w.write(0, `${index === 0 ? title : ' '.repeat(title.length)}\t${text(name)}\n`);
  }
  describeEvents(k, w, events);
  return w.finish();
}
