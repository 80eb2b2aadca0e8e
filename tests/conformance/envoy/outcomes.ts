import type { Circumstances } from './world.ts';

export interface Case {
  name: string;
  from: string;
  command: string;
  exitCode: number;
  httpCode?: number;
  headers?: string[];
  body?: string;
  stdout?: string;
  stderr?: string;
  logs: { proxy: string; line: string; stream?: string }[];
  note?: string;
  config?: string;
}

export interface OutcomeFile {
  scenario: string;
  cases: Case[];
}

/** The words of a command as a shell would split them; undefined where it is more than one simple curl. */
export function curlArguments(command: string): string[] | undefined {
  if (!/^curl /.test(command)) return undefined;
  const words: string[] = [];
  for (const match of command.matchAll(/((?:[^\s"']|"(?:[^"\\]|\\.)*"|'[^']*')+)/g)) {
    const word = (match[1] as string).replace(
      /"((?:[^"\\]|\\.)*)"|'([^']*)'/g,
      (_, double?: string, single?: string) => (double !== undefined ? double.replace(/\\(.)/g, '$1') : (single ?? '')),
    );
    if (/^[;|&]/.test(word) || word.endsWith(';')) return undefined;
    words.push(word);
  }
  return words;
}

/**
 * The circumstances of a case, which the recording does not spell out but shows: a name that led elsewhere is seen in the address that
 * the client called, a proxy that was gone in the case's name.
 */
export function circumstancesOf(entry: Case): Circumstances {
  const circumstances: Circumstances = {};
  const host = /https?:\/\/([a-z][a-z0-9.-]*\.[a-z]+)/.exec(entry.command)?.[1];
  const direct = /--connect-to|--resolve|-x /.test(entry.command);
  const called = entry.logs.map(({ proxy, line }) =>
    proxy === entry.from ? / ([\d.]+):\d+ [\d.]+:\d+ \S+ \S+$/.exec(line)?.[1] : undefined,
  );
  const address = called.find((found) => found !== undefined);
  if (host && !direct && address && /^(192\.0\.2|198\.51\.100|203\.0\.113)\./.test(address)) {
    circumstances.zone = { [host]: [address] };
  }
  if (host && /not resolvable/.test(entry.name)) circumstances.zone = { [host]: [] };
  const gone = /(egress gateway pod|server sidecar) gone/.exec(entry.name)?.[1];
  // The client gave up on an upstream that never took the connection: nobody was there.
  const silent = entry.logs.map(({ line }) => / 0 DC .* "([\d.]+):\d+" \S+ - /.exec(line)?.[1]);
  circumstances.silent = silent.filter((found) => found !== undefined);
  if (gone === 'egress gateway pod') circumstances.stopped = ['istio-system/istio-egressgateway-6bdd4c9f5b-p6l9s'];
  if (gone === 'server sidecar') circumstances.stopped = ['default/httpbin-86b8ffc5ff-xkzqw'];
  return circumstances;
}

/** What varies from run to run, taken out of an access log line. */
export function maskLine(line: string): string {
  const text = line
    .replace(/^\[[^\]]*\]/, '[T]')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
    .replace(/curl\/[\d.]+/g, 'curl/X');
  const parts =
    /^(\[T\] "[^"]*" \d+ \S+ \S+ \S+ "[^"]*") (\d+) (\d+) (\d+) (\S+) (.*?) (\S+) (\S+) (\S+) (\S+) (\S+) (\S+)$/.exec(
      text,
    );
  if (!parts) return text;
  const [
    ,
    head = '',
    received = '',
    sent = '',
    ,
    service = '',
    middle,
    cluster,
    local = '',
    down,
    remote = '',
    sni,
    route,
  ] = parts;
  const tcp = head.includes('"- - -"');
  const bytes = (value: string) => (tcp && value !== '0' ? 'N' : value);
  const port = (value: string) => value.replace(/:\d+$/, ':P');
  const time = service === '-' ? '-' : 'N';
  return [
    head,
    bytes(received),
    bytes(sent),
    'N',
    time,
    middle,
    cluster,
    port(local),
    down,
    port(remote),
    sni,
    route,
  ].join(' ');
}

export function maskHeader(header: string): string {
  return header
    .replace(/^date: .*/i, 'date: D')
    .replace(/^x-envoy-upstream-service-time: .*/, 'x-envoy-upstream-service-time: N')
    .replace(/^(HTTP\/\S+ \d+).*$/, '$1');
}

export function maskBody(body: string): string {
  return body
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
    .replace(/(\d+\.\d+\.\d+\.\d+):\d{5}/g, '$1:P')
    .replace(/Hash=[0-9a-f]{64}/g, 'Hash=H')
    .replace(/curl\/[\d.]+/g, 'curl/X');
}
