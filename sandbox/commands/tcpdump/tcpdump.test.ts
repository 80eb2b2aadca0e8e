import { beforeEach, expect, test } from 'vitest';
import { Kernel } from '../../kernel/kernel.ts';
import { encode } from '../../kernel/streams.ts';
import type { Packet } from '../../network/capture.ts';
import { Network } from '../../network/network.ts';
import type { Connection, NetworkStack } from '../../network/socket.ts';
import { settle } from '../../network/testing.ts';
import { TestMachine } from '../lib/test-machine.ts';
import { packetBytes } from './bytes.ts';
import { compileFilter } from './filter.ts';
import { tcpdump } from './index.ts';

let network: Network;
let client: NetworkStack;
let server: NetworkStack;
let machine: TestMachine;

async function answer(connection: Connection): Promise<void> {
  await connection.read();
  connection.write({ kind: 'bytes', bytes: encode('HTTP/1.1 200 OK\r\n\r\n') });
  connection.close();
}

async function ask(request: string, port = 8080): Promise<void> {
  const connection = await client.connect({ destination: { address: '10.244.0.9', port }, uid: 0 });
  connection.write({ kind: 'bytes', bytes: encode(request) });
  while (await connection.read());
  connection.close();
}

beforeEach(() => {
  const kernel = new Kernel({ epoch: 1_768_467_600_000, seed: 7 });
  network = new Network(kernel);
  network.setLocalRanges(['10.244.0.0/16']);
  client = network.addNamespace({ id: 'client', address: '10.244.0.8' });
  server = network.addNamespace({ id: 'server', address: '10.244.0.9' });
  server.listen(8080, (connection) => void answer(connection));
  machine = new TestMachine({ tcpdump }, { kernel, sockets: server });
});

function packets(stack: NetworkStack, action: () => Promise<void>): Promise<Packet[]> {
  const seen: Packet[] = [];
  const stop = stack.capture((packet) => seen.push(packet));
  return settle(network.kernel, action()).then(() => {
    stop();
    return seen;
  });
}

test('both ends see a connection with the same numbers, each with its own direction', async () => {
  const there = await packets(server, () => ask('GET / HTTP/1.1\r\n\r\n'));
  expect(there.map(({ flags, direction }) => `${direction} ${flags}`)).toEqual([
    'In S',
    'Out S.',
    'In .',
    'In P.',
    'Out .',
    'Out P.',
    'Out F.',
    'In .',
    'In .',
    'In F.',
    'Out .',
  ]);
  const [syn, answered, established, request] = there as [Packet, Packet, Packet, Packet];
  expect(answered.ack).toBe((syn.seq + 1) >>> 0);
  expect(established.seq).toBe((syn.seq + 1) >>> 0);
  expect(established.ack).toBe((answered.seq + 1) >>> 0);
  expect(request).toMatchObject({ source: { address: '10.244.0.8' }, destination: { port: 8080 }, length: 18 });
});

test('a refused connection is a SYN and its RST', async () => {
  const seen = await packets(client, () => ask('', 9).catch(() => {}));
  expect(seen.map(({ flags, direction, length }) => [direction, flags, length])).toEqual([
    ['Out', 'S', 0],
    ['In', 'R.', 0],
  ]);
});

test('watching changes nothing that is left to chance', async () => {
  await packets(server, () => ask('GET / HTTP/1.1\r\n\r\n'));
  const watched = network.kernel.random.save();
  const other = new Kernel({ epoch: 1_768_467_600_000, seed: 7 });
  network = new Network(other);
  network.setLocalRanges(['10.244.0.0/16']);
  client = network.addNamespace({ id: 'client', address: '10.244.0.8' });
  network.addNamespace({ id: 'server', address: '10.244.0.9' }).listen(8080, (connection) => void answer(connection));
  await settle(other, ask('GET / HTTP/1.1\r\n\r\n'));
  expect(other.random.save()).toEqual(watched);
});

test('bytes are a whole IP packet; what is encrypted shows its record header only', () => {
  const packet: Packet = {
    at: 0,
    interface: 'eth0',
    direction: 'In',
    source: { address: '10.244.0.8', port: 40000 },
    destination: { address: '10.244.0.9', port: 8080 },
    flags: 'P.',
    seq: 1,
    ack: 1,
    window: 502,
    timestamps: { value: 1, echo: 1 },
    segment: {
      kind: 'tls',
      record: { type: 'data', inner: { kind: 'bytes', bytes: encode('GET /secret') } },
      size: 33,
    },
    length: 33,
  };
  const { bytes, header } = packetBytes(packet, 1000);
  expect(bytes.length).toBe(20 + 32 + 33);
  expect([...bytes.subarray(header, header + 5)]).toEqual([23, 3, 3, 0, 28]);
  expect(new TextDecoder('latin1').decode(bytes)).not.toContain('secret');
  expect([...bytes.subarray(0, 4)]).toEqual([0x45, 0, 0, 85]);
});

function matching(filter: string, packet: Partial<Packet>): boolean {
  const whole = {
    source: { address: '10.244.0.8', port: 40000 },
    destination: { address: '10.244.0.9', port: 8080 },
    flags: 'P.',
    length: 10,
    ...packet,
  } as Packet;
  return compileFilter(filter, (name) => (name === 'server' ? ['10.244.0.9'] : []))(whole);
}

test.each([
  ['port 8080', true],
  ['src port 8080', false],
  ['dst port 80 or 8080', true],
  ['not port 8080', false],
  ['tcp and (host 10.244.0.8 and not src host 10.244.0.9)', true],
  ['dst host server', true],
  ['src net 10.244.0.0/24 && dst portrange 8000-9000', true],
  ['net 10.244', true],
  ['udp port 8080', false],
  ['tcp[tcpflags] & (tcp-syn|tcp-fin) != 0', false],
  ['tcp[tcpflags] & tcp-push != 0', true],
  ['less 20', false],
  ['', true],
])('filter %s: %s', (filter, expected) => {
  expect(matching(filter, {})).toBe(expected);
});

test.each([
  ['port', "can't parse filter expression: syntax error"],
  ['port 80 and', "can't parse filter expression: syntax error"],
  ['(port 80', "can't parse filter expression: syntax error"],
  ['host nobody', "unknown host 'nobody'"],
  ['port 99999', 'illegal port number 99999 > 65535'],
])('filter %s is an error', (filter, message) => {
  expect(() => matching(filter, {})).toThrow(message);
});

test('prints packets until it has as many as wanted, sequence numbers relative to the first', async () => {
  const running = machine.run(['tcpdump', '-nt', '-c', '4', 'dst', 'port', '8080'], { uid: 0 });
  void network.kernel.sleep(10).then(() => ask('GET /ip HTTP/1.1\r\nHost: a\r\n\r\n'));
  const { status, stdout, stderr } = await running;
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(
    /^IP 10\.244\.0\.8\.\d+ > 10\.244\.0\.9\.8080: Flags \[S\], seq \d+, win 64240, options \[mss 1460,/,
  );
  expect(lines[2]).toMatch(/Flags \[P\.\], seq 1:30, ack \d+, win 502, .*, length 29: HTTP: GET \/ip HTTP\/1\.1$/);
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr:
      'tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n' +
      'listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n' +
      '4 packets captured\n6 packets received by filter\n0 packets dropped by kernel\n',
  });
});

test('needs to be root, and an interface', async () => {
  expect(await machine.run(['tcpdump'], { uid: 1337 })).toMatchObject({
    status: 1,
    stderr:
      "tcpdump: eth0: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)\n",
  });
  expect(await machine.run(['tcpdump', '-i', 'eth9'], { uid: 0 })).toMatchObject({
    status: 1,
    stderr: 'tcpdump: eth9: No such device exists\n(No such device exists)\n',
  });
});
