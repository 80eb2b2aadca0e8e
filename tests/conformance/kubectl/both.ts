import { spawn as start } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { kubectl } from '../../../sandbox/commands/kubectl/index.ts';
import { Kernel } from '../../../sandbox/kernel/kernel.ts';
import { MemoryFiles } from '../../../sandbox/kernel/memory-files.ts';
import { readEnd, writeEnd } from '../../../sandbox/kernel/open-files.ts';
import type { Machine } from '../../../sandbox/kernel/process.ts';
import { spawn } from '../../../sandbox/kernel/spawn.ts';
import { encode, Sink, Source } from '../../../sandbox/kernel/streams.ts';
import type { ApiRequest } from '../../../sandbox/kubernetes/apiserver/http.ts';
import { ApiServer } from '../../../sandbox/kubernetes/apiserver/server.ts';
import type { KubernetesObject } from '../../../sandbox/kubernetes/objects.ts';

export interface Outcome {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** An API server whose clock stands still, so that two of them answer alike. */
function apiServer(epoch: number, objects: readonly KubernetesObject[]): ApiServer {
  const server = new ApiServer({ kernel: new Kernel({ epoch, seed: 1 }), version: 'v1.35.2' });
  server.loadObjects(objects);
  return server;
}

/** The real kubectl against one API server, the sandbox's against another that holds the same. */
export class Both {
  readonly #real: RealSide;
  readonly #own: OwnSide;

  private constructor(real: RealSide, own: OwnSide) {
    this.#real = real;
    this.#own = own;
  }

  /** `files`: by path relative to the working directory of both. */
  static async start(
    path: string,
    objects: readonly KubernetesObject[],
    files: Readonly<Record<string, string>>,
  ): Promise<Both> {
    const epoch = Math.floor(Date.now() / 1000) * 1000;
    const real = await RealSide.start(path, apiServer(epoch, objects), files);
    return new Both(real, new OwnSide(apiServer(epoch, objects), epoch, files));
  }

  async run(args: string[], stdin: string): Promise<{ real: Outcome; own: Outcome }> {
    return { real: await this.#real.run(args, stdin), own: await this.#own.run(args, stdin) };
  }

  stop(): void {
    this.#real.stop();
  }
}

class RealSide {
  readonly #path: string;
  readonly #directory: string;
  readonly #server: Server;

  private constructor(path: string, directory: string, server: Server) {
    this.#path = path;
    this.#directory = directory;
    this.#server = server;
  }

  static async start(path: string, api: ApiServer, files: Readonly<Record<string, string>>): Promise<RealSide> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]));
        const body = Buffer.concat(chunks).toString('utf8');
        const method = request.method as ApiRequest['method'];
        const answer = api.handle({ method, url: request.url ?? '/', headers, ...(body && { body }) });
        response.writeHead(answer.status, answer.headers);
        if (!answer.stream) return void response.end(answer.body ?? '');
        response.flushHeaders();
        const { stream } = answer;
        response.once('close', () => stream.cancel());
        void (async () => {
          for (let chunk = await stream.read(); chunk; chunk = await stream.read()) response.write(chunk);
          response.end();
        })();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const directory = mkdtempSync(join(tmpdir(), 'kubectl-'));
    const work = join(directory, 'work');
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(work, name)), { recursive: true });
      writeFileSync(join(work, name), content);
    }
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(
      join(directory, 'config'),
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'here', cluster: { server: address } }],
        contexts: [{ name: 'here', context: { cluster: 'here', user: 'admin' } }],
        users: [{ name: 'admin', user: {} }],
        'current-context': 'here',
      }),
    );
    return new RealSide(path, directory, server);
  }

  run(args: string[], stdin: string): Promise<Outcome> {
    const env = { HOME: this.#directory, KUBECONFIG: join(this.#directory, 'config'), PATH: '/bin' };
    return new Promise((resolve, reject) => {
      const child = start(this.#path, args, { cwd: join(this.#directory, 'work'), env, timeout: 20_000 });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk;
      });
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk;
      });
      child.stdin.on('error', () => {}); // it may end without reading
      child.stdin.end(stdin);
      child.on('error', reject);
      child.on('close', (code) => resolve({ stdout, stderr, exitCode: code ?? -1 }));
    });
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    rmSync(this.#directory, { recursive: true });
  }
}

class OwnSide {
  readonly #machine: Machine;
  readonly #program: ReturnType<typeof kubectl>;

  constructor(api: ApiServer, epoch: number, contents: Readonly<Record<string, string>>) {
    const kernel = new Kernel({ epoch, seed: 1 });
    const files = new MemoryFiles({ now: () => kernel.now() });
    for (const [name, content] of Object.entries(contents)) {
      files.makeDirectory(dirname(`/work/${name}`), { parents: true });
      files.writeFile(`/work/${name}`, encode(content));
    }
    this.#machine = { hostname: 'here', files, kernel, findProgram: () => undefined, programNames: () => [] };
    this.#program = kubectl({
      transport: (request) => api.handle(request),
      version: { client: { gitVersion: 'v1.35.2', kustomizeVersion: 'v5.7.1' } },
    });
  }

  async run(args: string[], stdin: string): Promise<Outcome> {
    const { kernel } = this.#machine;
    const [stdout, stderr] = [new Sink(), new Sink()];
    const child = spawn(this.#program, {
      machine: this.#machine,
      argv: ['kubectl', ...args],
      env: new Map([['HOME', '/root']]),
      cwd: '/work',
      uid: 0,
      fds: new Map([
        [0, readEnd(new Source(encode(stdin)))],
        [1, writeEnd(stdout)],
        [2, writeEnd(stderr)],
      ]),
    });
    let exitCode: number | undefined;
    void child.exited.then((code) => {
      exitCode = code;
    });
    for (let turns = 0; exitCode === undefined; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
      await kernel.held();
      if (exitCode === undefined && !kernel.step() && turns > 1000) child.kill('SIGINT');
    }
    return { stdout: stdout.text(), stderr: stderr.text(), exitCode };
  }
}

/** Splits a command line at spaces; quotes keep them. */
export function words(line: string): string[] {
  return [...line.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
}
