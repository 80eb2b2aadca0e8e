import { mergeInputs } from '../../istio/install/operator.ts';
import { installedKinds } from '../../istio/install/target.ts';
import { getString } from '../../istio/install/values-map.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import type { Command, Istioctl } from './command.ts';
import { confirm } from './confirm.ts';
import { IstioctlError } from './errors.ts';
import { confirmFlag, describe, dryRunFlag } from './install.ts';
import { Progress } from './progress.ts';

const prunedComponents = ['Pilot', 'IngressGateways', 'EgressGateways', 'Cni', 'Ztunnel'];

/** `istioctl uninstall`: one revision, or with --purge everything that belongs to Istio. */
export const uninstallCommand: Command = {
  name: 'uninstall',
  short: 'Uninstall Istio from a cluster',
  flags: [
    { name: 'filename', short: 'f', kind: 'string', usage: 'File with an IstioOperator' },
    { name: 'force', kind: 'bool', usage: 'Go on in spite of validation errors' },
    { name: 'manifests', short: 'd', kind: 'string', usage: 'Folder with charts and profiles' },
    { name: 'purge', kind: 'bool', usage: 'Remove all that belongs to Istio, of all revisions' },
    { name: 'revision', short: 'r', kind: 'string', usage: 'Revision of the control plane' },
    { name: 'set', short: 's', kind: 'array', usage: 'Value of the IstioOperator: path=value' },
    { name: 'verbose', short: 'v', kind: 'bool', usage: 'Tell what is removed' },
    confirmFlag,
    dryRunFlag,
  ],
  run: uninstall,
};

async function uninstall(ctl: Istioctl): Promise<number> {
  const { flags } = ctl;
  const purge = flags.bool('purge');
  const setRevision =
    flags
      .list('set')
      .find((one) => one.startsWith('revision='))
      ?.slice('revision='.length) ?? '';
  const revision = flags.text('revision');
  if (!revision && !setRevision && !flags.text('filename') && !purge) {
    throw new IstioctlError(
      'at least one of the --revision (or --set revision=<revision>), --filename or --purge flags must be set',
    );
  }
  if (ctl.args.length > 0) throw new IstioctlError('istioctl uninstall does not take arguments');
  if (revision && !revisionExists(ctl, revision)) throw new IstioctlError('could not find target revision');
  if (purge && (revision || flags.text('filename'))) {
    await ctl.out(
      'Purge uninstall will remove all Istio resources, ignoring the specified revision or operator file\n',
    );
  }
  const files = flags.text('filename') ? [await ctl.readFile(flags.text('filename'))] : [];
  const operator = mergeInputs(ctl.release.istio, { files, set: flags.list('set') });
  const objects = findObjects(ctl, getString(operator, 'metadata.namespace'), revision || setRevision, purge);
  if (!(await proceed(ctl, objects, purge))) {
    await ctl.err('Cancelled.\n');
    return 1;
  }
  for (const object of objects) await remove(ctl, object);
  await new Progress(ctl.process).done('Uninstall complete');
  return 0;
}

function revisionExists(ctl: Istioctl, revision: string): boolean {
  const webhooks = installedKinds.find(({ kind }) => kind === 'MutatingWebhookConfiguration');
  const labels = { app: 'sidecar-injector', 'istio.io/rev': revision };
  return webhooks !== undefined && ctl.api.serves(webhooks) && ctl.api.list(webhooks, labels).length > 0;
}

function findObjects(ctl: Istioctl, namespace: string, revision: string, purge: boolean): KubernetesObject[] {
  const labels: Record<string, string> = { 'operator.istio.io/component': '*' };
  if (!purge && revision) labels['istio.io/rev'] = revision;
  if (!purge && namespace) labels['install.operator.istio.io/owning-resource-namespace'] = namespace;
  const found: KubernetesObject[] = [];
  for (const kind of installedKinds) {
    if (!ctl.api.serves(kind) || (!purge && kind.kind === 'CustomResourceDefinition')) continue;
    const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
    for (const object of ctl.api.list(kind, labels)) {
      const component = object.metadata.labels?.['operator.istio.io/component'] ?? '';
      if (purge || prunedComponents.includes(component)) found.push({ ...object, apiVersion, kind: kind.kind });
    }
  }
  return found;
}

async function proceed(ctl: Istioctl, objects: readonly KubernetesObject[], purge: boolean): Promise<boolean> {
  let message = '';
  if (purge) {
    message = 'All Istio resources will be pruned from the cluster\n';
  } else if (objects.length === 0) {
    await ctl.out('No resources will be pruned from the cluster. Please double check the input configs\n\n');
    return true;
  } else {
    const gateways = objects.filter(({ kind, metadata }) => kind === 'Deployment' && metadata.name.includes('gateway'));
    if (ctl.flags.bool('verbose'))
      message += `The following resources will be pruned from the cluster: ${summary(objects)}\n`;
    if (gateways.length > 0) {
      const names = gateways.map(({ metadata }) => metadata.name).join(', ');
      message += `You are about to remove the following gateways: ${names}. To avoid downtime, please quit this command and reinstall the gateway(s) with a revision that is not being removed from the cluster.\n`;
    }
  }
  if (ctl.flags.bool('dry-run') || ctl.flags.bool('skip-confirmation')) {
    await ctl.out(`${message}\n`);
    return true;
  }
  return message === '' || confirm(ctl, `${message}Proceed? (y/N)`);
}

function summary(objects: readonly KubernetesObject[]): string {
  const byKind = new Map<string, string[]>();
  for (const { kind, metadata } of objects) byKind.set(kind, [...(byKind.get(kind) ?? []), metadata.name]);
  return [...byKind].map(([kind, names]) => `${kind}: ${names.join(', ')}. `).join('');
}

async function remove(ctl: Istioctl, object: KubernetesObject): Promise<void> {
  const kind = installedKinds.find((one) => one.kind === object.kind);
  if (!kind) return;
  if (ctl.flags.bool('dry-run')) {
    await ctl.out(`Not pruning object ${describe(object)} because of dry run.\n`);
    return;
  }
  if (!ctl.api.get(kind, object.metadata.namespace, object.metadata.name)) {
    await ctl.out(`object: ${describe(object)} is not being deleted because it no longer exists\n`);
    return;
  }
  ctl.api.delete(kind, object.metadata.namespace, object.metadata.name);
  await ctl.out(`  Removed ${describe(object)}.\n`);
}
