import { equalJson } from '../../kernel/json.ts';
import { resourcePath } from './client.ts';
import { describeTemplate, replicaSetsOf, withoutHash } from './describe/workloads.ts';
import { DescribeWriter } from './describe/writer.ts';
import { KubectlError, throwAll } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import { lastAppliedAnnotation } from './last-applied.ts';
import { at, type KubeObject } from './objects.ts';
import { dryRun, noPrinter, objectName, resultFormats, resultPrinter, structuredPrinter } from './printers.ts';
import { workloads } from './rollout.ts';

const revisionAnnotation = 'deployment.kubernetes.io/revision';

function revisionOf(object: KubeObject): number {
  return Number(object.metadata.annotations?.[revisionAnnotation] ?? 0);
}

async function revisions(k: Kubectl, deployment: KubeObject): Promise<KubeObject[]> {
  const { newest, old } = await replicaSetsOf(k, deployment);
  return [...old, ...(newest ? [newest] : [])].sort((a, b) => revisionOf(a) - revisionOf(b));
}

export async function rolloutHistory(k: Kubectl): Promise<undefined> {
  const revision = k.flags.int('revision');
  const { infos, errors } = await workloads(k);
  if (revision < 0) throw new KubectlError(`revision must be a positive integer: ${revision}`);
  const format = k.flags.text('output');
  for (const info of infos) {
    const object = info.object as KubeObject;
    if (object.kind !== 'Deployment') {
      throw new KubectlError(`no history viewer has been implemented for "${info.mapping.kind}"`);
    }
    const sets = await revisions(k, object);
    const chosen = revision > 0 ? sets.filter((set) => revisionOf(set) === revision) : sets;
    if (revision > 0 && chosen.length === 0) throw new KubectlError('unable to find the specified revision');
    if (format !== '') {
      const printer = structuredPrinter(k, format);
      if (!printer) throw noPrinter(format, resultFormats);
      for (const set of chosen) k.out(printer(set));
      continue;
    }
    const w = new DescribeWriter();
    if (revision > 0) {
      const template = at(chosen[0], 'spec', 'template');
      k.out(`${objectName(object)} with revision #${revision}\n${describeTemplateText(template)}\n`);
      continue;
    }
    if (sets.length === 0) w.write(0, 'No rollout history found.');
    else w.write(0, 'REVISION\tCHANGE-CAUSE\n');
    for (const set of sets) {
      const cause = set.metadata.annotations?.['kubernetes.io/change-cause'] ?? '';
      w.write(0, `${revisionOf(set)}\t${cause || '<none>'}\n`);
    }
    k.out(`${objectName(object)} \n${w.finish()}\n`);
  }
  throwAll(errors);
  return undefined;
}

/** The template with its tabs: kubectl does not align it here. */
function describeTemplateText(template: unknown): string {
  const w = new DescribeWriter();
  describeTemplate(w, template);
  return w.raw();
}

/** What an undone deployment keeps of its own annotations, and does not take from the replica set. */
const kept = new Set([
  lastAppliedAnnotation,
  revisionAnnotation,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
]);

export async function rolloutUndo(k: Kubectl): Promise<undefined> {
  const print = resultPrinter(k);
  const wanted = k.flags.int('to-revision');
  const { infos, errors } = await workloads(k);
  for (const info of infos) {
    const deployment = info.object as KubeObject;
    if (deployment.kind !== 'Deployment') {
      throw new KubectlError(`no rollbacker has been implemented for "${info.mapping.kind}"`);
    }
    if (wanted < 0) throw new KubectlError(`unable to find specified revision ${wanted} in history`);
    const sets = await revisions(k, deployment);
    const target = wanted > 0 ? sets.find((set) => revisionOf(set) === wanted) : sets.at(-2);
    if (!target) {
      throw new KubectlError(
        wanted > 0
          ? `unable to find specified revision ${wanted} in history`
          : `no rollout history found for deployment "${deployment.metadata.name}"`,
      );
    }
    const template = withoutHash(at(target, 'spec', 'template'));
    if (dryRun(k) === 'client') {
      k.out(print(deployment, describeTemplateText(template)));
      continue;
    }
    if (at(deployment, 'spec', 'paused') === true) {
      throw new KubectlError(
        "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
      );
    }
    if (equalJson(template, withoutHash(at(deployment, 'spec', 'template')))) {
      k.out(print(deployment, `skipped rollback (current template already matches revision ${wanted})`));
      continue;
    }
    const annotations: Record<string, string> = {};
    for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
      if (kept.has(key)) annotations[key] = value;
    }
    for (const [key, value] of Object.entries(target.metadata.annotations ?? {})) {
      if (!kept.has(key)) annotations[key] = value;
    }
    await k.client.json('PATCH', resourcePath(info.mapping, info.namespace, info.name), {
      query: { dryRun: dryRun(k) === 'server' ? 'All' : undefined },
      contentType: 'application/json-patch+json',
      body: [
        { op: 'replace', path: '/spec/template', value: template },
        { op: 'replace', path: '/metadata/annotations', value: annotations },
      ],
    });
    k.out(print(deployment, 'rolled back'));
  }
  throwAll(errors);
  return undefined;
}
