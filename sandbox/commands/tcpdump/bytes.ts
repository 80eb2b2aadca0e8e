import { concat, encode } from '../../kernel/streams.ts';
import { parseIPv4 } from '../../network/addresses.ts';
import { hash, type Packet } from '../../network/capture.ts';
import type { Segment, TlsRecord } from '../../network/socket.ts';

/** A packet from its IP header on, with correct checksums. What no program here ever made bytes of is noise behind true headers. */
export function packetBytes(packet: Packet, limit: number): { bytes: Uint8Array; header: number; id: number } {
  const options = tcpOptions(packet);
  const payload = packet.segment ? segmentBytes(packet.segment, packet.seq) : new Uint8Array(0);
  const header = 20 + 20 + options.length;
  const id = hash(`${packet.source.address} ${packet.seq} ${packet.ack} ${packet.flags}`) & 0xffff;
  const source = addressBytes(packet.source.address);
  const destination = addressBytes(packet.destination.address);
  const ip = Uint8Array.from([
    ...[0x45, 0, ...two(header + payload.length), ...two(id), 0x40, 0, 64, 6, 0, 0],
    ...source,
    ...destination,
  ]);
  ip.set(two(checksum(ip)), 10);
  const tcp = concat([
    Uint8Array.from([
      ...two(packet.source.port),
      ...two(packet.destination.port),
      ...four(packet.seq),
      ...four(packet.ack),
      ((20 + options.length) / 4) << 4,
      flagBits(packet.flags),
      ...two(packet.window),
      ...[0, 0, 0, 0],
      ...options,
    ]),
    payload,
  ]);
  const pseudo = Uint8Array.from([...source, ...destination, 0, 6, ...two(tcp.length)]);
  tcp.set(two(checksum(concat([pseudo, tcp]))), 16);
  return { bytes: concat([ip, tcp]).subarray(0, limit), header, id };
}

/** The TCP checksum of `packetBytes`' result. */
export function tcpChecksum(bytes: Uint8Array): number {
  return ((bytes[36] ?? 0) << 8) | (bytes[37] ?? 0);
}

function tcpOptions({ flags, timestamps }: Packet): number[] {
  if (!timestamps) return [];
  const times = [8, 10, ...four(timestamps.value), ...four(timestamps.echo)];
  return flags.startsWith('S') ? [2, 4, ...two(1460), 4, 2, ...times, 1, 3, 3, 7] : [1, 1, ...times];
}

function flagBits(flags: string): number {
  const bits: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, '.': 16 };
  return [...flags].reduce((sum, flag) => sum | (bits[flag] ?? 0), 0);
}

function addressBytes(address: string): number[] {
  return four(parseIPv4(address) ?? 0);
}

function two(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff];
}

function four(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) sum += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** What a segment looks like on the wire, in as many bytes as it has there. */
export function segmentBytes(segment: Segment, seed: number): Uint8Array {
  if (segment.kind === 'bytes') return segment.bytes;
  const head =
    segment.kind === 'tls' ? recordHead(segment.record, segment.size) : frameHead(segment.frame, segment.size);
  const bytes = noise(segment.size, seed);
  bytes.set(head.subarray(0, segment.size));
  return bytes;
}

/** Record header, and of a ClientHello what is not encrypted: the version, the server's name and the protocols. */
function recordHead(record: TlsRecord, size: number): Uint8Array {
  const plain = (type: number, minor: number) => Uint8Array.from([type, 3, minor, ...two(size - 5)]);
  switch (record.type) {
    case 'clientHello': {
      const name = encode(record.sni ?? '');
      const sni = [0, 0, ...two(name.length + 5), ...two(name.length + 3), 0, ...two(name.length), ...name];
      const protocols = record.alpn.flatMap((protocol) => [protocol.length, ...encode(protocol)]);
      const alpn = [0, 16, ...two(protocols.length + 2), ...two(protocols.length), ...protocols];
      const extensions = [...(record.sni === undefined ? [] : sni), ...(record.alpn.length > 0 ? alpn : [])];
      const ciphers = [0, 6, 0x13, 1, 0x13, 2, 0x13, 3, 1, 0];
      const random = [...noise(32, hash(`${record.sni} ${size}`))];
      const padding = size - 9 - 2 - 32 - 1 - ciphers.length - 2 - extensions.length - 4;
      const filled = [...extensions, 0, 21, ...two(padding), ...new Uint8Array(Math.max(0, padding))];
      const body = [3, 3, ...random, 0, ...ciphers, ...two(filled.length), ...filled];
      return concat([plain(22, 1), Uint8Array.from([1, 0, ...two(body.length), ...body])]);
    }
    case 'serverHello':
      return Uint8Array.from([22, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3]);
    case 'finished':
      return Uint8Array.from([20, 3, 3, 0, 1, 1, 23, 3, 3, ...two(size - 11)]);
    case 'alert':
      return plain(23, 3);
    case 'data':
      return plain(23, 3);
  }
}

const frameTypes: Record<string, number> = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
};

function frameHead(frame: (Segment & { kind: 'h2' })['frame'], size: number): Uint8Array {
  if (frame.type === 'preface') return encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const end = 'endStream' in frame && frame.endStream ? 1 : 0;
  const flags = frame.type === 'headers' ? 4 | end : end;
  const stream = 'stream' in frame ? frame.stream : 0;
  const length = Math.max(0, size - 9);
  const head = Uint8Array.from([0, ...two(length), frameTypes[frame.type] ?? 0, flags, ...four(stream)]);
  return frame.type === 'data' ? concat([head, frame.bytes]) : head;
}

/** Bytes that look like anything (xorshift32). */
function noise(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, size));
  let state = seed || 1;
  for (let index = 0; index < bytes.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state & 0xff;
  }
  return bytes;
}
