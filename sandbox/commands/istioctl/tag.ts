import { applyObject } from '../../istio/install/apply.ts';
import { defaultTagWebhooks } from '../../istio/install/istiod-webhooks.ts';
import { installedKinds } from '../../istio/install/target.ts';
import type { KubernetesObject } from '../../kubernetes/objects.ts';
import { TabWriter } from '../kubectl/tab-writer.ts';
import type { Command, Istioctl } from './command.ts';
import { IstioctlError } from './errors.ts';

const webhookKind = installedKinds.find(({ kind }) => kind === 'MutatingWebhookConfiguration');

function injectors(ctl: Istioctl, labels: Record<string, string>): readonly KubernetesObject[] {
  return webhookKind ? ctl.api.list(webhookKind, { app: 'sidecar-injector', ...labels }) : [];
}

/** `istioctl tag`: names for revisions. */
export const tagCommand: Command = {
  name: 'tag',
  short: 'Command group used to interact with revision tags',
  commands: [
    {
      name: 'list',
      aliases: ['show'],
      short: 'List existing revision tags',
      async run(ctl) {
        const tags = injectors(ctl, { 'istio.io/tag': '*' });
        if (tags.length === 0) {
          await ctl.out('No Istio revision tag MutatingWebhookConfigurations to list\n');
          return 0;
        }
        const table = new TabWriter(0, 1);
        table.line(['TAG', 'REVISION', 'NAMESPACES']);
        for (const { metadata } of tags) {
          const tag = metadata.labels?.['istio.io/tag'] ?? '';
          table.line([tag, metadata.labels?.['istio.io/rev'] ?? '', namespacesOf(ctl, tag).join(',')]);
        }
        await ctl.out(table.flush());
        return 0;
      },
    },
    {
      name: 'set',
      use: '<revision-tag>',
      short: 'Create or modify revision tags',
      flags: [
        { name: 'overwrite', kind: 'bool', usage: 'Also where the tag exists' },
        { name: 'revision', short: 'r', kind: 'string', usage: 'Revision that the tag stands for' },
        { name: 'skip-confirmation', short: 'y', kind: 'bool', usage: 'Do not ask' },
      ],
      run: setTag,
    },
  ],
};

function namespacesOf(ctl: Istioctl, tag: string): string[] {
  const namespaces = { group: '', version: 'v1', resource: 'namespaces' };
  const byRevision = ctl.api.list(namespaces, { 'istio.io/rev': tag });
  const byInjection = tag === 'default' ? ctl.api.list(namespaces, { 'istio-injection': 'enabled' }) : [];
  return [...new Set([...byRevision, ...byInjection].map(({ metadata }) => metadata.name))].sort();
}

async function setTag(ctl: Istioctl): Promise<number> {
  const [tag] = ctl.args;
  const revision = ctl.flags.text('revision');
  if (tag === undefined) throw new IstioctlError('must provide a tag for modification');
  if (ctl.args.length > 1) throw new IstioctlError('must provide a single tag for creation');
  if (!revision) throw new IstioctlError('required flag(s) "revision" not set');
  const canonical = injectors(ctl, { 'istio.io/rev': revision }).filter(
    ({ metadata }) => metadata.labels?.['istio.io/tag'] === undefined,
  );
  if (canonical.length === 0) {
    throw new IstioctlError(
      `cannot modify tag: cannot find MutatingWebhookConfiguration or Service with revision "${revision}"`,
    );
  }
  if (injectors(ctl, { 'istio.io/tag': tag }).length > 0 && !ctl.flags.bool('overwrite')) {
    throw new IstioctlError(`revision tag "${tag}" already exists, and --overwrite is false`);
  }
  if (tag !== 'default') throw new IstioctlError(`tag "${tag}" is not available here: only "default" is`);
  const options = { revision: revision === 'default' ? '' : revision, namespace: ctl.istioNamespace, labels: {} };
  for (const object of defaultTagWebhooks(ctl.release.istio, options)) applyObject(ctl.api, object);
  await ctl.out(
    `Revision tag "${tag}" created, referencing control plane revision "${revision}". To enable injection using this\n` +
      `revision tag, use 'kubectl label namespace <NAMESPACE> istio.io/rev=${tag}'\n`,
  );
  return 0;
}
