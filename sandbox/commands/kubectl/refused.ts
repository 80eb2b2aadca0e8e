import type { Command, LazyCommand } from './command.ts';
import { KubectlError, UsageError } from './errors.ts';
import type { Flag } from './flags.ts';

/** Verbs of kubectl that a simulated cluster has no use for: they say so. */
export function refused(group: string, name: string, short: string): LazyCommand {
  const command: Command = {
    name,
    short,
    use: `${name} [flags]`,
    run: () => {
      throw new KubectlError(`kubectl ${name} is not supported by this kubectl`);
    },
  };
  return { name, short, group, load: () => Promise.resolve(command) };
}

const topFlags: readonly Flag[] = [
  { name: 'selector', short: 'l', kind: 'string', usage: 'Label selector.' },
  { name: 'no-headers', kind: 'bool', usage: 'Print no headers.' },
  { name: 'sort-by', kind: 'string', usage: 'Order by cpu or memory.' },
  { name: 'all-namespaces', short: 'A', kind: 'bool', usage: 'Pods of every namespace.' },
  { name: 'containers', kind: 'bool', usage: 'Show containers.' },
];

const metrics = (name: string, aliases: string[], short: string): Command => ({
  name,
  aliases,
  short,
  use: `${name} [NAME | -l label]`,
  flags: topFlags,
  run: async (k) => {
    if (!k.mapper.groups.some((group) => group.name === 'metrics.k8s.io')) {
      throw new KubectlError('Metrics API not available');
    }
    throw new KubectlError('metrics not available yet');
  },
});

export const top: Command = {
  name: 'top',
  helpToStderr: true,
  short: 'Display resource (CPU/memory) usage',
  use: 'top',
  commands: [
    metrics('node', ['nodes', 'no'], 'Display resource (CPU/memory) usage of nodes'),
    metrics('pod', ['pods', 'po'], 'Display resource (CPU/memory) usage of pods'),
  ],
};

export const portForward: Command = {
  name: 'port-forward',
  short: 'Forward one or more local ports to a pod',
  use: 'port-forward TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]',
  flags: [
    { name: 'address', kind: 'slice', default: 'localhost', usage: 'Addresses to listen on.' },
    { name: 'pod-running-timeout', kind: 'duration', default: '1m0s', usage: 'How long to wait for a running pod.' },
  ],
  run: async (k) => {
    if (k.args.length < 2) {
      throw new UsageError(k.path, 'TYPE/NAME and list of ports are required for port-forward');
    }
    throw new KubectlError(
      'unable to listen on any of the requested ports: this kubectl runs where no port can be listened on; use kubectl exec',
    );
  },
};
