import { describe, expect, it } from 'vitest';
import { Kernel } from '../kernel/kernel.ts';
import { decode, encode } from '../kernel/streams.ts';
import { httpClient } from './http-client.ts';
import { serveHttp } from './http-server.ts';
import { istioRules } from './iptables.ts';
import { Network } from './network.ts';
import type { CertificateChain, Connection } from './socket.ts';
import { settle } from './testing.ts';
import { type TlsError, tlsAccept, tlsConnect } from './tls.ts';

function world() {
  const kernel = new Kernel({ epoch: 1_800_000_000_000, seed: 7 });
  const network = new Network(kernel);
  const run = <T>(task: Promise<T>) => settle(kernel, task);
  const a = network.addNamespace({ id: 'default/a', address: '10.244.0.8' });
  const b = network.addNamespace({ id: 'default/b', address: '10.244.0.9' });
  const outside = network.addNamespace({ id: 'example.org', address: '192.0.2.1', latency: 10, outside: true });
  return { kernel, network, run, a, b, outside };
}

const certificate: CertificateChain = {
  subject: 'CN=example.org',
  issuer: 'CN=R1',
  subjectAltNames: ['example.org'],
  notBefore: 0,
  notAfter: 2_000_000_000_000,
  root: 'R1',
};

function request(target: string) {
  return {
    method: 'GET',
    authority: 'b:80',
    target,
    scheme: 'http' as const,
    protocol: 'HTTP/1.1' as const,
    headers: [],
    body: new Uint8Array(0),
  };
}

describe('connections', () => {
  it('refuses where nobody listens and times out where nothing is', async () => {
    const { kernel, run, a, outside } = world();
    const to = (address: string, timeout?: number) =>
      a
        .connect({ destination: { address, port: 80 }, uid: 0, ...(timeout !== undefined && { timeout }) })
        .catch((error: { code: string }) => error.code);
    expect(await run(to(outside.address))).toBe('ECONNREFUSED');
    expect(await run(to('127.0.0.1'))).toBe('ECONNREFUSED');
    expect(await run(to('2001:db8::1'))).toBe('ENETUNREACH');
    const start = kernel.now();
    expect(await run(to('203.0.113.1', 4000))).toBe('ETIMEDOUT');
    expect(kernel.now() - start).toBe(4000);
    expect(await run(to('203.0.113.1'))).toBe('ETIMEDOUT');
    expect(kernel.now() - start).toBe(131_000);
  });

  it('speaks both versions of HTTP, and rests in between with its ports kept', async () => {
    const { run, a, b } = world();
    const seen: string[] = [];
    b.listen(80, (connection) => {
      void serveHttp(connection, (asked) => {
        seen.push(`${asked.protocol} ${asked.target} ${connection.remote.port}`);
        return { status: 200, protocol: asked.protocol, headers: [], body: encode('hello') };
      });
    });
    for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
      const connection = await run(a.connect({ destination: { address: b.address, port: 80 }, uid: 0 }));
      const first = httpClient(connection, protocol);
      expect(decode((await run(first.exchange(request('/1')))).body)).toBe('hello');
      const resting = connection.rest();
      const copy = JSON.parse(JSON.stringify(resting)) as NonNullable<typeof resting>;
      const second = httpClient(a.resume(copy) as Connection, protocol);
      expect((await run(second.exchange(request('/2')))).status).toBe(200);
      expect(second.connection.local).toEqual(connection.local);
      second.close();
    }
    expect(seen.map((line) => line.replace(/ \d+$/, ''))).toEqual([
      'HTTP/1.1 /1',
      'HTTP/1.1 /2',
      'HTTP/2 /1',
      'HTTP/2 /2',
    ]);
  });

  it('is sent to the proxy by istio-iptables, but for the proxy itself', async () => {
    const { network, run, a, b } = world();
    network.setIptables(a.id, istioRules());
    network.setIptables(b.id, istioRules());
    const accepted: string[] = [];
    const listen = (stack: typeof a, port: number) =>
      stack.listen(port, (connection) => {
        const { originalDestination: original, remote } = connection;
        accepted.push(`${stack.id} ${port} ${remote.address} ${original.address}:${original.port}`);
        connection.close();
      });
    for (const [stack, port] of [
      [a, 15001],
      [b, 15006],
      [b, 8080],
      [b, 15021],
    ] as const)
      listen(stack, port);
    const connect = (stack: typeof a, address: string, port: number, uid: number, source?: string) =>
      run(
        stack.connect({ destination: { address, port }, uid, ...(source && { source: { address: source, port: 0 } }) }),
      );
    await connect(a, '192.0.2.1', 80, 0);
    await connect(a, b.address, 8080, 1337);
    await connect(a, b.address, 15021, 1337);
    await connect(b, b.address, 8080, 1337, '127.0.0.6');
    await connect(b, b.address, 8080, 1337);
    await connect(b, '127.0.0.1', 8080, 0);
    expect(accepted).toEqual([
      'default/a 15001 10.244.0.8 192.0.2.1:80',
      'default/b 15006 10.244.0.8 10.244.0.9:8080',
      'default/b 15021 10.244.0.8 10.244.0.9:15021',
      'default/b 8080 127.0.0.6 10.244.0.9:8080',
      'default/b 15006 10.244.0.9 10.244.0.9:8080',
      'default/b 8080 127.0.0.1 127.0.0.1:8080',
    ]);
  });

  it('reaches services by kube-proxy, and refuses those without endpoints', async () => {
    const { network, run, a, b } = world();
    b.listen(8080, (connection) => connection.close());
    const entry = { address: '10.96.0.20', protocol: 'TCP' as const, service: 'default/b' };
    network.setServices([
      { ...entry, port: 80, backends: [{ address: b.address, port: 8080 }] },
      { ...entry, port: 81, backends: [] },
    ]);
    const connect = (port: number) => run(a.connect({ destination: { address: '10.96.0.20', port }, uid: 0 }));
    expect((await connect(80)).remote).toEqual({ address: '10.96.0.20', port: 80 });
    await expect(connect(81)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('names', () => {
  it('are searched for by resolv.conf', async () => {
    const { network, run } = world();
    network.addNamespace({ id: 'kube-system/dns', address: '10.244.0.2' });
    const backends = [{ address: '10.244.0.2', port: 53 }];
    network.setServices([
      { address: '10.96.0.10', port: 53, protocol: 'UDP', service: 'kube-system/kube-dns', backends },
    ]);
    network.setZone('cluster.local', new Map([['b.default.svc.cluster.local', { ipv4: ['10.96.0.20'] }]]));
    network.setZone('world', new Map([['example.org', { ipv4: ['192.0.2.1'] }]]));
    const pod = network.addNamespace({
      id: 'default/c',
      address: '10.244.0.11',
      resolvConf:
        'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
    });
    expect((await run(pod.resolve('b'))).ipv4).toEqual(['10.96.0.20']);
    expect((await run(pod.resolve('b.default'))).ipv4).toEqual(['10.96.0.20']);
    expect((await run(pod.resolve('example.org'))).ipv4).toEqual(['192.0.2.1']);
    expect((await run(pod.resolve('b.foo'))).ipv4).toEqual([]);
  });
});

describe('TLS', () => {
  it('checks the certificate by name, root and date', async () => {
    const { kernel, run, a, b } = world();
    b.listen(443, (connection) => {
      void tlsAccept(connection, { certificate: () => certificate, alpn: ['h2'] }).then(
        (secure) =>
          serveHttp(secure, () => ({ status: 204, protocol: 'HTTP/2', headers: [], body: new Uint8Array(0) })),
        () => {},
      );
    });
    const attempt = async (name: string, roots: string[]) => {
      const connection = await a.connect({ destination: { address: b.address, port: 443 }, uid: 0 });
      const secure = await tlsConnect(connection, {
        sni: name,
        alpn: ['h2', 'http/1.1'],
        verify: { roots, name, now: kernel.now() },
      });
      return [secure.session.alpn, (await httpClient(secure, 'HTTP/2').exchange(request('/'))).status];
    };
    expect(await run(attempt('example.org', ['R1']))).toEqual(['h2', 204]);
    await expect(run(attempt('example.com', ['R1']))).rejects.toMatchObject({ fault: 'name-mismatch' });
    await expect(run(attempt('example.org', ['R2']))).rejects.toMatchObject({ fault: 'unknown-ca' });
  });

  it('tells a plain server from one that hangs up', async () => {
    const { run, a, b } = world();
    b.listen(80, (connection) => {
      void serveHttp(connection, () => ({ status: 200, protocol: 'HTTP/1.1', headers: [], body: new Uint8Array(0) }));
    });
    b.listen(81, (connection) => connection.close());
    const attempt = async (port: number) => {
      const connection = await a.connect({ destination: { address: b.address, port }, uid: 0 });
      return tlsConnect(connection, { sni: 'b' }).catch((error: unknown) => (error as TlsError).code);
    };
    expect(await run(attempt(80))).toBe('not-tls');
    expect(await run(attempt(81))).toBe('closed');
  });
});
