import type { Kernel } from '../kernel/kernel.ts';
import type { Segment, SocketAddress } from './socket.ts';

/** A TCP packet as a capture on one of a namespace's interfaces sees it. */
export interface Packet {
  /** ms since 1970. */
  at: number;
  interface: 'eth0' | 'lo';
  direction: 'In' | 'Out';
  source: SocketAddress;
  destination: SocketAddress;
  /** As tcpdump writes them: `S`, `P`, `F`, `R`, and `.` for ACK. */
  flags: string;
  /** 32-bit numbers on the wire. */
  seq: number;
  ack: number;
  window: number;
  /** Timestamp option; a bare RST has none. */
  timestamps: { value: number; echo: number } | undefined;
  segment: Segment | undefined;
  /** Bytes of payload. */
  length: number;
}

export type Tap = (packet: Packet) => void;

export type Side = 'client' | 'server';

/** One end of a connection where it can be captured. */
export interface WireEnd {
  taps: ReadonlySet<Tap>;
  /** What this side calls itself and its peer, in the packets that pass its interface. */
  local: SocketAddress;
  remote: SocketAddress;
}

/** Packets of one connection, for whoever captures at either end. Costs nothing while nobody does. */
export class Wire {
  readonly #kernel: Kernel;
  readonly #ends: Record<Side, WireEnd>;
  readonly #loopback: { answersFrom: SocketAddress } | undefined;

  /**
   * `loopback`: both ends are in one namespace, and every packet is seen once; there conntrack gives answers the address
   * that the client asked for before its packets are sent (POSTROUTING), but requests show where they were redirected to.
   */
  constructor(kernel: Kernel, ends: Record<Side, WireEnd>, loopback: { answersFrom: SocketAddress } | undefined) {
    this.#kernel = kernel;
    this.#ends = ends;
    this.#loopback = loopback;
  }

  /** `from` sends now: its own end sees the packet leave. Offsets count bytes of payload in both directions. */
  leave(from: Side, flags: string, seq: number, ack: number, segment?: Segment, length = 0): void {
    this.#show(from, from, flags, seq, ack, segment, length);
  }

  /** What `from` sent reaches the other end now. */
  arrive(from: Side, flags: string, seq: number, ack: number, segment?: Segment, length = 0): void {
    if (!this.#loopback) this.#show(opposite(from), from, flags, seq, ack, segment, length);
  }

  /** An acknowledgement: nobody waits for it, so its way takes no time. */
  acknowledge(from: Side, seq: number, ack: number): void {
    this.leave(from, '.', seq, ack);
    this.arrive(from, '.', seq, ack);
  }

  #show(
    at: Side,
    from: Side,
    flags: string,
    seq: number,
    ack: number,
    segment: Segment | undefined,
    length: number,
  ): void {
    const { taps, local, remote } = this.#ends[at];
    if (taps.size === 0) return;
    const { source, destination } = this.#addresses(at, from, local, remote);
    const now = this.#kernel.now();
    const refused = flags === 'R.' && seq < 0;
    const syn = flags.startsWith('S');
    const packet: Packet = {
      at: now,
      interface: this.#loopback ? 'lo' : 'eth0',
      direction: at === from && !this.#loopback ? 'Out' : 'In',
      source,
      destination,
      flags,
      seq: refused ? 0 : this.#number(from, seq),
      ack: flags.includes('.') ? this.#number(opposite(from), ack) : 0,
      window: refused ? 0 : syn ? (flags === 'S' ? 64_240 : 65_160) : from === 'client' ? 502 : 509,
      timestamps: refused ? undefined : this.#timestamps(from, flags, now),
      segment,
      length,
    };
    for (const tap of [...taps]) tap(packet);
  }

  #addresses(at: Side, from: Side, local: SocketAddress, remote: SocketAddress) {
    if (!this.#loopback)
      return at === from ? { source: local, destination: remote } : { source: remote, destination: local };
    const { client, server } = this.#ends;
    return from === 'client'
      ? { source: client.local, destination: server.local }
      : { source: this.#loopback.answersFrom, destination: client.local };
  }

  /** Follows from the addresses, so that watching changes nothing that is left to chance. */
  #number(side: Side, offset: number): number {
    const { local, remote } = this.#ends.client;
    return (hash(`${side} ${local.address}:${local.port} ${remote.address}:${remote.port}`) + offset) >>> 0;
  }

  #timestamps(from: Side, flags: string, now: number) {
    const clock = (side: Side) => (hash(`${side} ${this.#ends[side].local.address}`) + Math.floor(now)) >>> 0;
    return { value: clock(from), echo: flags === 'S' ? 0 : clock(opposite(from)) };
  }
}

function opposite(side: Side): Side {
  return side === 'client' ? 'server' : 'client';
}

/** FNV-1a with a last mix, 32 bits. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}
