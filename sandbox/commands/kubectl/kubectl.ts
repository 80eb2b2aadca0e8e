import type { Process } from '../../kernel/process.ts';
import type { ApiTransport } from '../../kubernetes/apiserver/http.ts';
import { Client } from './client.ts';
import type { Flags } from './flags.ts';
import { type Kubeconfig, loadKubeconfig } from './kubeconfig.ts';
import { type DiscoveryCache, Mapper } from './mapper.ts';

/** What the program itself is: how it reaches the cluster, and the version it says it has. */
export interface KubectlContext {
  transport: ApiTransport;
  version: { client: ClientVersion };
}

export interface ClientVersion {
  /** `v1.35.2`. */
  gitVersion: string;
  kustomizeVersion?: string;
  [field: string]: string | undefined;
}

/** One run of kubectl: its flags, its streams, its way to the cluster. */
export class Kubectl {
  readonly process: Process;
  readonly context: KubectlContext;
  readonly flags: Flags;
  /** `kubectl get`, as messages name the command. */
  readonly path: string;
  readonly client: Client;
  /** The printers that take templates and the order by a field; there when a flag asks for them. */
  templates: typeof import('./templates.ts') | undefined;
  readonly #cache: DiscoveryCache;
  readonly #warned = new Set<string>();
  #mapper: Mapper | undefined;
  #config: Kubeconfig | undefined;
  #pending: { fd: number; text: string }[] = [];

  constructor(process: Process, context: KubectlContext, cache: DiscoveryCache, path: string, flags: Flags) {
    this.process = process;
    this.context = context;
    this.flags = flags;
    this.path = path;
    this.#cache = cache;
    const headers: Record<string, string> = {};
    if (flags.text('as') !== '') headers['impersonate-user'] = flags.text('as');
    if (flags.list('as-group').length > 0) headers['impersonate-group'] = flags.list('as-group').join(',');
    this.client = new Client(context.transport, {
      pause: async (milliseconds) => {
        await this.flush();
        await process.sleep(milliseconds);
      },
      warn: (text) => this.warn(text),
      headers,
    });
  }

  get args(): readonly string[] {
    return this.flags.args;
  }

  /** The kinds the server serves, asked once a run. */
  get mapper(): Mapper {
    this.#mapper ??= new Mapper(this.#cache.read(this.client), (text) => this.warn(text));
    return this.#mapper;
  }

  get config(): Kubeconfig {
    this.#config ??= loadKubeconfig(this.process, this.flags.text('kubeconfig'));
    return this.#config;
  }

  /** -n, or the namespace of the kubeconfig's context, or `default`. */
  get namespace(): string {
    return this.flags.text('namespace') || this.config.namespaceOf(this.flags.text('context')) || 'default';
  }

  get explicitNamespace(): boolean {
    return this.flags.text('namespace') !== '';
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.process.kernel.now();
  }

  out(text: string): void {
    this.#write(1, text);
  }

  err(text: string): void {
    this.#write(2, text);
  }

  /** A warning of the server or of the client; each once. */
  warn(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    const coloured = this.process.isTerminal(2) && (this.process.env.get('TERM') ?? 'dumb') !== 'dumb';
    this.err(coloured ? `\x1b[33;1mWarning:\x1b[0m ${text}\n` : `Warning: ${text}\n`);
  }

  get warned(): number {
    return this.#warned.size;
  }

  /** Brings out what was written so far. */
  async flush(): Promise<void> {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    for (const { fd, text } of pending) await this.process.write(fd, text);
  }

  #write(fd: number, text: string): void {
    if (text === '') return;
    const last = this.#pending.at(-1);
    if (last?.fd === fd) last.text += text;
    else this.#pending.push({ fd, text });
  }
}
