import { printYaml } from '../../kernel/yaml-print.ts';
import type { Command } from './command.ts';
import { printFlags } from './command.ts';
import { KubectlError, UsageError } from './errors.ts';
import { goQuote } from './flags.ts';
import type { Kubeconfig } from './kubeconfig.ts';
import type { Kubectl } from './kubectl.ts';
import { isRecord, records, text } from './objects.ts';
import { indentedJson } from './output-template.ts';
import { structuredPrinter } from './printers.ts';
import { TabWriter } from './tab-writer.ts';

const view: Command = {
  name: 'view',
  short: 'Display merged kubeconfig settings or a specified kubeconfig file',
  use: 'view [flags]',
  flags: [
    ...printFlags,
    { name: 'flatten', kind: 'bool', usage: 'Take certificate files into the output.' },
    { name: 'merge', kind: 'bool', default: 'true', usage: 'Merge the files of KUBECONFIG.' },
    { name: 'minify', kind: 'bool', usage: 'Only what the current context uses.' },
    { name: 'raw', kind: 'bool', usage: 'Show secrets and certificates.' },
  ],
  run: runView,
};

async function runView(k: Kubectl): Promise<undefined> {
  if (k.args.length > 0) throw new UsageError(k.path, `unexpected arguments: [${k.args.join(' ')}]`);
  let data = k.config.data;
  if (k.flags.bool('minify')) data = minified(k.config, k.flags.text('context'));
  const raw = k.flags.bool('raw') || k.flags.bool('flatten');
  const shown = {
    apiVersion: 'v1',
    clusters: list(data.clusters, raw),
    contexts: list(data.contexts, raw),
    'current-context': text(data['current-context']),
    kind: 'Config',
    ...(isRecord(data.preferences) && Object.keys(data.preferences).length > 0 && { preferences: data.preferences }),
    users: list(data.users, raw),
  };
  const format = k.flags.text('output') || 'yaml';
  if (format === 'yaml') k.out(printYaml(shown));
  else if (format === 'json') k.out(`${indentedJson(shown)}\n`);
  else {
    const printer = structuredPrinter(k, format);
    if (!printer) throw new KubectlError(`unable to match a printer suitable for the output format ${goQuote(format)}`);
    k.out(printer(shown as never));
  }
  return undefined;
}

function minified(config: Kubeconfig, asked: string): Record<string, unknown> {
  const name = asked || config.currentContext;
  const context = config.entry('contexts', name);
  if (!context) throw new KubectlError(`cannot locate context ${name}`);
  const details = isRecord(context.context) ? context.context : {};
  const only = (kind: 'clusters' | 'users', wanted: unknown) => {
    const entry = config.entry(kind, text(wanted));
    return entry ? [entry] : [];
  };
  return {
    ...config.data,
    'current-context': name,
    contexts: [context],
    clusters: only('clusters', details.cluster),
    users: only('users', details.user),
  };
}

const secrets: Record<string, string> = {
  'certificate-authority-data': 'DATA+OMITTED',
  'client-certificate-data': 'DATA+OMITTED',
  'client-key-data': 'DATA+OMITTED',
  token: 'REDACTED',
  password: 'REDACTED',
};

function list(entries: unknown, raw: boolean): unknown[] | null {
  const found = records(entries);
  if (found.length === 0) return null;
  const hide = (value: unknown): unknown =>
    isRecord(value)
      ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, secrets[key] ?? hide(member)]))
      : value;
  const sorted = [...found].sort((a, b) => (text(a.name) < text(b.name) ? -1 : 1));
  return raw ? sorted : sorted.map(hide);
}

const getContexts: Command = {
  name: 'get-contexts',
  short: 'Describe one or many contexts',
  use: 'get-contexts [(-o|--output=)name)]',
  flags: [
    { name: 'no-headers', kind: 'bool', usage: 'Print no headers.' },
    { name: 'output', short: 'o', kind: 'string', usage: 'Format: name.' },
  ],
  run: async (k) => {
    const format = k.flags.text('output');
    if (format !== '' && format !== 'name') throw new KubectlError(`output must be one of '' or 'name': ${format}`);
    const contexts = [...records(k.config.data.contexts)].sort((a, b) => (text(a.name) < text(b.name) ? -1 : 1));
    const missing = k.args.filter((name) => !contexts.some((context) => context.name === name));
    const chosen = k.args.length === 0 ? contexts : contexts.filter(({ name }) => k.args.includes(text(name)));
    if (format === 'name') for (const { name } of chosen) k.out(`${text(name)}\n`);
    else {
      const writer = new TabWriter();
      if (!k.flags.bool('no-headers')) writer.line(['CURRENT', 'NAME', 'CLUSTER', 'AUTHINFO', 'NAMESPACE']);
      for (const { name, context } of chosen) {
        const { cluster, user, namespace } = isRecord(context) ? context : {};
        const mark = name === k.config.currentContext ? '*' : '';
        writer.line([mark, text(name), text(cluster), text(user), text(namespace)]);
      }
      k.out(writer.flush());
    }
    if (missing.length > 0) throw new KubectlError(`context ${missing[0]} not found`);
    return undefined;
  },
};

const currentContext: Command = {
  name: 'current-context',
  short: 'Display the current-context',
  use: 'current-context',
  run: async (k) => {
    if (k.config.currentContext === '') throw new KubectlError('current-context is not set');
    k.out(`${k.config.currentContext}\n`);
    return undefined;
  },
};

const useContext: Command = {
  name: 'use-context',
  aliases: ['use'],
  short: 'Set the current-context in a kubeconfig file',
  use: 'use-context CONTEXT_NAME',
  run: async (k) => {
    if (k.args.length !== 1) throw new UsageError(k.path, `Unexpected args: [${k.args.join(' ')}]`);
    const name = k.args[0] as string;
    if (!k.config.entry('contexts', name)) throw new KubectlError(`no context exists with the name: ${goQuote(name)}`);
    k.config.data['current-context'] = name;
    k.config.save();
    k.out(`Switched to context ${goQuote(name)}.\n`);
    return undefined;
  },
};

const setContext: Command = {
  name: 'set-context',
  short: 'Set a context entry in kubeconfig',
  use: 'set-context [NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]',
  flags: [{ name: 'current', kind: 'bool', usage: 'Change the current context.' }],
  run: async (k) => {
    const current = k.flags.bool('current');
    if (k.args.length > 1 || (k.args.length === 0 && !current)) {
      throw new UsageError(k.path, `Unexpected args: [${k.args.join(' ')}]`);
    }
    if (current && k.args.length > 0) throw new KubectlError('you cannot specify both a context name and --current');
    const name = current ? k.config.currentContext : (k.args[0] as string);
    if (current && name === '') throw new KubectlError('no current context is set');
    let entry = k.config.entry('contexts', name);
    const created = !entry;
    if (!entry) {
      entry = { name, context: {} };
      k.config.data.contexts = [...records(k.config.data.contexts), entry];
    }
    const context = isRecord(entry.context) ? { ...entry.context } : {};
    for (const field of ['cluster', 'user', 'namespace']) {
      if (k.flags.changed(field)) context[field] = k.flags.text(field);
    }
    entry.context = context;
    k.config.save();
    k.out(`Context ${goQuote(name)} ${created ? 'created' : 'modified'}.\n`);
    return undefined;
  },
};

const deleteContext: Command = {
  name: 'delete-context',
  short: 'Delete the specified context from the kubeconfig',
  use: 'delete-context NAME',
  run: async (k) => {
    if (k.args.length !== 1) throw new UsageError(k.path, `Unexpected args: [${k.args.join(' ')}]`);
    const name = k.args[0] as string;
    if (!k.config.entry('contexts', name)) {
      throw new KubectlError(`cannot delete context ${name}, not in ${k.config.path}`);
    }
    if (k.config.currentContext === name) {
      k.err('warning: this removed your active context, use "kubectl config use-context" to select a different one\n');
    }
    k.config.data.contexts = records(k.config.data.contexts).filter((each) => each.name !== name);
    k.config.save();
    k.out(`deleted context ${name} from ${k.config.path}\n`);
    return undefined;
  },
};

const names = (name: string, short: string, kind: 'clusters' | 'users'): Command => ({
  name,
  short,
  use: name,
  run: async (k) => {
    const found = records(k.config.data[kind]).map((entry) => text(entry.name));
    k.out('NAME\n');
    for (const each of found.sort()) k.out(`${each}\n`);
    return undefined;
  },
});

export const config: Command = {
  name: 'config',
  helpToStderr: true,
  short: 'Modify kubeconfig files',
  long: 'Modify kubeconfig files using subcommands like "kubectl config set current-context my-context".',
  use: 'config SUBCOMMAND',
  commands: [
    currentContext,
    deleteContext,
    names('get-clusters', 'Display clusters defined in the kubeconfig', 'clusters'),
    getContexts,
    names('get-users', 'Display users defined in the kubeconfig', 'users'),
    setContext,
    useContext,
    view,
  ],
};
