import type { JsonObject } from '../../kernel/json.ts';
import { calendar, parseTime } from '../../kernel/time.ts';
import { printYaml } from '../../kernel/yaml-print.ts';
import { TabWriter } from '../kubectl/tab-writer.ts';
import type { Command, Istioctl } from './command.ts';
import { IstioctlError } from './errors.ts';
import { inferPod } from './pods.ts';
import { askProxy } from './proxy-config/commands.ts';
import { parseConfigDump, section } from './proxy-config/config-dump.ts';
import { goJson, objects } from './proxy-config/output.ts';
import { type SyncStatus, syncStatuses } from './sync-status.ts';

/** Types in the order of the table: short name, and what istiod sent and the proxy acknowledged. */
const types: [name: string, sent: keyof SyncStatus, acknowledged: keyof SyncStatus][] = [
  ['CDS', 'cluster_sent', 'cluster_acked'],
  ['LDS', 'listener_sent', 'listener_acked'],
  ['EDS', 'endpoint_sent', 'endpoint_acked'],
  ['RDS', 'route_sent', 'route_acked'],
  ['ECDS', 'extensionconfig_sent', 'extensionconfig_acked'],
];

/** `istioctl proxy-status`. */
export const proxyStatusCommand: Command = {
  name: 'proxy-status',
  aliases: ['ps'],
  use: '[<type>/]<name>[.<namespace>]',
  short: 'Retrieves the synchronization status of each Envoy in the mesh',
  flags: [
    { name: 'file', kind: 'string', usage: 'File with a configuration dump of Envoy' },
    { name: 'output', short: 'o', kind: 'string', default: 'table', usage: 'Format: one of json|yaml|table' },
    { name: 'proxy-admin-port', kind: 'int', default: '15000', usage: "Port of Envoy's admin interface" },
    { name: 'revision', short: 'r', kind: 'string', usage: 'Revision of the control plane' },
    { name: 'verbosity', short: 'v', kind: 'int', default: '0', usage: '1 shows a column for each type' },
  ],
  async run(ctl) {
    const [name] = ctl.args;
    return name === undefined ? printAll(ctl) : compare(ctl, name);
  },
};

async function printAll(ctl: Istioctl): Promise<number> {
  const format = ctl.flags.text('output');
  if (!['table', 'json', 'yaml'].includes(format)) throw new IstioctlError(`output format "${format}" not supported`);
  const revision = ctl.flags.text('revision');
  const all = await syncStatuses(ctl, revision || undefined);
  const namespace = ctl.givenNamespace;
  const statuses = all.filter(({ proxy }) => !namespace || (proxy ?? '').endsWith(`.${namespace}`));
  if (format !== 'table') {
    const shown = statuses.map(({ istiod: _, ...status }) => status);
    await ctl.out(`${format === 'json' ? goJson(shown) : printYaml(shown)}\n`);
    return 0;
  }
  await ctl.out(ctl.flags.int('verbosity') > 0 ? verboseTable(statuses) : table(statuses));
  return 0;
}

type Row = SyncStatus & { istiod: string };

function table(statuses: readonly Row[]): string {
  const writer = new TabWriter(0, 5);
  writer.line(['NAME', 'CLUSTER', 'ISTIOD', 'VERSION', 'SUBSCRIBED TYPES']);
  for (const status of statuses) {
    const subscribed = types.filter(([, sent]) => status[sent]).map(([name]) => name);
    const text = subscribed.length > 0 ? `${subscribed.length} (${subscribed.join(',')})` : '0';
    writer.line([status.proxy ?? '', status.cluster_id ?? '', status.istiod, status.istio_version ?? '', text]);
  }
  return writer.flush();
}

function verboseTable(statuses: readonly Row[]): string {
  const writer = new TabWriter(0, 5);
  const columns = [...types].sort(([a], [b]) => (a < b ? -1 : 1));
  writer.line(['NAME', 'CLUSTER', ...columns.map(([name]) => name), 'ISTIOD', 'VERSION']);
  for (const status of statuses) {
    const cells = columns.map(([, sent, acknowledged]) => {
      if (!status[sent]) return 'IGNORED';
      return status[sent] === status[acknowledged] ? 'SYNCED' : 'STALE';
    });
    writer.line([status.proxy ?? '', status.cluster_id ?? '', ...cells, status.istiod, status.istio_version ?? '']);
  }
  return writer.flush();
}

const sections: [title: string, section: string, type: keyof SyncStatus, acknowledged: keyof SyncStatus][] = [
  ['Clusters', 'ClustersConfigDump', 'cluster_sent', 'cluster_acked'],
  ['Listeners', 'ListenersConfigDump', 'listener_sent', 'listener_acked'],
  ['Routes', 'RoutesConfigDump', 'route_sent', 'route_acked'],
];

/** Whether one proxy holds what istiod sent last. */
async function compare(ctl: Istioctl, name: string): Promise<number> {
  const { pod, namespace } = inferPod(ctl, name);
  const file = ctl.flags.text('file');
  const dump = parseConfigDump(file ? await ctl.readFile(file) : await askProxy(ctl, name, 'config_dump'));
  const status = (await syncStatuses(ctl)).find(({ proxy }) => proxy === `${pod}.${namespace}`);
  if (!status) throw new IstioctlError(`Proxy ${pod}.${namespace} is not connected to any istiod`);
  for (const [title, part, sent, acknowledged] of sections) {
    const held = section(dump, part);
    const verdict = status[sent] === status[acknowledged] ? 'Match' : "Don't Match";
    await ctl.out(`${title} ${verdict}${title === 'Routes' ? lastLoaded(held) : ''}\n`);
  }
  return 0;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** When the routes last changed, as Go prints it by RFC 1123. */
function lastLoaded(routes: JsonObject): string {
  const times = objects(routes.dynamicRouteConfigs).map(({ lastUpdated }) => parseTime(String(lastUpdated)));
  const known = times.filter((time) => time !== undefined);
  if (known.length === 0) return '';
  const { weekday, day, month, year, hour, minute, second } = calendar(Math.max(...known));
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${weekdays[weekday]}, ${two(day)} ${months[month - 1]} ${year}`;
  return ` (RDS last loaded at ${date} ${two(hour)}:${two(minute)}:${two(second)} UTC)`;
}
