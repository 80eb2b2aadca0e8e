import type { Address, CidrRange } from '../../../envoy/xds/types.ts';

export const unspecifiedAddress = '0.0.0.0';
export const localhostAddress = '127.0.0.1';
/** Source address of what a sidecar's inbound side sends on to its application. */
export const inboundPassthroughAddress = '127.0.0.6';

const unixPrefix = 'unix://';

export function isUnixAddress(address: string): boolean {
  return address.startsWith(unixPrefix);
}

export function isIpAddress(text: string): boolean {
  return isIpv4(text) || (text.includes(':') && /^[0-9a-fA-F:.]+$/.test(text));
}

export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}

/** A socket address, or a pipe where there is no port. */
export function socketAddress(address: string, port: number): Address {
  if (port === 0) return { pipe: { path: isUnixAddress(address) ? address.slice(unixPrefix.length) : address } };
  return { socketAddress: { address, portValue: port } };
}

/** An address or `address/length` as Envoy's CidrRange; undefined if it is neither. */
export function cidrRange(text: string): CidrRange | undefined {
  const [address = '', length] = text.split('/');
  if (!isIpAddress(address)) return undefined;
  const full = isIpv4(address) ? 32 : 128;
  const prefixLen = length === undefined ? full : Number(length);
  return Number.isInteger(prefixLen) && prefixLen >= 0 && prefixLen <= full
    ? { addressPrefix: address, prefixLen }
    : undefined;
}

/** The bits of a range that count: equal for two ranges of the same addresses. */
export function networkBits({ addressPrefix, prefixLen = 0 }: CidrRange): string {
  const width = isIpv4(addressPrefix) ? 8 : 16;
  const bits = isIpv4(addressPrefix) ? addressPrefix.split('.').map(Number) : ipv6Groups(addressPrefix);
  const text = bits.map((group) => group.toString(2).padStart(width, '0')).join('');
  return `${width} ${text.slice(0, prefixLen)}`;
}

function ipv6Groups(address: string): number[] {
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [head = '', tail] = address.split('::');
  if (tail === undefined) return groups(head);
  const [left, right] = [groups(head), groups(tail)];
  return [...left, ...new Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right];
}

/** `host:port`, with brackets around an IPv6 address. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
