import { printYaml } from '../../kernel/yaml-print.ts';
import type { IstioRelease } from '../../releases/types.ts';
import type { Command, Istioctl } from './command.ts';
import { IstioctlError } from './errors.ts';
import { istiodPods } from './pods.ts';
import { goJson } from './proxy-config/output.ts';
import { syncStatuses } from './sync-status.ts';

interface BuildInfo {
  version: string;
  revision: string;
  golang_version: string;
  status: string;
  tag: string;
}

interface Server {
  Component: string;
  Revision: string;
  Info: BuildInfo;
}

interface Proxy {
  ID: string;
  IstioVersion: string;
  Type: string;
}

/** `istioctl version`. */
export const versionCommand: Command = {
  name: 'version',
  short: 'Prints out build version information',
  flags: [
    { name: 'output', short: 'o', kind: 'string', usage: "One of 'yaml' or 'json'" },
    { name: 'remote', kind: 'bool', default: 'true', usage: '--remote=false asks no control plane' },
    { name: 'revision', short: 'r', kind: 'string', usage: 'Revision of the control plane' },
    { name: 'short', short: 's', kind: 'bool', default: 'true', usage: '--short=false tells all of the build' },
  ],
  run: version,
};

function buildOf({ version: number, build }: IstioRelease): BuildInfo {
  const { revision, golangVersion, status, tag } = build;
  return { version: number, revision, golang_version: golangVersion, status, tag };
}

async function version(ctl: Istioctl): Promise<number> {
  const format = ctl.flags.text('output');
  if (!['', 'yaml', 'json'].includes(format)) throw new IstioctlError("--output must be 'yaml' or 'json'");
  const client = buildOf(ctl.release.istio);
  const remote = ctl.flags.bool('remote');
  const servers = remote ? await controlPlanes(ctl) : undefined;
  const proxies = remote ? await dataPlane(ctl) : undefined;
  if (format !== '') {
    const whole = {
      clientVersion: client,
      ...(servers ? { meshVersion: servers } : {}),
      ...(proxies ? { dataPlaneVersion: proxies } : {}),
    };
    await ctl.out(`${format === 'json' ? goJson(whole, 2) : printYaml(whole)}\n`);
    return 0;
  }
  await ctl.out(ctl.flags.bool('short') ? short(client, servers, proxies) : long(client, servers, proxies));
  return 0;
}

/** The istiods that run. A cluster without any is told on stderr. */
async function controlPlanes(ctl: Istioctl): Promise<Server[] | undefined> {
  const pods = istiodPods(ctl);
  if (pods.length === 0) {
    await ctl.err(`Istio is not present in the cluster: no running Istio pods in namespace "${ctl.istioNamespace}"\n`);
    return undefined;
  }
  return pods.map(({ metadata, spec }) => {
    const container = (spec as { containers?: { name: string; image: string }[] }).containers?.find(
      ({ name }) => name === 'discovery',
    );
    const tag = container?.image.split(':').at(-1) ?? '';
    const own = buildOf(ctl.release.istio);
    const Info = tag === own.tag ? own : { ...own, version: tag, tag, revision: '', golang_version: '' };
    return { Component: metadata.labels?.istio ?? '', Revision: metadata.labels?.['istio.io/rev'] ?? '', Info };
  });
}

async function dataPlane(ctl: Istioctl): Promise<Proxy[] | undefined> {
  try {
    const types: Record<string, string> = {
      sidecar: 'sidecar',
      router: 'gateway',
      waypoint: 'waypoint',
      ztunnel: 'ztunnel',
    };
    return (await syncStatuses(ctl)).map(({ proxy, istio_version, proxy_type }) => ({
      ID: proxy ?? '',
      IstioVersion: istio_version ?? '',
      Type: types[proxy_type ?? ''] ?? proxy_type ?? '',
    }));
  } catch (error) {
    if (error instanceof IstioctlError) return undefined;
    throw error;
  }
}

function short(client: BuildInfo, servers: Server[] | undefined, proxies: Proxy[] | undefined): string {
  const lines = [`client version: ${client.version}`];
  const same = servers?.every(({ Info }) => Info.version === servers[0]?.Info.version);
  if (servers?.[0] && same) lines.push(`control plane version: ${servers[0].Info.version}`);
  else for (const { Component, Info } of servers ?? []) lines.push(`${Component} version: ${Info.version}`);
  if (proxies) lines.push(`data plane version: ${countVersions(proxies)}`);
  return `${lines.join('\n')}\n`;
}

function countVersions(proxies: readonly Proxy[]): string {
  if (proxies.length === 0) return 'none';
  const counts = new Map<string, number>();
  for (const { IstioVersion } of proxies) counts.set(IstioVersion, (counts.get(IstioVersion) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([number, count]) => `${number} (${count} proxies)`)
    .join(', ');
}

function long(client: BuildInfo, servers: Server[] | undefined, proxies: Proxy[] | undefined): string {
  const form = (info: BuildInfo) =>
    `version.BuildInfo{Version:"${info.version}", GitRevision:"${info.revision}", GolangVersion:"${info.golang_version}", BuildStatus:"${info.status}", GitTag:"${info.tag}"}`;
  const lines = [`client version: ${form(client)}`];
  for (const { Component, Info } of servers ?? []) lines.push(`${Component} version: ${form(Info)}`);
  for (const { ID, IstioVersion, Type } of proxies ?? []) {
    lines.push(`data plane version: version.ProxyInfo{ID:"${ID}", IstioVersion:"${IstioVersion}", Type:"${Type}"}`);
  }
  return `${lines.join('\n')}\n`;
}
