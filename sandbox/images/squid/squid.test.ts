import { expect, test } from 'vitest';
import { programs } from '../../commands/index.ts';
import { Kernel } from '../../kernel/kernel.ts';
import { writeEnd } from '../../kernel/open-files.ts';
import type { ContainerSpec } from '../../kernel/runtime.ts';
import { encode, Sink } from '../../kernel/streams.ts';
import type { HttpRequest } from '../../network/http.ts';
import { header } from '../../network/http.ts';
import { serveHttp } from '../../network/http-server.ts';
import { Network } from '../../network/network.ts';
import { settle } from '../../network/testing.ts';
import { busybox } from '../busybox.ts';
import { curl } from '../curl.ts';
import { Runtime } from '../runtime.ts';
import { squidImage } from './index.ts';

function world() {
  const kernel = new Kernel({ epoch: 1_768_467_600_000, seed: 1 });
  const network = new Network(kernel);
  network.setZone('world', new Map([['web.example', { ipv4: ['203.0.113.5'] }]]));
  const web = network.addNamespace({ id: 'web', address: '203.0.113.5', outside: true, latency: 5 });
  const seen: HttpRequest[] = [];
  for (const port of [80, 443]) {
    web.listen(port, (connection) => {
      void serveHttp(connection, (request) => {
        seen.push(request);
        return {
          status: 200,
          protocol: 'HTTP/1.1',
          headers: [
            ['Content-Type', 'text/plain; charset=utf-8'],
            ['Keep-Alive', 'timeout=5'],
          ],
          body: encode('hello\n'),
        };
      });
    });
  }
  const runtime = new Runtime({
    kernel,
    network,
    images: [squidImage, curl, busybox],
    program: (name) => programs[name],
    node: 'node',
  });
  const start = (name: string, ip: string, more: Partial<ContainerSpec> & { image: string }) => {
    const pod = {
      ...{ uid: `uid-${name}`, namespace: 'default', name, hostname: name, ip, hostNetwork: false },
      ...{ labels: {}, annotations: {}, serviceAccount: 'default', node: 'node' },
    };
    const spec: ContainerSpec = {
      ...{ id: `${pod.uid}/${name}/0`, pod, name, command: [], args: [], env: {}, privileged: false, capabilities: [] },
      ...{ files: {}, directories: [], readOnly: [], ...more },
    };
    runtime.createSandbox(pod);
    runtime.start(spec);
    return spec.id;
  };
  const proxy = (...lines: string[]) =>
    start('squid', '10.244.0.8', {
      image: 'sameersbn/squid:3.5.27',
      files: { '/etc/squid/squid.conf': lines.join('\n') },
      directories: ['/etc/squid'],
      readOnly: ['/etc/squid'],
    });
  const client = start('client', '10.244.0.7', {
    image: 'curlimages/curl:8.16.0',
    command: ['/bin/sleep', 'infinity'],
  });
  const exec = async (id: string, ...argv: string[]) => {
    const [stdout, stderr] = [new Sink(), new Sink()];
    const child = runtime.exec(id, argv, { stdout: writeEnd(stdout), stderr: writeEnd(stderr), tty: false });
    if ('error' in child) throw new Error(child.error);
    const status = await settle(kernel, child.exited);
    return { status, stdout: stdout.text(), stderr: stderr.text() };
  };
  return { kernel, runtime, start, proxy, client, exec, seen };
}

const open = ['http_port 3128', 'http_access allow all'];
const via = ['curl', '-sS', '-x', 'http://10.244.0.8:3128'];

test('plain requests are fetched on behalf of the client, and logged', async () => {
  const { proxy, client, exec, seen } = world();
  const squid = proxy(...open);
  const answer = await exec(client, ...via, '-i', 'http://web.example/a?b=c');
  expect(answer.stdout.replaceAll('\r', '')).toBe(
    [
      ...[
        'HTTP/1.1 200 OK',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Length: 6',
        'X-Cache: MISS from squid',
      ],
      ...['X-Cache-Lookup: MISS from squid:3128', 'Via: 1.1 squid (squid/3.5.27)', 'Connection: keep-alive'],
      ...['', 'hello', ''],
    ].join('\n'),
  );
  const [request] = seen;
  expect([request?.target, request?.authority]).toEqual(['/a?b=c', 'web.example']);
  const fields = ['via', 'x-forwarded-for', 'cache-control', 'connection', 'proxy-connection'];
  expect(request && fields.map((name) => header(request, name))).toEqual([
    ...['1.1 squid (squid/3.5.27)', '10.244.0.7', 'max-age=259200', 'keep-alive', undefined],
  ]);
  expect((await exec(squid, 'cat', '/var/log/squid/access.log')).stdout).toMatch(
    /^17684676\d\d\.\d{3} {5}\d\d 10\.244\.0\.7 TCP_MISS\/200 \d+ GET http:\/\/web\.example\/a\? - HIER_DIRECT\/203\.0\.113\.5 text\/plain\n$/,
  );
});

test('CONNECT is a tunnel, accounted when it is closed', async () => {
  const { proxy, client, exec } = world();
  const squid = proxy(...open);
  const answer = await exec(client, ...via, '--proxytunnel', '-i', 'http://web.example:443/');
  expect(answer.stdout).toContain('HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\n');
  const { stdout } = await exec(squid, 'tail', '-n', '1', '/var/log/squid/access.log');
  const sent = answer.stdout.length - 'HTTP/1.1 200 Connection established\r\n\r\n'.length;
  expect(stdout).toMatch(
    new RegExp(
      `10\\.244\\.0\\.7 TCP_TUNNEL/200 ${sent} CONNECT web\\.example:443 - HIER_DIRECT/203\\.0\\.113\\.5 -\n$`,
    ),
  );
});

test("what a rule forbids, nobody knows or nobody answers is refused in squid's way", async () => {
  const { proxy, client, exec } = world();
  const squid = proxy(
    'http_port 3128',
    'acl bad dstdomain .evil.example',
    'http_access deny bad',
    'http_access allow all',
  );
  const code = ['-o', '/dev/null', '-w', '%{http_code} %{http_connect}'];
  expect((await exec(client, ...via, ...code, 'http://www.evil.example/')).stdout).toBe('403 000');
  expect((await exec(client, ...via, 'https://evil.example/')).stderr).toBe(
    'curl: (56) CONNECT tunnel failed, response 403\n',
  );
  expect((await exec(client, ...via, ...code, 'http://nowhere.example/')).stdout).toBe('503 000');
  expect((await exec(client, ...via, ...code, 'http://web.example:81/')).stdout).toBe('503 000');
  expect((await exec(client, ...via, 'https://web.example:81/')).status).toBe(56);
  expect((await exec(client, 'curl', '-s', ...code, 'http://10.244.0.8:3128/')).stdout).toBe('400 000');
  expect((await exec(client, 'curl', '-sS', 'https://10.244.0.8:3128/')).stderr).toContain('curl: (35) ');
  const { stdout } = await exec(squid, 'cat', '/var/log/squid/access.log');
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\S+ +\d+ \S+ /, '').replace(/ \d+ (?=[A-Z])/, ' '));
  expect(rows).toEqual([
    'TCP_DENIED/403 GET http://www.evil.example/ - HIER_NONE/- text/html',
    'TCP_DENIED/403 CONNECT evil.example:443 - HIER_NONE/- text/html',
    'TCP_MISS/503 GET http://nowhere.example/ - HIER_NONE/- text/html',
    'TCP_MISS/503 GET http://web.example:81/ - HIER_DIRECT/203.0.113.5 text/html',
    'TAG_NONE/503 CONNECT web.example:81 - HIER_DIRECT/203.0.113.5 -',
    'TAG_NONE/400 GET / - HIER_NONE/- text/html',
    'TAG_NONE/400 NONE error:invalid-request - HIER_NONE/- text/html',
  ]);
});

test('a log may go to standard output in another format, or be left out', async () => {
  const { proxy, client, exec, runtime } = world();
  const squid = proxy(
    ...open,
    'acl quiet urlpath_regex ^/health',
    'access_log none quiet',
    'logformat short %>a %rm %ru %03>Hs [%-6Ss] "%{User-Agent}>h" 100%%',
    'access_log stdio:/dev/stdout logformat=short',
  );
  await exec(client, ...via, 'http://web.example/health');
  await exec(client, ...via, 'http://web.example/x');
  const lines = runtime
    .logs(squid)
    .filter(({ stream }) => stream === 'stdout')
    .map(({ text }) => text);
  expect(lines.slice(2)).toEqual(['10.244.0.7 GET http://web.example/x 200 [TCP_MISS] "curl/8.16.0" 100%']);
});

test("a bad configuration ends the container with squid's last words", () => {
  const { proxy, runtime } = world();
  const squid = proxy('http_port 3128', 'http_access allow nobody');
  expect(runtime.status(squid)).toMatchObject({ state: 'exited', exitCode: 1 });
  expect(
    runtime
      .logs(squid)
      .map(({ text }) => text)
      .slice(0, 4),
  ).toEqual([
    'Initializing cache...',
    '2026/01/15 09:00:00| ACL not found: nobody',
    'FATAL: Bungled /etc/squid/squid.conf line 2: http_access allow nobody',
    'Squid Cache (Version 3.5.27): Terminated abnormally.',
  ]);
});

test('a mount hides the configuration of the image', () => {
  const { runtime, proxy, start } = world();
  const image = 'sameersbn/squid:3.5.27';
  const hidden = start('other', '10.244.0.9', { image, files: { '/etc/squid/x': '' }, directories: ['/etc/squid'] });
  expect(runtime.logs(hidden)[1]?.text).toBe(
    'FATAL: Unable to open configuration file: /etc/squid/squid.conf: (2) No such file or directory',
  );
  expect(runtime.status(start('third', '10.244.0.10', { image }))?.state).toBe('running');
  const empty = proxy();
  expect(runtime.logs(empty).at(-5)?.text).toBe('FATAL: No HTTP, HTTPS, or FTP ports configured');
});

test('squid outlives a snapshot and says nothing twice; it takes its time to end', async () => {
  const { proxy, runtime, kernel, exec, client } = world();
  const squid = proxy(...open);
  await exec(client, ...via, 'http://web.example/1');
  const [state, logged] = [JSON.parse(JSON.stringify(runtime.save())), runtime.logs(squid).length];
  runtime.load(state);
  await exec(client, ...via, 'http://web.example/2');
  expect(runtime.logs(squid).length).toBe(logged);
  const { stdout } = await exec(squid, 'cut', '-d', ' ', '-f', '1-', '/var/log/squid/access.log');
  expect(stdout.match(/GET \S+/g)).toEqual(['GET http://web.example/1', 'GET http://web.example/2']);
  runtime.stop(squid, 60_000);
  const asked = kernel.now();
  while (runtime.status(squid)?.state === 'running' && kernel.step());
  expect([runtime.status(squid)?.exitCode, kernel.now() - asked]).toEqual([0, 31_000]);
});

test('what is written into the configuration matters to the next squid only, snapshot or not', async () => {
  const { runtime, start, exec, client } = world();
  const squid = start('squid', '10.244.0.8', { image: 'sameersbn/squid:3.5.27' });
  const code = async () =>
    (await exec(client, ...via, '-o', '/dev/null', '-w', '%{http_code}', 'http://web.example/')).stdout;
  expect(await code()).toBe('403'); // the package's own rules allow localhost only
  const edit = ['sed', '-i', 's/^http_access deny all/http_access allow all/', '/etc/squid/squid.conf'];
  expect((await exec(squid, ...edit)).status).toBe(0);
  expect(await code()).toBe('403');
  runtime.load(JSON.parse(JSON.stringify(runtime.save())));
  expect(await code()).toBe('403');
});
