import { expect, test } from 'vitest';
import { curl as curlProgram } from '../commands/curl/index.ts';
import { programs } from '../commands/index.ts';
import type { XdsServer } from '../envoy/xds/server.ts';
import { Kernel } from '../kernel/kernel.ts';
import { writeEnd } from '../kernel/open-files.ts';
import type { ContainerSpec } from '../kernel/runtime.ts';
import { Sink } from '../kernel/streams.ts';
import { parseTime } from '../kernel/time.ts';
import { Network } from '../network/network.ts';
import { settle } from '../network/testing.ts';
import { findRelease } from '../releases/index.ts';
import { images } from './index.ts';
import { normalizeReference, Registry } from './registry.ts';
import { Runtime } from './runtime.ts';

const xds: XdsServer = {
  connect: (_node, receive) => {
    const configuration = { listeners: [], clusters: [], routes: [], endpoints: [] };
    receive({ version: '1', nonce: 'a', changed: [], configuration });
    return { acknowledge: () => {}, secret: () => undefined, close: () => {} };
  },
};

function machine() {
  const kernel = new Kernel({ epoch: parseTime('2026-01-31T10:00:00Z') as number, seed: 1 });
  const network = new Network(kernel);
  const release = findRelease({});
  const runtime = new Runtime({
    kernel,
    network,
    images: images({ network, xds, release, istiodDebug: () => '[]' }),
    program: (name) => (name === 'curl' ? curlProgram : programs[name]),
    node: 'node',
  });
  const pass = (milliseconds: number) => {
    const end = kernel.now() + milliseconds;
    while (kernel.step(end));
    kernel.idleUntil(end);
  };
  const exec = async (id: string, ...argv: string[]) => {
    const [stdout, stderr] = [new Sink(), new Sink()];
    const child = runtime.exec(id, argv, { stdout: writeEnd(stdout), stderr: writeEnd(stderr), tty: false });
    if ('error' in child) return { status: child.exitCode, stdout: '', stderr: child.error };
    const status = await settle(kernel, child.exited);
    return { status, stdout: stdout.text(), stderr: stderr.text() };
  };
  return { kernel, network, runtime, pass, exec };
}

function spec(name: string, ip: string, more: Partial<ContainerSpec> & { image: string }): ContainerSpec {
  const pod = {
    uid: `uid-${name}`,
    namespace: 'default',
    name,
    hostname: name,
    ip,
    hostNetwork: false,
    labels: {},
    annotations: {},
    serviceAccount: 'default',
    node: 'node',
  };
  return {
    id: `${pod.uid}/${name}/0`,
    pod,
    name,
    command: [],
    args: [],
    env: {},
    privileged: false,
    capabilities: [],
    files: {},
    directories: [],
    readOnly: [],
    ...more,
  };
}

test('references are completed as containerd does', () => {
  expect(normalizeReference('nginx')).toBe('docker.io/library/nginx:latest');
  expect(normalizeReference('curlimages/curl')).toBe('docker.io/curlimages/curl:latest');
  expect(normalizeReference('localhost:5000/web')).toBe('localhost:5000/web:latest');
  expect(normalizeReference('docker.io/nginx:1.29')).toBe('docker.io/library/nginx:1.29');
});

test('what no registry has is refused in its words', () => {
  const registry = new Registry([{ references: ['docker.io/library/web:1'], bytes: 1, pullTime: 1 }]);
  expect(registry.pullError('web:2')).toBe(
    'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/web:2": failed to resolve reference "docker.io/library/web:2": docker.io/library/web:2: not found',
  );
  expect(registry.pullError('nobody/nothing')).toContain('pull access denied, repository does not exist');
  expect(registry.pullError('registry.example.com/web:1')).toContain(
    'Head "https://registry.example.com/v2/web/manifests/1": dial tcp: lookup registry.example.com',
  );
});

test('a command runs in a container, as its user, with its files and environment', async () => {
  const { runtime, exec } = machine();
  const container = spec('curl', '10.244.0.9', {
    image: 'curlimages/curl:8.16.0',
    command: ['/bin/sleep', 'infinity'],
    env: { COLOR: 'red' },
    files: { '/etc/web/web.conf': 'listen 80\n' },
  });
  runtime.createSandbox(container.pod);
  expect(runtime.start(container)).toBeUndefined();
  expect(await exec(container.id, 'cat', '/etc/web/web.conf')).toEqual({
    status: 0,
    stdout: 'listen 80\n',
    stderr: '',
  });
  expect((await exec(container.id, 'id')).stdout).toContain('uid=100');
  expect((await exec(container.id, 'env')).stdout).toContain('COLOR=red\n');
  expect((await exec(container.id, 'bash')).stderr).toBe(
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "bash": executable file not found in $PATH',
  );
});

test('sleep ignores SIGTERM and is killed when the grace period is over', () => {
  const { runtime, pass, kernel } = machine();
  const container = spec('curl', '10.244.0.9', { image: 'busybox', command: ['sleep', '3650d'] });
  runtime.createSandbox(container.pod);
  runtime.start(container);
  expect(kernel.awaited).toBe(false);
  runtime.stop(container.id, 30_000);
  pass(29_000);
  expect(runtime.status(container.id)?.state).toBe('running');
  pass(2000);
  expect(runtime.status(container.id)).toMatchObject({ state: 'exited', exitCode: 137 });
});

test('an unknown main program is refused in the words of runc', () => {
  const { runtime } = machine();
  const container = spec('web', '10.244.0.9', { image: 'busybox', command: ['nothing'] });
  runtime.createSandbox(container.pod);
  expect(runtime.start(container)).toBe(
    'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "nothing": executable file not found in $PATH',
  );
});

test('go-httpbin answers in its own form, again after a restore, and logs once', async () => {
  const first = machine();
  const httpbin = spec('httpbin', '10.244.0.8', { image: 'docker.io/mccutchen/go-httpbin:v2.15.0' });
  const client = spec('curl', '10.244.0.9', { image: 'curlimages/curl', command: ['sleep', 'infinity'] });
  for (const container of [httpbin, client]) {
    first.runtime.createSandbox(container.pod);
    first.runtime.start(container);
  }
  const answer = await first.exec(client.id, 'curl', '-sS', 'http://10.244.0.8:8080/headers');
  expect(answer.stderr).toBe('');
  expect(answer.stdout).toMatch(
    /^\{\n {2}"headers": \{\n {4}"Accept": \[\n {6}"\*\/\*"\n {4}\],\n {4}"Host": \[\n {6}"10\.244\.0\.8:8080"\n {4}\],\n {4}"User-Agent": \[\n {6}"curl\/8\.16\.0"\n {4}\]\n {2}\}\n\}\n$/,
  );
  const second = machine();
  second.kernel.load(JSON.parse(JSON.stringify(first.kernel.save())));
  second.network.load(JSON.parse(JSON.stringify(first.network.save())));
  second.runtime.load(JSON.parse(JSON.stringify(first.runtime.save())));
  expect(
    (
      await second.exec(
        client.id,
        'curl',
        '-sS',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code}',
        'http://10.244.0.8:8080/status/418',
      )
    ).stdout,
  ).toBe('418');
  const log = second.runtime.logs(httpbin.id).map(({ text }) => text);
  expect(log.filter((line) => line.includes('listening'))).toHaveLength(1);
  expect(log.at(-1)).toContain('msg="418 GET /status/418');
  expect(second.runtime.probe(httpbin.id, { kind: 'http', port: 8080, path: '/status/500' })).toEqual({
    success: false,
    output: 'HTTP probe failed with statuscode: 500',
  });
  expect(second.runtime.probe(httpbin.id, { kind: 'http', port: 81, path: '/' }).output).toBe(
    'Get "http://10.244.0.8:81/": dial tcp 10.244.0.8:81: connect: connection refused',
  );
});

test('istio-init writes the rules of its pod, pilot-agent says what it does and becomes ready', async () => {
  const { runtime, network, pass, exec } = machine();
  const init = spec('web', '10.244.0.8', {
    image: 'docker.io/istio/proxyv2:1.30.3',
    args: [
      'istio-iptables',
      '-p',
      '15001',
      '-z',
      '15006',
      '-u',
      '1337',
      '-m',
      'REDIRECT',
      '-i',
      '*',
      '-x',
      '',
      '-b',
      '*',
      '-d',
      '15090,15021,15020',
    ],
  });
  runtime.createSandbox(init.pod);
  runtime.start({ ...init, id: 'uid-web/istio-init/0', name: 'istio-init' });
  expect(runtime.status('uid-web/istio-init/0')).toMatchObject({ state: 'exited', exitCode: 0 });
  expect(network.namespace('default/web')?.rules.some((rule) => rule.toPort === 15006)).toBe(true);
  const id = 'uid-web/istio-proxy/0';
  runtime.start({
    ...init,
    id,
    name: 'istio-proxy',
    args: ['proxy', 'sidecar', '--domain', 'default.svc.cluster.local', '--proxyLogLevel=warning'],
  });
  const probe = { kind: 'http', port: 15021, path: '/healthz/ready' } as const;
  expect(runtime.probe(id, probe).success).toBe(false);
  pass(2000);
  expect(runtime.probe(id, probe).success).toBe(true);
  const log = runtime.logs(id).map(({ text }) => text);
  expect(log[0]).toMatch(/^2026-01-31T10:00:00\.\d{6}Z\tinfo\tFLAG: --concurrency="0"$/);
  expect(
    log.some((line) =>
      line.endsWith('\tProxy role\tips=[10.244.0.8] type=sidecar id=web.default domain=default.svc.cluster.local'),
    ),
  ).toBe(true);
  expect(log.at(-1)).toMatch(/\tinfo\tEnvoy proxy is ready$/);
  const answer = await exec(id, 'pilot-agent', 'request', 'GET', 'ready');
  expect(answer).toEqual({ status: 0, stdout: 'LIVE\n', stderr: '' });
  expect((await exec(id, 'pilot-agent', 'version', '-s')).stdout).toBe('1.30.3\n');
});
