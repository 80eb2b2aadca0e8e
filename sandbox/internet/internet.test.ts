import { expect, test } from 'vitest';
import { runInstant } from '../kernel/drivers.ts';
import { Kernel } from '../kernel/kernel.ts';
import { decode } from '../kernel/streams.ts';
import { certificateNames } from '../network/certificates.ts';
import type { HttpRequest } from '../network/http.ts';
import { header } from '../network/http.ts';
import { httpClient } from '../network/http-client.ts';
import { Network } from '../network/network.ts';
import { tlsConnect } from '../network/tls.ts';
import { publicRoots } from '../network/trust.ts';
import { sites } from './index.ts';
import { attachInternet } from './internet.ts';

const epoch = 1_768_467_600_000;

function world() {
  const kernel = new Kernel({ epoch, seed: 1 });
  const network = new Network(kernel);
  attachInternet(network, sites, epoch);
  const client = network.addNamespace({ id: 'client', address: '10.244.0.9' });
  const run = <T>(promise: Promise<T>): Promise<T> =>
    runInstant(kernel, promise, turn, { endOfInput: () => false, interrupt: () => false });
  return { client, run };
}

/** Many microtasks: enough for what waits for nothing but promises. */
async function turn(): Promise<void> {
  for (let count = 0; count < 50; count++) await Promise.resolve();
}

function request(authority: string, target: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'GET',
    authority,
    target,
    scheme: 'http',
    protocol: 'HTTP/1.1',
    headers: [],
    body: new Uint8Array(),
    ...more,
  };
}

test('names have several addresses; unknown ones have none', async () => {
  const { client, run } = world();
  const { ipv4 } = await run(client.resolve('edition.cnn.com'));
  expect([...ipv4].sort()).toEqual(['151.101.1.67', '151.101.129.67', '151.101.193.67', '151.101.65.67']);
  expect(await run(client.resolve('no.such.example'))).toEqual({ ipv4: [], ipv6: [] });
});

test('plain HTTP is redirected with an empty body', async () => {
  const { client, run } = world();
  const connection = await run(client.connect({ destination: { address: '151.101.65.67', port: 80 }, uid: 0 }));
  const response = await run(httpClient(connection, 'HTTP/1.1').exchange(request('edition.cnn.com', '/politics')));
  expect(response.status).toBe(301);
  expect(header(response, 'location')).toBe('https://edition.cnn.com/politics');
  expect(response.headers.map(([name]) => name)).toContain('Location');
  expect(response.body.length).toBe(0);
});

test('TLS shows the real names and speaks HTTP/2', async () => {
  const { client, run } = world();
  const connection = await run(client.connect({ destination: { address: '151.101.65.67', port: 443 }, uid: 0 }));
  const verify = { roots: publicRoots, now: epoch, name: 'edition.cnn.com' };
  const secure = await run(tlsConnect(connection, { sni: 'edition.cnn.com', alpn: ['h2', 'http/1.1'], verify }));
  expect(secure.session.alpn).toBe('h2');
  const page = request('edition.cnn.com', '/politics', { scheme: 'https', protocol: 'HTTP/2' });
  const response = await run(httpClient(secure, 'HTTP/2').exchange(page));
  expect([response.status, header(response, 'content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(response.headers.every(([name]) => name === name.toLowerCase())).toBe(true);
});

test('every site shows a certificate for each of its names, signed by a root that machines trust', () => {
  for (const { certificate, hosts } of sites) {
    if (!certificate) continue;
    const chain = { ...certificate, notBefore: 0, notAfter: 1 };
    expect(publicRoots).toContain(certificate.root);
    // A canonical name (cnn-tls.map.fastly.net) is only ever reached under the names that lead to it.
    const targets = hosts.map(({ cname }) => cname);
    for (const { name } of hosts) if (!targets.includes(name)) expect(certificateNames(chain, name), name).toBe(true);
  }
});

test('httpbin.org echoes what it was sent', async () => {
  const { client, run } = world();
  const connection = await run(client.connect({ destination: { address: '35.173.6.94', port: 80 }, uid: 0 }));
  const http = httpClient(connection, 'HTTP/1.1');
  const response = await run(
    http.exchange(request('httpbin.org', '/get?a=1&b=x+y', { headers: [['user-agent', 'test']] })),
  );
  expect(JSON.parse(decode(response.body))).toEqual({
    args: { a: '1', b: 'x y' },
    headers: {
      Host: 'httpbin.org',
      'User-Agent': 'test',
      'X-Amzn-Trace-Id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
    },
    origin: '10.244.0.9',
    url: 'http://httpbin.org/get?a=1&b=x+y',
  });
});

test('HTTP without TLS on port 443 gets a 400 of the load balancer', async () => {
  const { client, run } = world();
  const connection = await run(client.connect({ destination: { address: '35.173.6.94', port: 443 }, uid: 0 }));
  const response = await run(httpClient(connection, 'HTTP/1.1').exchange(request('httpbin.org', '/get')));
  expect([response.status, header(response, 'server')]).toEqual([400, 'awselb/2.0']);
  expect(decode(response.body)).toContain('The plain HTTP request was sent to HTTPS port');
});

test('Wikipedia answers at every address of its edge, by the name asked for', async () => {
  const { client, run } = world();
  const ask = async (address: string, host: string, target: string) => {
    const connection = await run(client.connect({ destination: { address, port: 443 }, uid: 0 }));
    const verify = { roots: publicRoots, now: epoch, name: host };
    const secure = await run(tlsConnect(connection, { sni: host, alpn: ['h2'], verify }));
    return run(httpClient(secure, 'HTTP/2').exchange(request(host, target, { scheme: 'https', protocol: 'HTTP/2' })));
  };
  for (const address of ['91.198.174.192', '198.35.26.96', '208.80.153.224']) {
    const page = await ask(address, 'en.wikipedia.org', '/wiki/Main_Page');
    expect([page.status, decode(page.body)]).toEqual([200, expect.stringContaining('encyclopedia</title>')]);
  }
  const moved = await ask('91.198.174.192', 'de.wikipedia.org', '/');
  expect([moved.status, header(moved, 'location')]).toEqual([
    301,
    'https://de.wikipedia.org/wiki/Wikipedia:Hauptseite',
  ]);
});
