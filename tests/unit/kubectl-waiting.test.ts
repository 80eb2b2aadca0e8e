import { describe, expect, it } from 'vitest';
import { kubectl } from '../../sandbox/commands/kubectl/index.ts';
import { runInstant } from '../../sandbox/kernel/drivers.ts';
import { Kernel } from '../../sandbox/kernel/kernel.ts';
import { MemoryFiles } from '../../sandbox/kernel/memory-files.ts';
import { readEnd, writeEnd } from '../../sandbox/kernel/open-files.ts';
import type { Machine } from '../../sandbox/kernel/process.ts';
import { spawn } from '../../sandbox/kernel/spawn.ts';
import { encode, Pipe, Sink, Source } from '../../sandbox/kernel/streams.ts';
import type { ApiRequest, ApiResponse } from '../../sandbox/kubernetes/apiserver/http.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const json = (body: unknown, status = 200): ApiResponse => ({ status, headers: {}, body: JSON.stringify(body) });
const pod = (phase: string, more = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', namespace: 'default', uid: 'u', resourceVersion: '1', ...more },
  spec: { containers: [{ name: 'c' }, { name: 'd' }] },
  status: { phase },
});
const discovery = {
  kind: 'APIGroupDiscoveryList',
  items: [
    {
      metadata: {},
      versions: [
        {
          version: 'v1',
          resources: [
            {
              resource: 'pods',
              responseKind: { group: '', version: 'v1', kind: 'Pod' },
              scope: 'Namespaced',
              singularResource: 'pod',
              verbs: ['get'],
              shortNames: ['po'],
            },
          ],
        },
      ],
    },
  ],
};

/** A server with one pod whose later states come at given times (ms). */
function world(later: { at: number; type: string; object: unknown }[]) {
  const kernel = new Kernel({ epoch: 1_800_000_000_000, seed: 1 });
  const files = new MemoryFiles({ now: () => kernel.now() });
  const machine: Machine = { hostname: 'x', files, kernel, findProgram: () => undefined, programNames: () => [] };
  const asked: ApiRequest[] = [];
  const transport = (request: ApiRequest): ApiResponse => {
    asked.push(request);
    const { url } = request;
    if (url === '/api' || url === '/apis') return json(url === '/api' ? discovery : { ...discovery, items: [] });
    if (url.includes('watch=true')) {
      const stream = new Pipe();
      for (const { at, ...event } of later) {
        kernel.wakeAt(kernel.now() + at, () => void stream.write(encode(`${JSON.stringify(event)}\n`)).catch(() => {}));
      }
      return { status: 200, headers: {}, stream };
    }
    if (url.includes('/log?')) {
      if (!url.includes('follow')) return { status: 200, headers: {}, body: 'one\ntwo\n' };
      const stream = new Pipe();
      void stream.write(encode('one\ntw'));
      kernel.wakeAt(kernel.now() + 500, () => void stream.write(encode('o\n')).then(() => stream.close()));
      return { status: 200, headers: {}, stream };
    }
    if (url.includes('/exec?')) {
      return {
        status: 101,
        headers: {},
        upgrade: ({ stdout, stderr }) => ({
          exited: (async () => {
            await stdout.write(encode('out\n'));
            await stderr.write(encode('err\n'));
            return { exitCode: 3 };
          })(),
          close: () => {},
        }),
      };
    }
    if (request.method === 'DELETE') return json({ kind: 'Status', status: 'Success', details: { uid: 'u' } });
    if (/pods\/a$/.test(url)) return json(pod('Pending'));
    if (/pods\/[^?]+$/.test(url)) {
      return json({ kind: 'Status', reason: 'NotFound', code: 404, message: 'pods "b" not found' }, 404);
    }
    return json({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [pod('Pending')] });
  };
  const program = kubectl({ transport, version: { client: { gitVersion: 'v1.35.2' } } });
  const run = async (line: string, terminal = false) => {
    const [stdout, stderr] = [new Sink(), new Sink()];
    const began = kernel.now();
    const screen = terminal ? { columns: 80, rows: 24 } : undefined;
    const child = spawn(program, {
      machine,
      argv: ['kubectl', ...line.split(' ')],
      env: new Map([['HOME', '/root']]),
      cwd: '/',
      uid: 0,
      fds: new Map([
        [0, readEnd(new Source(new Uint8Array()), screen)],
        [1, writeEnd(stdout, screen)],
        [2, writeEnd(terminal ? stdout : stderr, screen)],
      ]),
    });
    const interrupt = () => {
      child.kill('SIGINT');
      return true;
    };
    const code = await runInstant(kernel, child.exited, turn, { endOfInput: () => false, interrupt });
    return { code, out: stdout.text(), err: stderr.text(), seconds: (kernel.now() - began) / 1000 };
  };
  return { run, asked };
}

describe('kubectl in virtual time', () => {
  it('waits for a value', async () => {
    const { run } = world([{ at: 7000, type: 'MODIFIED', object: pod('Running') }]);
    const { out, code, seconds } = await run('wait --for=jsonpath={.status.phase}=Running pod/a');
    expect({ out, code }).toEqual({ out: 'pod/a condition met\n', code: 0 });
    expect(Math.floor(seconds)).toBe(7);
  });

  it('gives up after --timeout', async () => {
    const { err, code, seconds } = await world([]).run('wait --for=condition=Ready pod/a --timeout=12s');
    expect({ err, code }).toEqual({ err: 'error: timed out waiting for the condition on pods/a\n', code: 1 });
    expect(Math.floor(seconds)).toBe(12);
  });

  it('waits until a deleted object is gone', async () => {
    const { run } = world([{ at: 30_000, type: 'DELETED', object: pod('Running') }]);
    const { out, seconds } = await run('delete pod a');
    expect(out).toBe('pod "a" deleted from default namespace\n');
    expect(Math.floor(seconds)).toBe(30);
  });

  it('prints changes as they come and ends by the interrupt', async () => {
    const { run } = world([{ at: 1000, type: 'MODIFIED', object: pod('Running') }]);
    const { out, code } = await run('get pods -w -o jsonpath={.metadata.name}:{.status.phase},');
    expect({ out, code }).toEqual({ out: 'a:Pending,a:Running,', code: 130 });
  });

  it('follows logs line by line', async () => {
    expect((await world([]).run('logs -f a -c c --prefix')).out).toBe('[pod/a/c] one\n[pod/a/c] two\n');
  });

  it('passes streams and exit code of a remote command', async () => {
    const { run, asked } = world([]);
    expect(await run('exec a -- false x')).toMatchObject({
      code: 3,
      out: 'out\n',
      err: 'Defaulted container "c" out of: c, d\nerr\ncommand terminated with exit code 3\n',
    });
    expect(asked.at(-1)?.url).toBe(
      '/api/v1/namespaces/default/pods/a/exec?container=c&command=false&command=x&stdout=true&stderr=true',
    );
  });

  it('says why there is no TTY, and goes on without', async () => {
    expect((await world([]).run('exec -it a -c c -- sh')).err).toMatch(
      /^Unable to use a TTY - input is not a terminal or the right kind of file\n/,
    );
  });

  it('joins the streams on a terminal, with carriage returns', async () => {
    const { out } = await world([]).run('exec -it a -c c -- sh', true);
    expect(out).toBe('out\r\nerr\r\ncommand terminated with exit code 3\n');
  });

  it('reads discovery anew only when the server answers otherwise, at no cost of time', async () => {
    const { run, asked } = world([]);
    const first = await run('get pods -o name');
    const second = await run('get pods -o name');
    expect(second.seconds).toBe(first.seconds);
    expect(asked.filter(({ url }) => url === '/api')).toHaveLength(2);
  });
});
