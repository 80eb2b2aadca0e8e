import type { Command } from './command.ts';
import { createAndPrint, createFlags, nameArgument } from './create-common.ts';
import { KubectlError } from './errors.ts';
import { type Flag, goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';

const tcp: Flag = { name: 'tcp', kind: 'slice', usage: 'Ports as <port>:<targetPort>.' };
const nodePort: Flag = { name: 'node-port', kind: 'int', default: '0', usage: 'Port on the nodes.' };

const variants: { name: string; type: string; article: string; use: string; flags: Flag[] }[] = [
  {
    name: 'clusterip',
    type: 'ClusterIP',
    article: 'a',
    use: 'clusterip NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none]',
    flags: [tcp, { name: 'clusterip', kind: 'string', usage: 'Own address; None for a headless service.' }],
  },
  {
    name: 'externalname',
    type: 'ExternalName',
    article: 'an',
    use: 'externalname NAME --external-name external.name [--dry-run=server|client|none]',
    flags: [tcp, { name: 'external-name', kind: 'string', usage: 'Name outside the cluster.' }],
  },
  {
    name: 'loadbalancer',
    type: 'LoadBalancer',
    article: 'a',
    use: 'loadbalancer NAME [--tcp=port:targetPort] [--dry-run=server|client|none]',
    flags: [tcp],
  },
  {
    name: 'nodeport',
    type: 'NodePort',
    article: 'a',
    use: 'nodeport NAME [--tcp=port:targetPort] [--dry-run=server|client|none]',
    flags: [tcp, nodePort],
  },
];

export const createService: Command = {
  name: 'service',
  helpToStderr: true,
  aliases: ['svc'],
  short: 'Create a service using a specified subcommand',
  long: 'Create a service using a specified subcommand.',
  use: 'service',
  commands: variants.map(({ name, type, article, use, flags }) => ({
    name,
    short: `Create ${article} ${type} service`,
    use,
    flags: [...createFlags, ...flags],
    run: (k: Kubectl) => runCreateService(k, type),
  })),
};

async function runCreateService(k: Kubectl, type: string): Promise<undefined> {
  const { flags } = k;
  if (type === 'ExternalName' && !flags.changed('external-name')) {
    throw new KubectlError('required flag(s) "external-name" not set');
  }
  const name = nameArgument(k);
  const ports = flags.list('tcp').map((text) => parsePort(text, flags.int('node-port')));
  const clusterIP = flags.text('clusterip');
  if (clusterIP === 'None' && ports.length > 0 && type !== 'ClusterIP') {
    throw new KubectlError('can not map ports with clusterip=None');
  }
  if (ports.length === 0 && clusterIP !== 'None' && type !== 'ExternalName') {
    throw new KubectlError('at least one tcp port specifier must be provided');
  }
  const labels = { app: name };
  const externalName = flags.text('external-name');
  const object = {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name, labels },
    spec: {
      ...(ports.length > 0 && { ports }),
      selector: labels,
      ...(clusterIP !== '' && { clusterIP }),
      type,
      ...(externalName !== '' && { externalName }),
    },
    status: { loadBalancer: {} },
  };
  return createAndPrint(k, object, { namespaced: true, failure: `failed to create ${type} service:` });
}

function parsePort(text: string, nodePort: number) {
  const [first = '', second] = text.split(':');
  if (!/^\d+$/.test(first)) {
    throw new KubectlError(`strconv.ParseUint: parsing ${goQuote(first)}: invalid syntax`);
  }
  const port = Number(first);
  let targetPort: number | string = port;
  if (second !== undefined && second !== '') targetPort = /^\d+$/.test(second) ? Number(second) : second;
  for (const number of [port, targetPort]) {
    if (typeof number === 'number' && (number < 1 || number > 65535)) {
      throw new KubectlError(`invalid port number ${number}: must be between 1 and 65535, inclusive`);
    }
  }
  return {
    name: text.replaceAll(':', '-'),
    protocol: 'TCP',
    port,
    targetPort,
    ...(nodePort > 0 && { nodePort }),
  };
}
