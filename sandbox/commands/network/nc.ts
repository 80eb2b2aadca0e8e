import { Cancellation } from '../../kernel/cancellation.ts';
import type { Process } from '../../kernel/process.ts';
import { encode } from '../../kernel/streams.ts';
import { isAddress } from '../../network/addresses.ts';
import { type Connection, type NetworkStack, type Segment, SocketError } from '../../network/socket.ts';
import { UsageError } from '../lib/options.ts';
import { Failure, type Invocation, tool } from '../lib/tool.ts';

/** strerror(3) of musl, which BusyBox' images are built with. */
const words: Record<SocketError['code'], string> = {
  ECONNREFUSED: 'Connection refused',
  ETIMEDOUT: 'Operation timed out',
  EHOSTUNREACH: 'Host is unreachable',
  ENETUNREACH: 'Network unreachable',
  ECONNRESET: 'Connection reset by peer',
  EADDRINUSE: 'Address in use',
  EPIPE: 'Broken pipe',
};

/** nc of BusyBox (networking/nc_bloaty.c): TCP, `[-nvz] [-w SEC] HOST PORT` and `-l -p PORT`. */
export const nc = tool({ usage: '[OPTIONS] HOST PORT', short: 'np:lkuvzw:i:' }, async (run) => {
  const { options, process } = run;
  if (options.has('u')) throw new Failure('UDP is not available here');
  const stack = process.machine.sockets as NetworkStack | undefined;
  if (!stack) throw new Failure('socket: Network is unreachable');
  if (options.has('l')) return listen(run, stack);
  const [host, port] = run.operands;
  if (host === undefined || port === undefined) throw new UsageError('HOST PORT');
  const connection = await connect(run, stack, host, portNumber(port));
  if (!connection) return 1;
  if (options.has('z')) {
    connection.close();
    return 0;
  }
  return converse(process, connection, seconds(run));
});

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65535) throw new Failure(`bad port '${text}'`);
  return port;
}

/** -w, in ms. */
function seconds(run: Invocation): number | undefined {
  const given = run.options.value('w');
  return given === undefined ? undefined : Number(given) * 1000;
}

async function connect(
  run: Invocation,
  stack: NetworkStack,
  host: string,
  port: number,
): Promise<Connection | undefined> {
  const { process, options } = run;
  const wait = (promise: Promise<Connection>) => process.cancellation.guard(promise);
  let address = host;
  if (!isAddress(host)) {
    const { ipv4, ipv6 } = options.has('n')
      ? { ipv4: [], ipv6: [] }
      : await process.cancellation.guard(stack.resolve(host));
    const found = ipv4[0] ?? ipv6[0];
    if (found === undefined) throw new Failure(`bad address '${host}'`);
    address = found;
  }
  const timeout = seconds(run);
  const trace = stack.startTrace(`nc ${host} ${port}`);
  try {
    const connection = await wait(
      stack.connect({
        destination: { address, port },
        uid: process.uid,
        trace,
        ...(timeout !== undefined && { timeout }),
      }),
    );
    if (options.has('v')) await process.write(2, `${host} (${address}:${port}) open\n`);
    return connection;
  } catch (error) {
    if (!(error instanceof SocketError)) throw error;
    if (options.has('v')) await process.write(2, `nc: ${host} (${address}:${port}): ${words[error.code]}\n`);
    return undefined;
  }
}

async function listen(run: Invocation, stack: NetworkStack): Promise<number> {
  const { process, options } = run;
  const port = portNumber(options.value('p') ?? run.operands[0] ?? '');
  let accept: (connection: Connection) => void = () => {};
  const first = new Promise<Connection>((resolve) => {
    accept = resolve;
  });
  let stop = () => {};
  try {
    stop = stack.listen(port, (connection) => accept(connection));
  } catch (error) {
    if (!(error instanceof SocketError)) throw error;
    throw new Failure(`bind: ${words[error.code]}`);
  }
  try {
    if (options.has('v')) await process.write(2, `listening on [::]:${port} ...\n`);
    const connection = await process.cancellation.guard(first);
    if (options.has('v')) {
      const { local, remote } = connection;
      await process.write(
        2,
        `connect to [::ffff:${local.address}]:${local.port} from [::ffff:${remote.address}]:${remote.port}\n`,
      );
    }
    return await converse(process, connection, undefined);
  } finally {
    stop();
  }
}

/** Both ways until the peer has nothing more to say; the end of the input ends our half only. */
async function converse(process: Process, connection: Connection, quiet: number | undefined): Promise<number> {
  const silence = new Cancellation();
  let stopWaiting = () => {};
  const listen = () => {
    stopWaiting();
    if (quiet === undefined) return;
    stopWaiting = process.kernel.wakeAt(process.kernel.now() + quiet, () => silence.cancel(new Silence()));
  };
  const off = process.cancellation.onCancel(() => connection.reset());
  const reading = new Cancellation();
  void send(process, connection, reading, listen);
  try {
    for (;;) {
      const segment = await silence.guard(process.cancellation.guard(connection.read()));
      if (!segment) break;
      await process.write(1, bytesOf(segment));
    }
    connection.close();
    return 0;
  } catch (error) {
    if (error instanceof Silence) connection.close();
    else if (!(error instanceof SocketError)) throw error;
    return error instanceof Silence ? 0 : 1;
  } finally {
    off();
    stopWaiting();
    reading.cancel(new Silence());
  }
}

/** Nobody says anything any more. */
class Silence extends Error {}

/** Standard input to the peer. */
async function send(process: Process, connection: Connection, reading: Cancellation, over: () => void): Promise<void> {
  const input = process.fds.get(0);
  try {
    for (let bytes = await input?.read(reading); bytes; bytes = await input?.read(reading)) {
      connection.write({ kind: 'bytes', bytes });
    }
    connection.close();
    over();
  } catch (error) {
    if (!(error instanceof Silence || error instanceof SocketError)) throw error;
  }
}

/** What is no plain text here (TLS records, HTTP/2 frames) has only its length. */
function bytesOf(segment: Segment): Uint8Array {
  return segment.kind === 'bytes' ? segment.bytes : encode('?'.repeat(segment.size));
}
