import type { Command } from './command.ts';
import { createAndPrint, createFlags, nameArgument } from './create-common.ts';
import { KubectlError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';

export const createDeployment: Command = {
  name: 'deployment',
  aliases: ['deploy'],
  short: 'Create a deployment with the specified name',
  use: 'deployment NAME --image=image -- [COMMAND] [args...]',
  flags: [
    ...createFlags,
    { name: 'image', kind: 'slice', usage: 'Image to run; may be repeated.' },
    { name: 'port', kind: 'int32', default: '-1', usage: 'Port of the container.' },
    { name: 'replicas', short: 'r', kind: 'int32', default: '1', usage: 'Number of replicas.' },
  ],
  run: runCreateDeployment,
};

async function runCreateDeployment(k: Kubectl): Promise<undefined> {
  const { flags } = k;
  if (!flags.changed('image')) throw new KubectlError('required flag(s) "image" not set');
  const name = nameArgument(k);
  const images = flags.list('image');
  const command = flags.dash < 0 ? [] : flags.args.slice(flags.dash);
  if (images.length > 1 && command.length > 0) {
    throw new KubectlError('cannot specify multiple --image options and command');
  }
  const port = flags.int('port');
  const labels = { app: name };
  const containers = images.map((image, index) => ({
    name: containerName(image),
    image,
    ...(command.length > 0 && { command }),
    ...(index === 0 && port >= 0 && { ports: [{ containerPort: port }] }),
    resources: {},
  }));
  const object = {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: { name, labels },
    spec: {
      replicas: flags.int('replicas'),
      selector: { matchLabels: labels },
      strategy: {},
      template: { metadata: { labels }, spec: { containers } },
    },
    status: {},
  };
  return createAndPrint(k, object, { namespaced: true, failure: 'failed to create deployment:' });
}

/** The last part of an image's name, without tag and digest. */
export function containerName(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return (last.split(/[:@]/)[0] as string).replace(/[^a-z0-9-]/g, '-');
}
