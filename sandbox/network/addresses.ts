/** IPv4 arithmetic and the classes of addresses that routing and proxies ask for. */

/** The 32-bit number of a dotted quad, or undefined if it is none. */
export function parseIPv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  let value = 0;
  for (let part = 1; part <= 4; part++) {
    const octet = Number(match[part]);
    if (octet > 255) return undefined;
    value = value * 256 + octet;
  }
  return value;
}

export function isIPv6(text: string): boolean {
  return text.includes(':');
}

export function isAddress(text: string): boolean {
  return isIPv6(text) || parseIPv4(text) !== undefined;
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

export interface Cidr {
  address: string;
  length: number;
}

/** `10.0.0.0/8`, or one address; undefined if it is neither. IPv6 ranges are kept as text. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', length] = text.split('/');
  if (!isAddress(address)) return undefined;
  const longest = isIPv6(address) ? 128 : 32;
  const bits = length === undefined ? longest : Number(length);
  return Number.isInteger(bits) && bits >= 0 && bits <= longest ? { address, length: bits } : undefined;
}

/** Does the range hold the address? IPv6 ranges other than `::/0` only hold their own address. */
export function cidrContains(range: Cidr, address: string): boolean {
  if (isIPv6(range.address) || isIPv6(address)) {
    if (isIPv6(range.address) !== isIPv6(address)) return false;
    return range.length === 0 || range.address === address;
  }
  const [left, right] = [parseIPv4(range.address), parseIPv4(address)];
  if (left === undefined || right === undefined) return false;
  const size = 2 ** (32 - range.length);
  return Math.floor(left / size) === Math.floor(right / size);
}

/** `address:port`, IPv6 in brackets. */
export function formatAddress(address: { address: string; port: number }): string {
  return isIPv6(address.address) ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}
