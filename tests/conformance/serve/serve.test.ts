import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findKubectl } from '../../tools/kubectl.ts';

const main = join(import.meta.dirname, '../../../sandbox/node/main.ts');
const kubectl = findKubectl();
let server: ChildProcess;
let url = '';

beforeAll(async () => {
  server = spawn(process.execPath, [main, 'serve', '--port', '0', '--profile', 'demo'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  url = await new Promise<string>((resolve, reject) => {
    let text = '';
    server.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /^listening on (http:\/\/127\.0\.0\.1:\d+)$/m.exec(text);
      if (found) resolve(found[1] as string);
    });
    server.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${text}`)));
  });
}, 60_000);
afterAll(() => server.kill());

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers,
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const run = async (command: string, more: object = {}) => (await post('/run', { command, ...more })).body;

describe('serve', () => {
  test('runs commands in a shell whose state lasts per session', async () => {
    expect(await run('x=1; echo "$x"')).toEqual({ stdout: '1\n', stderr: '', exitCode: 0 });
    expect(await run('echo "$x"; false')).toEqual({ stdout: '1\n', stderr: '', exitCode: 1 });
    expect(await run('echo "<$x>"', { session: 'second' })).toEqual({ stdout: '<>\n', stderr: '', exitCode: 0 });
    expect(await run('read line; echo "got $line"', { stdin: 'typed\n' })).toEqual({
      stdout: 'got typed\n',
      stderr: '',
      exitCode: 0,
    });
  });

  test('moves the clock and makes the cluster anew', async () => {
    const before = Number((await run('date +%s')).stdout);
    await post('/advance', { seconds: 90 });
    expect(Number((await run('date +%s')).stdout) - before).toBeGreaterThanOrEqual(90);
    await run('kubectl create namespace gone');
    await post('/reset', {});
    expect((await run('kubectl get namespace gone')).stderr).toBe(
      'Error from server (NotFound): namespaces "gone" not found\n',
    );
    expect((await run('echo "<$x>"')).stdout).toBe('<>\n');
  });

  test('refuses foreign hosts, foreign origins, large and malformed bodies', async () => {
    const foreign = await new Promise<number | undefined>((resolve) => {
      request(`${url}/version`, { headers: { host: 'evil.example' } }, (response) =>
        resolve(response.statusCode),
      ).end();
    });
    expect(foreign).toBe(421);
    expect((await post('/run', { command: 'true' }, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await post('/run', 'x'.repeat(5_000_000))).status).toBe(413);
    expect((await post('/run', '{')).status).toBe(400);
    expect((await post('/run', { cmd: 'true' })).status).toBe(400);
    expect((await post('/advance', { seconds: -1 })).status).toBe(400);
    expect((await fetch(`${url}/run`)).status).toBe(405);
  });

  test.runIf(process.platform === 'linux')('only the loopback address listens', () => {
    const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0');
    const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => readFileSync(path, 'utf8').split('\n'));
    const listening = sockets
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === '0A' && local?.endsWith(`:${port}`));
    expect(listening.map(([, local]) => local)).toEqual([`0100007F:${port}`]);
  });
});

describe.skipIf(!kubectl)('the real kubectl against serve', () => {
  const exec = promisify(execFile);
  const real = async (args: string[], input = '') => {
    const done = exec(kubectl?.path as string, ['--server', url, ...args], {
      env: { HOME: '/nonexistent' },
      timeout: 60_000,
    });
    done.child.stdin?.end(input);
    return (await done).stdout;
  };
  const entry = (port: number) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: site}
spec:
  hosts: [www.example.com]
  ports: [{number: ${port}, name: http, protocol: HTTP}]
  resolution: DNS
`;

  test('get pods -A', async () => {
    const lines = (await real(['get', 'pods', '-A'])).split('\n');
    expect(lines[0]).toMatch(/^NAMESPACE +NAME +READY +STATUS +RESTARTS +AGE$/);
    expect(lines.filter((line) => /^istio-system +istiod-\S+ +1\/1 +Running/.test(line))).toHaveLength(1);
    expect(lines.some((line) => /^kube-system +coredns-\S+ +1\/1 +Running/.test(line))).toBe(true);
  });

  test('apply, get, delete', async () => {
    expect(await real(['apply', '-f', '-'], entry(80))).toBe('serviceentry.networking.istio.io/site created\n');
    expect(await real(['apply', '-f', '-'], entry(80))).toBe('serviceentry.networking.istio.io/site unchanged\n');
    expect(await real(['apply', '-f', '-'], entry(81))).toBe('serviceentry.networking.istio.io/site configured\n');
    expect(await real(['get', 'serviceentry', 'site'])).toMatch(
      /^NAME +HOSTS +LOCATION +RESOLUTION +AGE\nsite +\["www\.example\.com"\] +DNS/,
    );
    expect(await real(['delete', 'serviceentry', 'site'])).toBe(
      'serviceentry.networking.istio.io "site" deleted from default namespace\n',
    );
    await expect(real(['get', 'serviceentry', 'site'])).rejects.toThrow(
      'serviceentries.networking.istio.io "site" not found',
    );
  });

  test('what is wrong is refused in the real words', async () => {
    const broken = entry(80).replace('  hosts: [www.example.com]\n', '');
    await expect(real(['apply', '-f', '-'], broken)).rejects.toThrow(
      /The ServiceEntry "site" is invalid: \n\* spec\.hosts: Required value\n/,
    );
    await expect(real(['apply', '-f', '-'], entry(80).replace('resolution', 'resolutoin'))).rejects.toThrow(
      'unknown field "spec.resolutoin"',
    );
  });

  test('explain', async () => {
    expect(await real(['explain', 'serviceentry.spec.ports'])).toMatch(
      /^GROUP: +networking\.istio\.io\nKIND: +ServiceEntry\nVERSION: +v1\n\nFIELD: ports <\[\]Object>/,
    );
    expect(await real(['explain', 'pod.spec.containers.image'])).toContain('FIELD: image <string>');
  });

  test('watch', async () => {
    const watcher = spawn(kubectl?.path as string, ['--server', url, 'get', 'configmaps', '--watch', '-o', 'name'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const seen: string[] = [];
    watcher.stdout.on('data', (chunk: Buffer) => seen.push(...chunk.toString().trim().split('\n')));
    const until = async (name: string) => {
      while (!seen.includes(name)) await new Promise((resolve) => watcher.stdout.once('data', resolve));
    };
    await until('configmap/kube-root-ca.crt');
    await real(['apply', '-f', '-'], 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: watched}\n');
    await until('configmap/watched');
    watcher.kill();
    await real(['delete', 'configmap', 'watched']);
  });

  test('a deployment comes up while kubectl waits', { timeout: 60_000 }, async () => {
    const web = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: curl, image: curlimages/curl, command: [sleep, infinity]}]}
`;
    await real(['apply', '-f', '-'], web);
    expect(await real(['rollout', 'status', 'deployment/web', '--timeout=30s'])).toContain(
      'deployment "web" successfully rolled out',
    );
    await real(['delete', 'deployment', 'web']);
  });
});
