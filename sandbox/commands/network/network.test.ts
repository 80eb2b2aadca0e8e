import { beforeEach, expect, test } from 'vitest';
import { Kernel } from '../../kernel/kernel.ts';
import { decode, encode } from '../../kernel/streams.ts';
import { Network } from '../../network/network.ts';
import type { Connection } from '../../network/socket.ts';
import { programs } from '../index.ts';
import { TestMachine } from '../lib/test-machine.ts';

let machine: TestMachine;

/** Answers each segment in capitals; says goodbye when the client has nothing more. */
async function shout(connection: Connection): Promise<void> {
  for (let segment = await connection.read(); segment; segment = await connection.read()) {
    if (segment.kind === 'bytes')
      connection.write({ kind: 'bytes', bytes: encode(decode(segment.bytes).toUpperCase()) });
  }
  connection.write({ kind: 'bytes', bytes: encode('bye\n') });
  connection.close();
}

beforeEach(() => {
  const kernel = new Kernel({ epoch: 1_768_467_600_000, seed: 7 });
  const network = new Network(kernel);
  const sockets = network.addNamespace({ id: 'client', address: '10.244.0.8' });
  const server = network.addNamespace({ id: 'server', address: '192.0.2.1', latency: 10, outside: true });
  server.listen(9000, (connection) => void shout(connection));
  server.listen(9001, () => {});
  network.setZone(
    'world',
    new Map([
      ['site.example', { ipv4: ['192.0.2.1'] }],
      ['www.site.example', { cname: 'site.example' }],
      ['my-site.default.svc.cluster.local', { cname: 'www.site.example.' }],
    ]),
  );
  machine = new TestMachine(programs, { kernel, sockets });
  machine.files.makeDirectory('/etc', { parents: true });
  machine.files.writeFile('/etc/resolv.conf', encode('nameserver 10.96.0.10\n'));
});

test('nc sends its input, half-closes, and prints what comes until the end', async () => {
  expect(await machine.run(['nc', 'site.example', '9000'], { stdin: 'hello\n' })).toMatchObject({
    status: 0,
    stdout: 'HELLO\nbye\n',
    stderr: '',
  });
});

test('nc -z only tries, -v says how it went', async () => {
  expect(await machine.run(['nc', '-zv', 'site.example', '9000'])).toMatchObject({
    status: 0,
    stdout: '',
    stderr: 'site.example (192.0.2.1:9000) open\n',
  });
  expect(await machine.run(['nc', '-zv', '192.0.2.1', '9999'])).toMatchObject({
    status: 1,
    stderr: 'nc: 192.0.2.1 (192.0.2.1:9999): Connection refused\n',
  });
  expect(await machine.run(['nc', '-z', '192.0.2.1', '9999'])).toMatchObject({ status: 1, stderr: '' });
  expect(await machine.run(['nc', 'nowhere.example', '80'])).toMatchObject({
    status: 1,
    stderr: "nc: bad address 'nowhere.example'\n",
  });
});

test('nc -w gives a silent peer up', async () => {
  const before = machine.kernel.now();
  expect(await machine.run(['nc', '-w', '3', 'site.example', '9001'], { stdin: '' })).toMatchObject({ status: 0 });
  expect(machine.kernel.now() - before).toBeGreaterThanOrEqual(3000);
  expect(machine.kernel.now() - before).toBeLessThan(4000);
});

test('nslookup follows aliases, and shows them alone where they are asked for', async () => {
  const head = 'Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n';
  const chain =
    'my-site.default.svc.cluster.local\tcanonical name = www.site.example\nwww.site.example\tcanonical name = site.example\n';
  const name = 'my-site.default.svc.cluster.local';
  expect(await machine.run(['nslookup', '-type=cname', name])).toMatchObject({
    status: 0,
    stdout: `${head}Non-authoritative answer:\n${chain}\n`,
  });
  expect(await machine.run(['nslookup', '-type=a', name])).toMatchObject({
    status: 0,
    stdout: `${head}Non-authoritative answer:\n${chain}Name:\tsite.example\nAddress: 192.0.2.1\n\n`,
  });
  expect(await machine.run(['nslookup', '-type=cname', 'site.example'])).toMatchObject({
    status: 1,
    stdout: `${head}*** Can't find site.example: No answer\n\n`,
  });
  expect((await machine.run(['nslookup', 'nowhere.example'])).stdout).toContain(
    "server can't find nowhere.example: NXDOMAIN",
  );
});
