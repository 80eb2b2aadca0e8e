import { describe, expect, it } from 'vitest';
import { advance } from '../kernel/drivers.ts';
import { decode } from '../kernel/streams.ts';
import { httpClient } from '../network/http-client.ts';
import { settle } from '../network/testing.ts';
import type { Trace } from '../network/trace.ts';
import { TestWorld } from './testing.ts';
import type { Route } from './xds/types.ts';

const toServer: Route = { name: 'default', match: { prefix: '/' }, route: { cluster: 'server', timeout: '0s' } };

async function get(
  world: TestWorld,
  path: string,
  trace?: Trace,
): Promise<{ status: number; body: string; port: number }> {
  const stack = world.network.namespace('default/client');
  if (!stack) throw new Error('no client');
  const attempt = async () => {
    const connection = await stack.connect({
      destination: { address: '192.0.2.1', port: 80 },
      uid: 0,
      ...(trace && { trace }),
    });
    const client = httpClient(connection, 'HTTP/1.1');
    const request = {
      method: 'GET',
      authority: 'server',
      target: path,
      scheme: 'http' as const,
      protocol: 'HTTP/1.1' as const,
      headers: [],
      body: new Uint8Array(0),
    };
    const response = await client.exchange(request, trace);
    client.close();
    return { status: response.status, body: decode(response.body), port: connection.local.port };
  };
  return settle(world.kernel, attempt());
}

async function flush(world: TestWorld): Promise<string[]> {
  await advance(world.kernel, 2000, async () => {
    for (let round = 0; round < 300; round++) await undefined;
  });
  const { lines } = world;
  world.lines = [];
  return lines;
}

describe('a sidecar that calls a sidecar', () => {
  it('forwards, logs on both sides, and keeps its upstream connections', async () => {
    const world = new TestWorld([toServer]);
    expect(await get(world, '/a')).toMatchObject({ status: 200, body: 'ok' });
    expect(await get(world, '/b')).toMatchObject({ status: 200 });
    expect(world.lines).toEqual([]);
    const lines = await flush(world);
    expect(lines.map((line) => line.split(' ').slice(0, 5).join(' ')).sort()).toEqual([
      'default/client GET /a 200 -',
      'default/client GET /b 200 -',
      'default/server GET /a 200 -',
      'default/server GET /b 200 -',
    ]);
    const upstream = lines.map((line) => line.split(' ')[5]);
    expect(new Set(upstream).size).toBe(2);
  });

  it('goes on after a restore as if nothing had happened', async () => {
    const paths = Array.from({ length: 12 }, (_, index) => `/${index}`);
    const world = new TestWorld([toServer]);
    const transcript: unknown[] = [];
    const saved: string[] = [];
    for (const path of paths) {
      saved.push(JSON.stringify(world.save()));
      transcript.push(await get(world, path), path.length % 2 ? await flush(world) : []);
    }
    for (const [start, state] of saved.entries()) {
      const restored = new TestWorld([toServer], JSON.parse(state));
      const rest: unknown[] = [];
      for (const path of paths.slice(start))
        rest.push(await get(restored, path), path.length % 2 ? await flush(restored) : []);
      expect(rest).toEqual(transcript.slice(2 * start));
    }
  });

  it('retries what the route says, and no more', async () => {
    const retryPolicy = { retryOn: '5xx', numRetries: 2 };
    const world = new TestWorld([{ match: { prefix: '/' }, route: { cluster: 'server', retryPolicy } }]);
    let asked = 0;
    world.answer = () => ({ status: ++asked < 3 ? 503 : 200 });
    expect((await get(world, '/')).status).toBe(200);
    expect(asked).toBe(3);
    asked = -10;
    expect((await get(world, '/')).status).toBe(503);
    expect(asked).toBe(-7);
    expect((await flush(world)).filter((line) => line.includes('503 URX'))).toHaveLength(1);
  });

  it('gives up after the route its time', async () => {
    const world = new TestWorld([{ match: { prefix: '/' }, route: { cluster: 'server', timeout: '1s' } }]);
    world.answer = () => ({ status: 200, delay: 5000 });
    expect(await get(world, '/')).toMatchObject({ status: 504, body: 'upstream request timeout' });
    const lines = await flush(world);
    expect(lines.some((line) => /^default\/client GET \/ 504 UT \S+ 1000 /.test(line))).toBe(true);
    expect(lines.some((line) => /^default\/server GET \/ 0 DC /.test(line))).toBe(true);
  });

  it('answers itself where there is no route, no cluster or no host', async () => {
    const world = new TestWorld([
      { match: { prefix: '/none' }, route: { cluster: 'nobody' } },
      { match: { prefix: '/gone' }, route: { cluster: 'unknown' } },
    ]);
    expect(await get(world, '/none')).toMatchObject({ status: 503, body: 'no healthy upstream' });
    expect(await get(world, '/gone')).toMatchObject({ status: 503, body: '' });
    expect(await get(world, '/else')).toMatchObject({ status: 404, body: '' });
    const flags = (await flush(world)).map((line) => line.split(' ')[4]);
    expect(flags).toEqual(['UH', 'NC', 'NR']);
  });

  it('leaves the decisions of every hop in the trace of the request', async () => {
    const world = new TestWorld([toServer]);
    const stack = world.network.namespace('default/client');
    if (!stack) throw new Error('no client');
    const trace = stack.startTrace('GET http://server/');
    await get(world, '/', trace);
    const decisions = trace.hops.map(({ where, layer, decision }) => `${where} ${layer} ${decision}`);
    expect(decisions).toEqual(
      expect.arrayContaining([
        'default/client iptables redirected',
        'default/client route route-matched',
        'default/client endpoint host-chosen',
        'default/server iptables redirected',
        'default/server route route-matched',
        'default/server response answered',
      ]),
    );
    expect(world.network.traces.at(-1)).toBe(trace);
  });

  it('carries a thousand requests in well under a second', async () => {
    const world = new TestWorld([toServer]);
    const stack = world.network.namespace('default/client');
    for (let count = 0; count < 1000; count++) expect((await get(world, `/${count}`)).status).toBe(200);
    expect(await flush(world)).toHaveLength(2000);
    expect(stack).toBeDefined();
  });
});
