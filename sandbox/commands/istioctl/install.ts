import { Installation, userFacingNames } from '../../istio/install/install.ts';
import type { ComponentManifest, Manifests } from '../../istio/install/manifest.ts';
import { generateManifests } from '../../istio/install/manifest.ts';
import { InstallError } from '../../istio/install/operator.ts';
import { getString } from '../../istio/install/values-map.ts';
import type { Flag } from '../kubectl/flags.ts';
import type { Command, Istioctl } from './command.ts';
import { confirm } from './confirm.ts';
import { IstioctlError } from './errors.ts';
import { Progress } from './progress.ts';
import { sail } from './sail.ts';

/** ms that listing every prunable kind takes behind the client's rate limit. */
const pruneTime = 1500;

const icons: Record<string, string> = {
  Base: '⛵️',
  Pilot: '🧠',
  IngressGateways: '🛬',
  EgressGateways: '🛫',
  Cni: '🪢',
  Ztunnel: '🔒',
};

/** Flags that choose what is installed. */
export const operatorFlags: readonly Flag[] = [
  { name: 'filename', short: 'f', kind: 'slice', usage: 'File with an IstioOperator; more than once, later ones win' },
  { name: 'set', short: 's', kind: 'array', usage: 'Value of the IstioOperator: path=value; wins over files' },
  { name: 'force', kind: 'bool', usage: 'Go on in spite of validation errors' },
  { name: 'manifests', short: 'd', kind: 'string', usage: 'Folder with charts and profiles' },
  { name: 'charts', kind: 'string', hidden: true, usage: 'Deprecated, use --manifests' },
  { name: 'revision', short: 'r', kind: 'string', usage: 'Revision of the control plane' },
];

export const dryRunFlag: Flag = { name: 'dry-run', kind: 'bool', usage: 'Only tell what would be done' };
export const confirmFlag: Flag = { name: 'skip-confirmation', short: 'y', kind: 'bool', usage: 'Do not ask' };

const installFlags: readonly Flag[] = [
  ...operatorFlags,
  dryRunFlag,
  confirmFlag,
  { name: 'readiness-timeout', kind: 'duration', default: '5m0s', usage: 'How long to wait for each component' },
  { name: 'verify', kind: 'bool', usage: 'Check afterwards' },
];

/** Reads the files and flags into objects to install. */
export async function manifestsOf(ctl: Istioctl): Promise<Manifests> {
  const files: string[] = [];
  for (const path of ctl.flags.list('filename')) files.push(await ctl.readFile(path.trim()));
  const revision = ctl.flags.text('revision');
  const set = [...ctl.flags.list('set'), ...(revision && revision !== 'default' ? [`revision=${revision}`] : [])];
  if (ctl.flags.text('manifests'))
    throw new IstioctlError('--manifests is not available here: the charts are built in');
  return generateManifests({ release: ctl.release.istio, files, set, force: ctl.flags.bool('force') });
}

/** `istioctl install`. */
export const installCommand: Command = {
  name: 'install',
  aliases: ['apply'],
  short: 'Applies an Istio manifest, installing or reconfiguring Istio on a cluster.',
  flags: installFlags,
  run: install,
};

export async function install(ctl: Istioctl): Promise<number> {
  if (ctl.args.length > 0) throw new IstioctlError(`accepts 0 arg(s), received ${ctl.args.length}`);
  const colored = ctl.process.isTerminal(1);
  await ctl.err(colored ? `\u001b[94;1m${sail}\u001b[0;22m\n` : `${sail}\n`);
  const manifests = await generated(ctl);
  const profile = getString(manifests.operator, 'spec.profile') || 'default';
  const { version } = ctl.release.istio;
  const dryRun = ctl.flags.bool('dry-run');
  if (!dryRun && !ctl.flags.bool('skip-confirmation')) {
    const question = `This will install the Istio ${version} profile ${JSON.stringify(profile)} into the cluster. Proceed? (y/N)`;
    if (!(await confirm(ctl, question))) {
      await ctl.err('Cancelled.\n');
      return 1;
    }
  }
  const progress = new Progress(ctl.process);
  try {
    await installAll(ctl, manifests, progress, dryRun);
  } catch (error) {
    if (error instanceof InstallError || error instanceof IstioctlError) {
      throw new IstioctlError(`failed to install manifests: ${error.message}`);
    }
    throw error;
  }
  return 0;
}

async function generated(ctl: Istioctl): Promise<Manifests> {
  try {
    return await manifestsOf(ctl);
  } catch (error) {
    if (error instanceof InstallError || error instanceof IstioctlError) {
      throw new IstioctlError(`generate config: ${error.message}`);
    }
    throw error;
  }
}

async function installAll(ctl: Istioctl, manifests: Manifests, progress: Progress, dryRun: boolean): Promise<void> {
  const installation = new Installation(ctl.api, manifests, ctl.release.istio.version);
  if (!dryRun) installation.createNamespace();
  const gateways = (one: ComponentManifest) =>
    one.component === 'IngressGateways' || one.component === 'EgressGateways';
  const { components } = installation;
  const groups = [...components.filter((one) => !gateways(one)).map((one) => [one]), components.filter(gateways)];
  // Gateways are installed at the same time, the rest one after the other.
  for (const group of groups) if (group.length > 0) await installGroup(ctl, installation, group, progress, dryRun);
  if (!dryRun) {
    await progress.working('Pruning removed resources');
    await ctl.process.kernel.compute(pruneTime, ctl.process.cancellation);
    const removed = installation.prune();
    for (const object of removed) await ctl.out(`  Removed ${describe(object)}.\n`);
  }
  await progress.done('Installation complete');
  if (!dryRun) installation.deployDefaultTag({ release: ctl.release.istio });
}

async function installGroup(
  ctl: Istioctl,
  installation: Installation,
  group: readonly ComponentManifest[],
  progress: Progress,
  dryRun: boolean,
): Promise<void> {
  let pending = [...group];
  const names = () => pending.map(({ component }) => userFacingNames[component]).sort();
  const working = () => progress.working(`Processing resources for ${names().join(', ')}.`);
  for (const one of group) {
    await working();
    if (!dryRun) installation.apply(one);
  }
  const deadline = ctl.process.kernel.now() + ctl.flags.duration('readiness-timeout');
  while (pending.length > 0) {
    const waiting: string[] = [];
    for (const one of [...pending]) {
      const missing = dryRun ? [] : installation.notReady(one);
      waiting.push(...missing);
      if (missing.length > 0) continue;
      pending = pending.filter((other) => other !== one);
      await progress.done(`${userFacingNames[one.component]} installed ${icons[one.component] ?? '✅'}`);
    }
    if (pending.length === 0) return;
    if (ctl.process.kernel.now() >= deadline) await giveUp(ctl, pending, waiting, progress);
    await progress.working(`Processing resources for ${names().join(', ')}. Waiting for ${waiting.sort().join(', ')}`);
    await ctl.process.sleep(2000);
  }
}

async function giveUp(
  ctl: Istioctl,
  pending: readonly ComponentManifest[],
  waiting: readonly string[],
  progress: Progress,
): Promise<never> {
  const seconds = ctl.flags.duration('readiness-timeout') / 1000;
  const time = `${Math.floor(seconds / 60)}m${seconds % 60}s`;
  const list = waiting.map((id) => `  ${id}`).join('\n');
  const problem = `failed to wait for resource: resources not ready after ${time}: context deadline exceeded\n${list}`;
  for (const { component } of pending) {
    await progress.failed(`${userFacingNames[component]} encountered an error: ${problem}`);
  }
  throw new IstioctlError(problem);
}

/** As the removal of an object is told: `apps/v1, Kind=Deployment/name.namespace`. */
export function describe(object: {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}): string {
  const version = object.apiVersion.includes('/') ? object.apiVersion : `/${object.apiVersion}`;
  return `${version}, Kind=${object.kind}/${object.metadata.name}.${object.metadata.namespace ?? ''}`;
}
