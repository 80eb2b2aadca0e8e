import { beforeEach, describe, expect, it } from 'vitest';
import { Kernel } from '../../kernel/kernel.ts';
import { encode } from '../../kernel/streams.ts';
import type { HttpRequest, HttpResponse } from '../../network/http.ts';
import { type HttpAnswer, serveHttp } from '../../network/http-server.ts';
import { Network } from '../../network/network.ts';
import { SegmentReader } from '../../network/segments.ts';
import type { CertificateChain, Connection } from '../../network/socket.ts';
import type { Namespace } from '../../network/stack.ts';
import { tlsAccept } from '../../network/tls.ts';
import { TestMachine } from '../lib/test-machine.ts';
import { curl } from './index.ts';

const epoch = 1_768_467_600_000;
const certificate: CertificateChain = {
  subject: 'CN=site.example',
  issuer: 'C=US,O=Test,CN=R1',
  subjectAltNames: ['site.example', '*.site.example'],
  notBefore: epoch - 86_400_000,
  notAfter: epoch + 86_400_000,
  root: 'ISRG Root X1',
};

function response(status: number, body = '', headers: HttpResponse['headers'] = []): HttpResponse {
  return { status, protocol: 'HTTP/1.1', headers, body: encode(body) };
}

let network: Network;
let client: Namespace;
let server: Namespace;
let machine: TestMachine;
let seen: { request: HttpRequest; port: number }[];
let answer: (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

beforeEach(() => {
  const kernel = new Kernel({ epoch, seed: 7 });
  network = new Network(kernel);
  client = network.addNamespace({ id: 'default/client', address: '10.244.0.8' });
  server = network.addNamespace({ id: 'site.example', address: '192.0.2.1', latency: 10, outside: true });
  network.zones.set('world', new Map([['site.example', { ipv4: ['192.0.2.1'] }]]));
  machine = new TestMachine({ curl }, { kernel, sockets: client });
  seen = [];
  answer = () => response(200, 'hello\n', [['content-type', 'text/plain']]);
  server.listen(80, (connection) => serve(connection));
  server.listen(443, (connection) => void secure(connection));
});

function serve(connection: Connection): void {
  void serveHttp(connection, async (request) => {
    seen.push({ request, port: connection.remote.port });
    const given = await answer(request);
    return typeof given === 'object' && 'status' in given ? { ...given, protocol: request.protocol } : given;
  });
}

async function secure(connection: Connection, segments = new SegmentReader(connection)): Promise<void> {
  const tls = await tlsAccept(connection, { certificate: () => certificate, alpn: ['h2', 'http/1.1'] }, segments).catch(
    () => undefined,
  );
  if (tls) serve(tls);
}

const run = (...args: string[]) => machine.run(['curl', ...args]);

describe('curl', () => {
  it('says which addresses --resolve pinned, for every transfer', async () => {
    const pin = ['--resolve', 'Other.example:80:192.0.2.1', '--resolve', '*:81:192.0.2.1'];
    const { status, stderr } = await run('-sv', ...pin, 'http://other.example/');
    expect(status).toBe(0);
    expect(stderr.split('\n').slice(0, 5)).toEqual([
      '* Added other.example:80:192.0.2.1 to DNS cache',
      '* Added *:81:192.0.2.1 to DNS cache',
      '* RESOLVE *:81 using wildcard',
      '* Hostname other.example was found in DNS cache',
      '*   Trying 192.0.2.1:80...',
    ]);
  });

  it('asks a proxy by CONNECT for a way to https, and tells so', async () => {
    server.listen(3128, (connection) => {
      void serveHttp(connection, (request) => {
        seen.push({ request, port: 3128 });
        return {
          tunnel: {
            status: 200,
            reason: 'Connection established',
            protocol: 'HTTP/1.1',
            headers: [],
            body: encode(''),
          },
          take: (end, _rest, segments) => void secure(end, segments),
        };
      });
    });
    const env = { HTTPS_PROXY: '192.0.2.1:3128' };
    const ask = ['curl', '-sv', '-o', '/dev/null', 'https://site.example/'];
    const { status, stderr } = await machine.run(ask, { env });
    expect(status).toBe(0);
    const lines = stderr.replaceAll('\r', '').split('\n');
    const wanted = [
      "* Uses proxy env variable HTTPS_PROXY == '192.0.2.1:3128'",
      '*   Trying 192.0.2.1:3128...',
      '> CONNECT site.example:443 HTTP/1.1',
      '> Host: site.example:443',
      '> User-Agent: curl/8.16.0',
      '> Proxy-Connection: Keep-Alive',
      '< HTTP/1.1 200 Connection established',
      '* CONNECT tunnel established, response 200',
      '> User-Agent: curl/8.16.0',
      '< HTTP/2 200 ',
    ];
    expect(lines.filter((line) => wanted.includes(line))).toEqual(wanted);
    expect(seen.map(({ request }) => request.target)).toEqual(['site.example:443', '/']);
    const direct = await machine.run(ask, { env: { ...env, NO_PROXY: 'example.org,.example' } });
    expect(direct.stderr).not.toContain('CONNECT');
  });

  it('prints the body, and the status asked for', async () => {
    expect(await run('-s', '-w', '%{http_code} %{remote_ip}:%{remote_port}\\n', 'http://site.example/x')).toMatchObject(
      {
        status: 0,
        stdout: 'hello\n200 192.0.2.1:80\n',
        stderr: '',
      },
    );
    const [{ request } = { request: undefined }] = seen;
    expect(request).toMatchObject({ method: 'GET', target: '/x', authority: 'site.example', protocol: 'HTTP/1.1' });
    expect(request?.headers).toEqual([
      ['User-Agent', 'curl/8.16.0'],
      ['Accept', '*/*'],
    ]);
  });

  it('shows heads as on the wire', async () => {
    expect((await run('-sSI', 'http://site.example/')).stdout).toBe(
      'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n',
    );
    expect((await run('-sI', 'https://site.example/')).stdout).toBe('HTTP/2 200 \r\ncontent-type: text/plain\r\n\r\n');
  });

  it('follows redirects over the connection it has', async () => {
    answer = ({ target }) =>
      target === '/' ? response(301, 'moved', [['location', '/there']]) : response(200, 'there');
    const { stdout } = await run(
      '-sSL',
      '-o',
      '/dev/null',
      '-D',
      '-',
      '-w',
      '%{num_redirects} %{url_effective}',
      'http://site.example',
    );
    expect(stdout).toMatch(/^HTTP\/1.1 301 Moved Permanently\r\nlocation: \/there\r\n[\s\S]*HTTP\/1.1 200 OK\r\n/);
    expect(stdout).toMatch(/1 http:\/\/site.example\/there$/);
    expect(seen.map(({ request }) => request.target)).toEqual(['/', '/there']);
    expect(new Set(seen.map(({ port }) => port)).size).toBe(1);
  });

  it('stops after too many redirects', async () => {
    answer = () => response(302, '', [['location', '/again']]);
    expect(await run('-sSL', '--max-redirs', '2', 'http://site.example')).toMatchObject({
      status: 47,
      stderr: 'curl: (47) Maximum (2) redirects followed\n',
    });
  });

  it('turns POST into GET where a redirect says so, unless told otherwise', async () => {
    answer = ({ target }) => (target === '/' ? response(302, '', [['location', '/there']]) : response(200));
    await run('-sL', '-d', 'a=1', 'http://site.example/');
    await run('-sL', '--post302', '-d', 'a=1', 'http://site.example/');
    expect(seen.map(({ request }) => request.method)).toEqual(['POST', 'GET', 'POST', 'POST']);
  });

  it('sends data', async () => {
    machine.files.writeFile('/home/data', encode('from\nfile'));
    await run(
      '-s',
      '-d',
      'a=1',
      '--data',
      '@data',
      '--data-raw',
      '@x',
      '--data-urlencode',
      'n=a b',
      'http://site.example/',
    );
    await run('-s', '--json', '{"a":1}', '-X', 'PATCH', 'http://site.example/');
    await run('-s', '-G', '-d', 'a=1', '-d', 'b=2', 'http://site.example/?z=0');
    const [form, json, query] = seen.map(({ request }) => request);
    expect(new TextDecoder().decode(form?.body)).toBe('a=1&fromfile&@x&n=a%20b');
    expect(form?.headers).toContainEqual(['Content-Type', 'application/x-www-form-urlencoded']);
    expect(json?.method).toBe('PATCH');
    expect(json?.headers).toContainEqual(['Accept', 'application/json']);
    expect(query?.target).toBe('/?z=0&a=1&b=2');
  });

  it('lets headers be changed and taken away', async () => {
    await run(
      '-s',
      '-H',
      'Host: other',
      '-H',
      'Accept:',
      '-H',
      'X-A: 1',
      '-H',
      'X-Empty;',
      '-u',
      'me:pw',
      '-A',
      'me/1',
      'http://site.example/',
    );
    const [{ request } = { request: undefined }] = seen;
    expect(request?.authority).toBe('other');
    expect(request?.headers).toEqual([
      ['Authorization', 'Basic bWU6cHc='],
      ['User-Agent', 'me/1'],
      ['X-A', '1'],
      ['X-Empty', ''],
    ]);
  });

  it('expands globs and numbers the files', async () => {
    answer = ({ target }) => response(200, target);
    await run('-s', 'http://site.example/{a,b}[1-2]', '-o', 'out-#1-#2');
    expect(machine.files.readDirectory('/home')).toEqual(['out-a-1', 'out-a-2', 'out-b-1', 'out-b-2']);
  });

  const failures: [title: string, args: string[], status: number, stderr: string][] = [
    ['no such host', ['http://nowhere.example/'], 6, 'curl: (6) Could not resolve host: nowhere.example\n'],
    [
      'nobody listens',
      ['http://site.example:81/'],
      7,
      'curl: (7) Failed to connect to site.example port 81 after N ms: Could not connect to server\n',
    ],
    ['--fail', ['-f', 'http://site.example/404'], 22, 'curl: (22) The requested URL returned error: 404\n'],
    [
      'a slow answer',
      ['-m', '3', 'http://site.example/slow'],
      28,
      'curl: (28) Operation timed out after 3000 milliseconds with 0 bytes received\n',
    ],
    [
      'silence',
      ['--connect-timeout', '2', 'http://203.0.113.9/'],
      28,
      'curl: (28) Connection timed out after 2000 milliseconds\n',
    ],
    [
      'TLS to a plain server',
      ['https://site.example:80/'],
      35,
      'curl: (35) TLS connect error: error:0A00010B:SSL routines::wrong version number\n',
    ],
    ['no answer', ['http://site.example/close'], 52, 'curl: (52) Empty reply from server\n'],
    ['a reset', ['http://site.example/reset'], 56, 'curl: (56) Recv failure: Connection reset by peer\n'],
    [
      'half a body',
      ['-o', '/dev/null', 'http://site.example/half'],
      18,
      'curl: (18) end of response with 6 bytes missing\n',
    ],
    [
      'a bad port',
      ['http://site.example:x/'],
      3,
      'curl: (3) URL rejected: Port number was not a decimal number between 0 and 65535\n',
    ],
    ['another protocol', ['gopher://site.example/'], 1, 'curl: (1) Protocol "gopher" not supported\n'],
    [
      'a wrong name',
      ['--resolve', 'wrong.example:443:192.0.2.1', 'https://wrong.example/'],
      60,
      "curl: (60) SSL: no alternative certificate subject name matches target hostname 'wrong.example'\n",
    ],
  ];
  it.each(failures)('says what went wrong: %s', async (_, args, status, stderr) => {
    answer = async ({ target }) => {
      if (target === '/slow') await machine.kernel.sleep(60_000);
      if (target === '/close') return 'close';
      if (target === '/reset') return 'reset';
      if (target === '/half') return { ...response(200, 'half', [['content-length', '10']]), truncated: true };
      return response(target === '/404' ? 404 : 200, 'body');
    };
    const result = await run('-sS', '-w', '', ...args);
    expect(result.status).toBe(status);
    expect(result.stderr.replace(/after \d+ ms/, 'after N ms').startsWith(stderr)).toBe(true);
    expect(result.stdout).toBe('');
    const silent = await run('-s', '-w', '%{http_code} %{exitcode}', ...args);
    expect(silent.stderr).toBe('');
    expect(silent.stdout).toMatch(new RegExp(` ${status}$`));
  });

  const misuse: [string[], string][] = [
    [['--foo'], 'curl: option --foo: is unknown\n'],
    [['-sSq0Y'], 'curl: option -sSq0Y: requires parameter\n'],
    [['-!'], 'curl: option -!: is unknown\n'],
    [['--max-time', 'x', 'http://a'], 'curl: option --max-time: expected a proper numerical parameter\n'],
    [['-o'], 'curl: option -o: requires parameter\n'],
    [[], 'curl: (2) no URL specified\n'],
  ];
  it.each(misuse)('refuses %j', async (args, stderr) => {
    expect(await run(...args)).toMatchObject({
      status: 2,
      stderr: `${stderr}curl: try 'curl --help' or 'curl --manual' for more information\n`,
    });
  });

  it('tells with -v what it does', async () => {
    const { stderr } = await run('-sv', '-o', '/dev/null', 'https://site.example/x');
    expect(stderr.replace(/from 10.244.0.8 port \d+ /, 'from LOCAL ')).toBe(
      [
        '* Host site.example:443 was resolved.',
        '* IPv6: (none)',
        '* IPv4: 192.0.2.1',
        '*   Trying 192.0.2.1:443...',
        '* ALPN: curl offers h2,http/1.1',
        '} [5 bytes data]',
        '* TLSv1.3 (OUT), TLS handshake, Client hello (1):',
        '} [512 bytes data]',
        '*  CAfile: /etc/ssl/certs/ca-certificates.crt',
        '*  CApath: /etc/ssl/certs',
        '{ [5 bytes data]',
        '* TLSv1.3 (IN), TLS handshake, Server hello (2):',
        '{ [122 bytes data]',
        '* TLSv1.3 (IN), TLS change cipher, Change cipher spec (1):',
        '{ [1 bytes data]',
        '* TLSv1.3 (IN), TLS handshake, Encrypted Extensions (8):',
        '{ [19 bytes data]',
        '* TLSv1.3 (IN), TLS handshake, Certificate (11):',
        '{ [2598 bytes data]',
        '* TLSv1.3 (IN), TLS handshake, CERT verify (15):',
        '{ [264 bytes data]',
        '* TLSv1.3 (IN), TLS handshake, Finished (20):',
        '{ [36 bytes data]',
        '* TLSv1.3 (OUT), TLS change cipher, Change cipher spec (1):',
        '} [1 bytes data]',
        '* TLSv1.3 (OUT), TLS handshake, Finished (20):',
        '} [36 bytes data]',
        '* SSL connection using TLSv1.3 / TLS_AES_128_GCM_SHA256 / x25519 / RSASSA-PSS',
        '* ALPN: server accepted h2',
        '* Server certificate:',
        '*  subject: CN=site.example',
        '*  start date: Jan 14 09:00:00 2026 GMT',
        '*  expire date: Jan 16 09:00:00 2026 GMT',
        '*  subjectAltName: host "site.example" matched cert\'s "site.example"',
        '*  issuer: C=US; O=Test; CN=R1',
        '*  SSL certificate verify ok.',
        '* Established connection to site.example (192.0.2.1 port 443) from LOCAL ',
        '* using HTTP/2',
        '* [HTTP/2] [1] OPENED stream for https://site.example/x',
        '* [HTTP/2] [1] [:method: GET]',
        '* [HTTP/2] [1] [:scheme: https]',
        '* [HTTP/2] [1] [:authority: site.example]',
        '* [HTTP/2] [1] [:path: /x]',
        '* [HTTP/2] [1] [user-agent: curl/8.16.0]',
        '* [HTTP/2] [1] [accept: */*]',
        '> GET /x HTTP/2\r',
        '> Host: site.example\r',
        '> User-Agent: curl/8.16.0\r',
        '> Accept: */*\r',
        '> \r',
        '* Request completely sent off',
        '< HTTP/2 200 \r',
        '< content-type: text/plain\r',
        '< \r',
        '{ [6 bytes data]',
        '* Connection #0 to host site.example:443 left intact',
        '',
      ].join('\n'),
    );
  });

  it('draws the meter where the body does not go to the terminal', async () => {
    const { stderr } = await run('-o', 'file', 'http://site.example/');
    expect(stderr).toBe(
      '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n' +
        '                                 Dload  Upload   Total   Spent    Left  Speed\n' +
        '\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0' +
        '\r100     6  100     6    0     0    140      0 --:--:-- --:--:-- --:--:--   140\n',
    );
  });

  it('goes through a proxy, tunnelled for https', async () => {
    const proxy = network.addNamespace({ id: 'default/proxy', address: '10.244.0.90' });
    const asked: string[] = [];
    proxy.listen(3128, (connection) => {
      void serveHttp(connection, (request) => {
        asked.push(`${request.method} ${request.target}`);
        if (request.method !== 'CONNECT') return { ...response(200, 'by proxy'), protocol: request.protocol };
        if (request.target.startsWith('denied')) return { ...response(403), protocol: request.protocol };
        return { tunnel: response(200), take: (below, _, segments) => void secure(below, segments) };
      });
    });
    const env = { https_proxy: 'http://10.244.0.90:3128', http_proxy: '10.244.0.90:3128', NO_PROXY: '.internal' };
    const through = (...args: string[]) => machine.run(['curl', '-sS', ...args], { env });
    expect((await through('http://site.example/a')).stdout).toBe('by proxy');
    expect((await through('-w', '%{http_connect}', 'https://site.example/a')).stdout).toBe('hello\n200');
    expect(await through('https://denied.example/')).toMatchObject({
      status: 56,
      stderr: 'curl: (56) CONNECT tunnel failed, response 403\n',
    });
    expect((await through('http://a.internal/')).status).toBe(6);
    expect(asked).toEqual(['GET http://site.example/a', 'CONNECT site.example:443', 'CONNECT denied.example:443']);
  });

  it('tries again when asked to', async () => {
    let times = 0;
    answer = () => response(++times < 3 ? 503 : 200, `${times}`);
    const began = machine.kernel.now();
    expect(await run('-s', '--retry', '5', '-o', 'file', '-w', '%{num_retries}', 'http://site.example/')).toMatchObject(
      {
        status: 0,
        stdout: '2',
      },
    );
    expect(machine.kernel.now() - began).toBeGreaterThan(3000);
  });

  it('leaves a trace of each request', async () => {
    await run('-s', 'http://site.example/x');
    const trace = network.traces.at(-1);
    expect(trace).toMatchObject({ from: 'default/client', request: 'GET http://site.example/x' });
    expect(trace?.hops.at(-1)).toMatchObject({
      layer: 'program',
      decision: 'response-received',
      details: { status: 200 },
    });
  });
});
