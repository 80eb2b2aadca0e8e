import { parse } from 'yaml';
import { FileError } from '../../kernel/files.ts';
import { dirname } from '../../kernel/paths.ts';
import type { Process } from '../../kernel/process.ts';
import { decode, encode } from '../../kernel/streams.ts';
import { printYaml } from '../../kernel/yaml-print.ts';
import { KubectlError } from './errors.ts';
import { isRecord, records, text } from './objects.ts';

/** The kubeconfig files of a machine, merged as clientcmd does: the first to say something wins. */
export class Kubeconfig {
  readonly #process: Process;
  /** Where changes go. */
  readonly path: string;
  readonly data: Record<string, unknown>;

  constructor(process: Process, path: string, data: Record<string, unknown>) {
    this.#process = process;
    this.path = path;
    this.data = data;
  }

  get currentContext(): string {
    return text(this.data['current-context']);
  }

  entry(list: 'clusters' | 'contexts' | 'users', name: string): Record<string, unknown> | undefined {
    return records(this.data[list]).find((each) => each.name === name);
  }

  /** The namespace of a context ('' for the current one); a context that was asked for must be there. */
  namespaceOf(context: string): string {
    const entry = this.entry('contexts', context || this.currentContext);
    if (!entry) {
      if (context !== '')
        throw new KubectlError(`Error in configuration: context was not found for specified context: ${context}`, {
          raw: true,
        });
      return '';
    }
    return isRecord(entry.context) ? text(entry.context.namespace) : '';
  }

  /** Address of the server of a context ('' for the current one). */
  server(context: string): string {
    const entry = this.entry('contexts', context || this.currentContext);
    const cluster = isRecord(entry?.context) ? this.entry('clusters', text(entry.context.cluster)) : undefined;
    return (isRecord(cluster?.cluster) && text(cluster.cluster.server)) || 'https://127.0.0.1:6443';
  }

  save(): void {
    const { files } = this.#process.machine;
    files.makeDirectory(dirname(this.path), { parents: true });
    files.writeFile(this.path, encode(printYaml({ apiVersion: 'v1', kind: 'Config', ...this.data })), { mode: 0o600 });
  }
}

/** `explicit`: the value of --kubeconfig. */
export function loadKubeconfig(process: Process, explicit: string): Kubeconfig {
  const { files } = process.machine;
  const home = process.env.get('HOME') ?? '/root';
  const listed = (process.env.get('KUBECONFIG') ?? '').split(':').filter(Boolean);
  const paths = explicit !== '' ? [explicit] : listed.length > 0 ? listed : [`${home}/.kube/config`];
  const merged: Record<string, unknown> = {};
  for (const path of paths) {
    const absolute = process.resolve(path);
    if (!files.exists(absolute)) {
      if (explicit !== '') throw new KubectlError(`stat ${path}: no such file or directory`);
      continue;
    }
    const data = read(process, absolute, path);
    for (const [key, value] of Object.entries(data)) {
      const before = merged[key];
      if (Array.isArray(before) && Array.isArray(value)) {
        const names = new Set(records(before).map((each) => each.name));
        merged[key] = [...before, ...records(value).filter((each) => !names.has(each.name))];
      } else if (before === undefined || before === '' || before === null) merged[key] = value;
    }
  }
  const target = paths.map((path) => process.resolve(path));
  return new Kubeconfig(process, target.find((path) => files.exists(path)) ?? (target.at(-1) as string), merged);
}

function read(process: Process, absolute: string, shown: string): Record<string, unknown> {
  let content: string;
  try {
    content = decode(process.machine.files.readFile(absolute));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new KubectlError(`error loading config file "${shown}": open ${shown}: ${error.message.toLowerCase()}`);
  }
  try {
    const data: unknown = parse(content);
    return isRecord(data) ? data : {};
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] as string) : String(error);
    throw new KubectlError(`error loading config file "${shown}": yaml: ${reason}`);
  }
}
