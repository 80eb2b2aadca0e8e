import type { Command } from './command.ts';
import { KubectlError, UsageError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import type { Mapping } from './mapper.ts';
import { qualifiedResource } from './mapper.ts';
import { at, text } from './objects.ts';
import { noPrinter } from './printers.ts';
import { TabWriter } from './tab-writer.ts';

export const apiResources: Command = {
  name: 'api-resources',
  short: 'Print the supported API resources on the server',
  use: 'api-resources',
  flags: [
    { name: 'api-group', kind: 'string', usage: 'Only resources of this group.' },
    { name: 'cached', kind: 'bool', usage: 'Use what was discovered before.' },
    { name: 'categories', kind: 'slice', usage: 'Only resources of these categories.' },
    {
      name: 'namespaced',
      kind: 'bool',
      default: 'true',
      usage: 'Only resources that live in namespaces, or only others.',
    },
    { name: 'no-headers', kind: 'bool', usage: 'Print no headers.' },
    { name: 'output', short: 'o', kind: 'string', usage: 'Format: wide or name.' },
    { name: 'sort-by', kind: 'string', usage: 'Order by name or kind.' },
    { name: 'verbs', kind: 'slice', usage: 'Only resources that know all these verbs.' },
  ],
  run: runApiResources,
};

async function runApiResources(k: Kubectl): Promise<undefined> {
  const { flags } = k;
  if (k.args.length > 0) throw new UsageError(k.path, `unexpected arguments: [${k.args.join(' ')}]`);
  const format = flags.text('output');
  if (!['', 'wide', 'name'].includes(format)) {
    throw noPrinter(format, ['json', 'kyaml', 'name', 'wide', 'yaml']);
  }
  const sortBy = flags.text('sort-by');
  if (!['', 'name', 'kind'].includes(sortBy)) throw new KubectlError('--sort-by accepts only name or kind');
  const groupOfMapping = ({ group }: Mapping) => group;
  const wanted = k.mapper.preferred().filter((mapping) => {
    if (flags.changed('api-group') && mapping.group !== flags.text('api-group')) return false;
    if (flags.changed('namespaced') && mapping.namespaced !== flags.bool('namespaced')) return false;
    if (!flags.list('verbs').every((verb) => mapping.verbs.includes(verb))) return false;
    return flags.list('categories').every((category) => mapping.categories.includes(category));
  });
  const key = (mapping: Mapping) =>
    sortBy === 'kind'
      ? mapping.kind
      : sortBy === 'name'
        ? mapping.resource
        : `${groupOfMapping(mapping)}\0${mapping.resource}`;
  wanted.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  if (format === 'name') {
    for (const mapping of wanted) k.out(`${qualifiedResource(mapping)}\n`);
    return undefined;
  }
  const writer = new TabWriter();
  const wide = format === 'wide';
  if (!flags.bool('no-headers')) {
    writer.line(['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', ...(wide ? ['VERBS', 'CATEGORIES'] : [])]);
  }
  for (const { resource, shortNames, group, version, namespaced, kind, verbs, categories } of wanted) {
    writer.line([
      resource,
      shortNames.join(','),
      group === '' ? version : `${group}/${version}`,
      String(namespaced),
      kind,
      ...(wide ? [verbs.join(','), categories.join(',')] : []),
    ]);
  }
  k.out(writer.flush());
  return undefined;
}

export const apiVersions: Command = {
  name: 'api-versions',
  short: 'Print the supported API versions on the server, in the form of "group/version"',
  use: 'api-versions',
  run: async (k) => {
    if (k.args.length > 0) throw new UsageError(k.path, `unexpected arguments: [${k.args.join(' ')}]`);
    const versions = k.mapper.groups.flatMap(({ name, versions: served }) =>
      served.map((version) => (name === '' ? version : `${name}/${version}`)),
    );
    for (const version of versions.sort()) k.out(`${version}\n`);
    return undefined;
  },
};

export const clusterInfo: Command = {
  name: 'cluster-info',
  short: 'Display cluster information',
  use: 'cluster-info',
  run: runClusterInfo,
};

async function runClusterInfo(k: Kubectl): Promise<undefined> {
  if (k.args.length > 0) throw new KubectlError(`${k.path} ${k.args[0]} is not supported by this kubectl`);
  const server = k.config.server(k.flags.text('context'));
  const list = await k.client.json<{ items?: unknown[] }>('GET', '/api/v1/namespaces/kube-system/services', {
    query: { labelSelector: 'kubernetes.io/cluster-service=true' },
  });
  const coloured = k.process.isTerminal(1);
  const line = (name: string, place: string) =>
    coloured
      ? `\x1b[32;1m${name}\x1b[0m is running at \x1b[33;1m${place}\x1b[0m\n`
      : `${name} is running at ${place}\n`;
  k.out(line('Kubernetes control plane', server));
  for (const service of list.items ?? []) {
    const name = text(at(service, 'metadata', 'labels', 'kubernetes.io/name')) || text(at(service, 'metadata', 'name'));
    const serviceName = text(at(service, 'metadata', 'name'));
    const port = text(at(service, 'spec', 'ports', 0, 'name'));
    const proxied = port === '' ? serviceName : `${serviceName}:${port}`;
    k.out(line(name, `${server}/api/v1/namespaces/kube-system/services/${proxied}/proxy`));
  }
  k.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
  return undefined;
}
