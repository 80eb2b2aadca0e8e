import { resourcePath } from './client.ts';
import { type Command, dryRunFlag, fieldManagerFlag, filenameFlags, printFlags, selectorFlag } from './command.ts';
import { KubectlError, StatusError, throwAll } from './errors.ts';
import { type Flag, goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { at, copy, type KubeObject, records, text } from './objects.ts';
import { splitPairs } from './pairs.ts';
import { patchSchema } from './patch-schema.ts';
import { dryRun, resultPrinter } from './printers.ts';
import { flagsOf, missingResource, select } from './resources.ts';
import { twoWayStrategicPatch } from './strategic-patch.ts';

const common: readonly Flag[] = [
  ...printFlags,
  ...filenameFlags('that names the objects.'),
  selectorFlag,
  dryRunFlag,
  fieldManagerFlag('kubectl-set'),
  { name: 'all', kind: 'bool', usage: 'Every object of the kinds in the namespace.' },
  { name: 'local', kind: 'bool', usage: 'Change the files only; ask no server.' },
];

const image: Command = {
  name: 'image',
  short: 'Update the image of a pod template',
  use: 'image (-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N',
  flags: common,
  run: runSetImage,
};

const env: Command = {
  name: 'env',
  short: 'Update environment variables on a pod template',
  use: 'env RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N',
  flags: [
    ...common,
    { name: 'containers', short: 'c', kind: 'string', default: '*', usage: 'Containers to change.' },
    { name: 'env', short: 'e', kind: 'array', usage: 'Variable (key=value); may be repeated.' },
    { name: 'list', kind: 'bool', usage: 'Show the variables.' },
    { name: 'overwrite', kind: 'bool', default: 'true', usage: 'Give variables that are there another value.' },
  ],
  run: runSetEnv,
};

export const set: Command = {
  name: 'set',
  helpToStderr: true,
  short: 'Set specific features on objects',
  long: 'Configure application resources.\n\n These commands help you make changes to existing application resources.',
  use: 'set SUBCOMMAND',
  commands: [env, image],
};

type Container = { name: string; image?: string; env?: { name: string; value?: string }[] };

function podSpec(object: KubeObject): Record<string, unknown> | undefined {
  const spec = object.kind === 'Pod' ? object.spec : at(object, 'spec', 'template', 'spec');
  return spec as Record<string, unknown> | undefined;
}

/** Changes the pod spec of each chosen object and sends the difference. */
async function changeEach(
  k: Kubectl,
  resources: string[],
  operation: string,
  change: (containers: Container[], init: Container[], object: KubeObject) => void,
): Promise<undefined> {
  const print = resultPrinter(k);
  const { infos, errors } = await select(k, {
    ...flagsOf(k),
    args: resources,
    allowEmptySelector: k.flags.bool('all'),
    latest: !k.flags.bool('local'),
  });
  for (const info of infos) {
    const before = info.object as KubeObject;
    const after = copy(before);
    const spec = podSpec(after);
    if (!spec) {
      errors.push(new KubectlError(`the object is not a pod or does not have a pod template: ${info.mapping.kind}`));
      continue;
    }
    try {
      change(
        records(spec.containers) as unknown as Container[],
        records(spec.initContainers) as unknown as Container[],
        after,
      );
      const patch = twoWayStrategicPatch(before, after, patchSchema(info.mapping.group, info.mapping.kind) ?? {});
      if (Object.keys(patch).length === 0 && operation !== '') continue;
      if (operation === '') continue;
      if (k.flags.bool('local') || dryRun(k) === 'client') {
        k.out(print(after, operation));
        continue;
      }
      const object = await k.client.json<KubeObject>('PATCH', resourcePath(info.mapping, info.namespace, info.name), {
        query: {
          fieldManager: k.flags.text('field-manager'),
          dryRun: dryRun(k) === 'server' ? 'All' : undefined,
        },
        contentType: 'application/strategic-merge-patch+json',
        body: patch,
      });
      k.out(print(object, operation));
    } catch (error) {
      if (error instanceof StatusError) {
        errors.push(new KubectlError(`failed to patch update to pod template: ${error.message}`));
      } else if (error instanceof KubectlError) errors.push(error);
      else throw error;
    }
  }
  throwAll(errors);
  return undefined;
}

async function runSetImage(k: Kubectl): Promise<undefined> {
  const { resources, pairs } = splitPairs(k.args, 'image');
  const images = pairs.map((pair) => {
    const equal = pair.indexOf('=');
    if (equal <= 0) throw new KubectlError(`invalid image format: ${pair}`);
    return { name: pair.slice(0, equal), value: pair.slice(equal + 1) };
  });
  if (resources.length === 0 && k.flags.list('filename').length === 0) throw new KubectlError(missingResource);
  if (images.length === 0) {
    const { errors } = await select(k, { ...flagsOf(k), args: resources, allowEmptySelector: k.flags.bool('all') });
    throwAll(errors);
    throw new KubectlError('at least one image update is required');
  }
  if (images.length > 1 && images.some(({ name }) => name === '*')) {
    throw new KubectlError(
      'all containers are already specified by *, but saw more than one container_name=container_image pairs',
    );
  }
  return changeEach(k, resources, 'image updated', (containers, init) => {
    for (const { name, value } of images) {
      const found = [...containers, ...init].filter((container) => name === '*' || container.name === name);
      if (found.length === 0) throw new KubectlError(`unable to find container named ${goQuote(name)}`);
      for (const container of found) container.image = value;
    }
  });
}

async function runSetEnv(k: Kubectl): Promise<undefined> {
  const { resources, pairs } = splitPairs(k.args, 'environment variable');
  const changes = [...pairs, ...k.flags.list('env')];
  if (resources.length === 0 && k.flags.list('filename').length === 0) {
    throw new KubectlError('one or more resources must be specified as <resource> <name> or <resource>/<name>');
  }
  const listing = k.flags.bool('list');
  const pattern = new RegExp(
    `^${k.flags
      .text('containers')
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')}$`,
  );
  return changeEach(k, resources, listing && changes.length === 0 ? '' : 'env updated', (containers, _, object) => {
    const chosen = containers.filter(({ name }) => pattern.test(name));
    if (chosen.length === 0) {
      throw new KubectlError(
        `${object.kind}/${object.metadata.name} does not have any containers matching ${goQuote(k.flags.text('containers'))}`,
      );
    }
    for (const container of chosen) {
      let variables = container.env ?? [];
      for (const pair of changes) variables = changed(variables, pair, k.flags.bool('overwrite'));
      container.env = variables;
      if (!listing) continue;
      k.out(`# ${object.kind} ${object.metadata.name}, container ${container.name}\n`);
      for (const { name, value } of variables) k.out(`${name}=${text(value)}\n`);
    }
  });
}

function changed(variables: { name: string; value?: string }[], pair: string, overwrite: boolean) {
  const equal = pair.indexOf('=');
  if (equal < 0) return variables.filter(({ name }) => name !== pair.replace(/-$/, ''));
  const [name, value] = [pair.slice(0, equal), pair.slice(equal + 1)];
  const present = variables.find((variable) => variable.name === name);
  if (!present) return [...variables, { name, value }];
  if (!overwrite && present.value !== value) {
    throw new KubectlError(`'${name}' already has a value (${text(present.value)}), and --overwrite is false`);
  }
  return variables.map((variable) => (variable.name === name ? { name, value } : variable));
}
