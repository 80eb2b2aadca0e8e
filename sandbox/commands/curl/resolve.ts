import { CurlError } from './errors.ts';
import type { Operation } from './options.ts';

interface Pin {
  /** In lower case; `*` for every host. */
  host: string;
  port: number;
  addresses: string[];
  /** `+HOST…`: forgotten as any other entry of the cache is. */
  passing: boolean;
}

/** --resolve [+]HOST:PORT:ADDRESS[,ADDRESS]…; throws `CurlError` 49 for what is none. */
function pins(operation: Operation): Pin[] {
  const found: Pin[] = [];
  for (const entry of operation.values('resolve')) {
    if (entry.startsWith('-')) continue;
    const [, plus, host, port, addresses] = /^(\+)?(\*|[^:]+|\[[^\]]*\]):(\d+):(.+)$/.exec(entry) ?? [];
    const list = addresses?.split(',').map((address) => address.replace(/^\[|\]$/g, '')) ?? [];
    const valid = list.every((address) => /^\d{1,3}(\.\d{1,3}){3}$/.test(address) || address.includes(':'));
    if (host === undefined || list.length === 0 || !valid) {
      throw new CurlError(49, `Couldn't parse CURLOPT_RESOLVE entry '${entry}'`);
    }
    found.push({ host: host.toLowerCase(), port: Number(port), addresses: list, passing: plus !== undefined });
  }
  return found;
}

/** The cache of names as --resolve fills it: `host:port` → addresses. */
export function pinnedAddresses(operations: Operation[]): Map<string, string[]> {
  const all = operations.flatMap(pins);
  return new Map(all.map(({ host, port, addresses }) => [`${host}:${port}`, addresses]));
}

/** What -v says of it when a transfer begins (hostip.c, Curl_loadhostpairs). */
export function pinnedLines(operation: Operation): string[] {
  return pins(operation).flatMap(({ host, port, addresses, passing }) => [
    `Added ${host}:${port}:${addresses.join(',')} to DNS cache${passing ? ' (non-permanent)' : ''}`,
    ...(host === '*' ? [`RESOLVE *:${port} using wildcard`] : []),
  ]);
}
