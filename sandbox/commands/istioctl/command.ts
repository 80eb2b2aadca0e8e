import { FileError } from '../../kernel/files.ts';
import { readPath } from '../../kernel/open-path.ts';
import type { Process } from '../../kernel/process.ts';
import { decode, encode } from '../../kernel/streams.ts';
import type { ApiTransport } from '../../kubernetes/apiserver/http.ts';
import type { Release } from '../../releases/index.ts';
import type { Flag, Flags } from '../kubectl/flags.ts';
import { loadKubeconfig } from '../kubectl/kubeconfig.ts';
import { Api } from './api.ts';
import { IstioctlError } from './errors.ts';

/** What the program itself is: how it reaches the cluster, and its release. */
export interface IstioctlContext {
  transport: ApiTransport;
  release: Release;
}

/** One command of istioctl's tree. */
export interface Command {
  name: string;
  aliases?: readonly string[];
  /** What follows the name in a usage line. */
  use?: string;
  short: string;
  flags?: readonly Flag[];
  commands?: readonly Command[];
  /** Answers the exit status, 0 if nothing. */
  run?(ctl: Istioctl): Promise<number | undefined> | number | undefined;
}

/** Flags of every command. */
export const globalFlags: readonly Flag[] = [
  { name: 'as', kind: 'string', usage: 'User to act as' },
  { name: 'as-group', kind: 'array', usage: 'Group to act as' },
  { name: 'as-uid', kind: 'string', usage: 'UID to act as' },
  { name: 'context', kind: 'string', usage: 'Context of the kubeconfig' },
  { name: 'istioNamespace', short: 'i', kind: 'string', default: 'istio-system', usage: 'Namespace of Istio' },
  { name: 'kubeclient-timeout', kind: 'string', default: '15s', usage: 'Time limit of a request' },
  { name: 'kubeconfig', short: 'c', kind: 'string', usage: 'Kubeconfig file' },
  { name: 'log_output_level', kind: 'string', hidden: true, usage: 'Level of the log' },
  { name: 'namespace', short: 'n', kind: 'string', usage: 'Namespace of this request' },
  { name: 'vklog', kind: 'int', default: '0', usage: 'Verbosity of the log' },
];

/** One run of istioctl: its flags, its streams, its way to the cluster. */
export class Istioctl {
  readonly process: Process;
  readonly release: Release;
  readonly api: Api;
  readonly flags: Flags;
  readonly command: Command;
  /** `istioctl proxy-config routes`. */
  readonly path: string;

  constructor(process: Process, context: IstioctlContext, command: Command, path: string, flags: Flags) {
    this.process = process;
    this.release = context.release;
    this.api = new Api(context.transport);
    this.command = command;
    this.path = path;
    this.flags = flags;
  }

  get args(): readonly string[] {
    return this.flags.args;
  }

  /** -n, or '' where it was not given. */
  get givenNamespace(): string {
    return this.flags.text('namespace');
  }

  /** -n, or the namespace of the kubeconfig's context, or `default`. */
  get namespace(): string {
    if (this.givenNamespace) return this.givenNamespace;
    return (
      loadKubeconfig(this.process, this.flags.text('kubeconfig')).namespaceOf(this.flags.text('context')) || 'default'
    );
  }

  get istioNamespace(): string {
    return this.flags.text('istioNamespace') || 'istio-system';
  }

  out(text: string): Promise<void> {
    return this.process.write(1, text);
  }

  err(text: string): Promise<void> {
    return this.process.write(2, text);
  }

  /** A file given on the command line; `-` is standard input. */
  async readFile(path: string): Promise<string> {
    if (path === '-') return decode(await this.process.readAll(0));
    try {
      return decode(await readPath(this.process, path));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new IstioctlError(`open ${path}: ${error.message.toLowerCase()}`);
    }
  }

  writeFile(path: string, text: string): void {
    this.process.machine.files.writeFile(this.process.resolve(path), encode(text));
  }
}
