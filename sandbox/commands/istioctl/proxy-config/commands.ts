import { printYaml } from '../../../kernel/yaml-print.ts';
import type { Flag } from '../../kubectl/flags.ts';
import type { Command, Istioctl } from '../command.ts';
import { IstioctlError, UsageError } from '../errors.ts';
import { inferPod } from '../pods.ts';
import { printBootstrap } from './bootstrap.ts';
import { type ClusterFilter, printClusters } from './clusters.ts';
import { type ConfigDump, parseConfigDump } from './config-dump.ts';
import { type EndpointFilter, printEds, printEndpoints } from './endpoints.ts';
import { type ListenerFilter, printListeners } from './listeners.ts';
import { logCommand } from './log.ts';
import { printRoutes, type RouteFilter } from './routes.ts';
import { printSecrets } from './secrets.ts';

type Format = 'short' | 'json' | 'yaml';

const outputFlag = (preset: Format): Flag => ({
  name: 'output',
  short: 'o',
  kind: 'string',
  default: preset,
  usage: 'Format: one of json|yaml|short',
});
const fileFlag: Flag = { name: 'file', short: 'f', kind: 'string', usage: 'File with a configuration dump of Envoy' };
const verboseFlag: Flag = { name: 'verbose', kind: 'bool', default: 'true', usage: 'More information' };
const string = (name: string, usage: string): Flag => ({ name, kind: 'string', usage });
const portFlag: Flag = { name: 'port', kind: 'int', default: '0', usage: 'Only of this port' };
const addressFlag = string('address', 'Only of this address');
const clusterFlags = [
  string('fqdn', 'Only clusters whose host holds this'),
  string('direction', 'Only clusters of this direction'),
  string('subset', 'Only clusters whose subset holds this'),
];
const endpointFlags = [
  string('cluster', 'Only endpoints of this cluster'),
  string('status', 'Only endpoints of this status'),
];

function format(ctl: Istioctl): Format {
  const wanted = ctl.flags.text('output');
  if (wanted === 'short' || wanted === 'json' || wanted === 'yaml') return wanted;
  throw new IstioctlError(`output format ${JSON.stringify(wanted)} not supported`);
}

/** What a proxy's admin interface answers, asked through pilot-agent in its container. */
export async function askProxy(ctl: Istioctl, name: string, path: string, method = 'GET'): Promise<string> {
  const { pod, namespace } = inferPod(ctl, name);
  const target = { namespace, pod, container: 'istio-proxy' };
  try {
    return await ctl.api.exec(ctl.process, target, ['pilot-agent', 'request', method, path]);
  } catch (error) {
    if (!(error instanceof IstioctlError)) throw error;
    throw new IstioctlError(`failed to execute command on ${pod}.${namespace} sidecar: ${error.message}`);
  }
}

/** The one argument or `--file`, as every subcommand wants it. */
function checkArguments(ctl: Istioctl, what: string): void {
  const file = ctl.flags.text('file') !== '';
  if ((ctl.args.length === 1) === file) throw new UsageError(`${what} requires pod name or --file parameter`);
}

async function readDump(ctl: Istioctl, what: string, query: string): Promise<ConfigDump> {
  return parseConfigDump(await rawDump(ctl, what, query));
}

async function rawDump(ctl: Istioctl, what: string, query: string): Promise<string> {
  checkArguments(ctl, what);
  const [name] = ctl.args;
  return name === undefined ? ctl.readFile(ctl.flags.text('file')) : askProxy(ctl, name, `config_dump${query}`);
}

const clusterFilter = ({ flags }: Istioctl): ClusterFilter => ({
  fqdn: flags.text('fqdn'),
  port: flags.int('port'),
  subset: flags.text('subset'),
  direction: flags.text('direction'),
});
const listenerFilter = ({ flags }: Istioctl): ListenerFilter => ({
  address: flags.text('address'),
  port: flags.int('port'),
  type: flags.text('type'),
  verbose: flags.bool('verbose'),
});
const routeFilter = ({ flags }: Istioctl): RouteFilter => ({
  name: flags.text('name'),
  verbose: flags.bool('verbose'),
});
const endpointFilter = ({ flags }: Istioctl): EndpointFilter => ({
  address: flags.text('address'),
  port: flags.int('port'),
  cluster: flags.text('cluster'),
  status: flags.text('status'),
});

const use = '[<type>/]<name>[.<namespace>]';
const eds = '?include_eds=true';

/** `istioctl proxy-config`: what one Envoy was told. */
export const proxyConfigCommand: Command = {
  name: 'proxy-config',
  aliases: ['pc'],
  short: 'Retrieve information about proxy configuration from Envoy [kube only]',
  flags: [{ name: 'proxy-admin-port', kind: 'int', default: '15000', usage: "Port of Envoy's admin interface" }],
  commands: [
    {
      name: 'all',
      aliases: ['a'],
      use,
      short: 'Retrieves all configuration for the Envoy in the specified pod',
      flags: [
        outputFlag('short'),
        { name: 'with-headers', kind: 'bool', usage: 'A heading before each part' },
        fileFlag,
        verboseFlag,
        ...clusterFlags,
        portFlag,
        addressFlag,
        string('type', 'Only listeners of this type'),
        string('name', 'Only routes of this name'),
      ],
      run: printAll,
    },
    {
      name: 'bootstrap',
      aliases: ['b'],
      use,
      short: 'Retrieves bootstrap configuration for the Envoy in the specified pod',
      flags: [outputFlag('json'), fileFlag],
      async run(ctl) {
        await ctl.out(printBootstrap(await readDump(ctl, 'bootstrap', '?mask=bootstrap'), format(ctl)));
        return 0;
      },
    },
    {
      name: 'cluster',
      aliases: ['clusters', 'c'],
      use,
      short: 'Retrieves cluster configuration for the Envoy in the specified pod',
      flags: [outputFlag('short'), ...clusterFlags, portFlag, fileFlag],
      async run(ctl) {
        const mask = '?mask=dynamic_active_clusters,dynamic_warming_clusters,static_clusters';
        await ctl.out(printClusters(await readDump(ctl, 'cluster', mask), clusterFilter(ctl), format(ctl)));
        return 0;
      },
    },
    {
      name: 'eds',
      use,
      short: 'Retrieves endpoint configuration for the Envoy in the specified pod',
      flags: [outputFlag('short'), addressFlag, portFlag, ...endpointFlags, fileFlag],
      async run(ctl) {
        await ctl.out(printEds(await readDump(ctl, 'eds', eds), endpointFilter(ctl), format(ctl)));
        return 0;
      },
    },
    {
      name: 'endpoint',
      aliases: ['endpoints', 'ep'],
      use,
      short: 'Retrieves endpoint configuration for the Envoy in the specified pod',
      flags: [outputFlag('short'), addressFlag, portFlag, ...endpointFlags, fileFlag],
      async run(ctl) {
        checkArguments(ctl, 'endpoints');
        const [name] = ctl.args;
        const clusters =
          name === undefined
            ? await ctl.readFile(ctl.flags.text('file'))
            : await askProxy(ctl, name, 'clusters?format=json');
        await ctl.out(printEndpoints(clusters, endpointFilter(ctl), format(ctl)));
        return 0;
      },
    },
    {
      name: 'listener',
      aliases: ['listeners', 'l'],
      use,
      short: 'Retrieves listener configuration for the Envoy in the specified pod',
      flags: [
        outputFlag('short'),
        addressFlag,
        string('type', 'Only listeners of this type'),
        portFlag,
        verboseFlag,
        fileFlag,
      ],
      async run(ctl) {
        const mask = '?mask=dynamic_listeners,static_listeners';
        await ctl.out(printListeners(await readDump(ctl, 'listener', mask), listenerFilter(ctl), format(ctl)));
        return 0;
      },
    },
    logCommand,
    {
      name: 'route',
      aliases: ['routes', 'r'],
      use,
      short: 'Retrieves route configuration for the Envoy in the specified pod',
      flags: [outputFlag('short'), string('name', 'Only routes of this name'), verboseFlag, fileFlag],
      async run(ctl) {
        const mask = '?mask=dynamic_route_configs,static_route_configs';
        await ctl.out(printRoutes(await readDump(ctl, 'route', mask), routeFilter(ctl), format(ctl)));
        return 0;
      },
    },
    {
      name: 'secret',
      aliases: ['secrets', 's'],
      use,
      short: 'Retrieves secret configuration for the Envoy in the specified pod',
      flags: [outputFlag('short'), fileFlag],
      async run(ctl) {
        const mask = '?mask=dynamic_active_secrets,dynamic_warming_secrets';
        await ctl.out(printSecrets(await readDump(ctl, 'secret', mask), format(ctl), ctl.process.kernel.now()));
        return 0;
      },
    },
  ],
};

async function printAll(ctl: Istioctl): Promise<number> {
  const wanted = format(ctl);
  const raw = await rawDump(ctl, 'all', eds);
  if (wanted !== 'short') {
    await ctl.out(`${wanted === 'json' ? raw : printYaml(JSON.parse(raw))}\n`);
    return 0;
  }
  const dump = parseConfigDump(raw);
  const parts: [heading: string, text: () => string][] = [
    ['BOOTSTRAP', () => printBootstrap(dump, 'short')],
    ['CLUSTER', () => printClusters(dump, clusterFilter(ctl), 'short', true)],
    ['LISTENER', () => printListeners(dump, listenerFilter(ctl), 'short', true)],
    ['ROUTE', () => printRoutes(dump, routeFilter(ctl), 'short', true)],
    ['SECRET', () => printSecrets(dump, 'short', ctl.process.kernel.now(), true)],
    ['ENDPOINTS', () => printEds(dump, endpointFilter(ctl), 'short', true)],
  ];
  for (const [index, [heading, text]] of parts.entries()) {
    if (index > 0) await ctl.out('\n');
    if (ctl.flags.bool('with-headers')) await ctl.out(`------ ${heading} INFO ------\n\n`);
    await ctl.out(text());
  }
  return 0;
}
