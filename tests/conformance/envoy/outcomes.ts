import { exponent, modulus, tokenFor } from './tokens.ts';
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
  /** Remarks on how the configuration was changed. */
  configuration?: string[];
  cases: Case[];
}

/** The command with what it takes from the environment. */
export function commandOf(entry: Case): string {
  return entry.command.replaceAll('$TOKEN', tokenFor(entry));
}

/** The words of a command as a shell would split them; undefined where it is more than one simple curl. */
export function curlArguments(command: string): string[] | undefined {
  if (!/^curl /.test(command)) return undefined;
  const words: string[] = [];
  for (const match of command.matchAll(/((?:[^\s"']|"(?:[^"\\]|\\.)*"|'[^']*')+)/g)) {
    const word = (match[1] as string).replace(
      /"((?:[^"\\]|\\.)*)"|'([^']*)'/g,
      (_, double?: string, single?: string) =>
        double !== undefined ? double.replace(/\\(["\\$`])/g, '$1') : (single ?? ''),
    );
    if (/^[;|&]/.test(word) || word.endsWith(';')) return undefined;
    words.push(word);
  }
  return words;
}

/** How cases name what the application does. */
const applications: Record<string, NonNullable<Circumstances['application']>> = {
  'application not listening': 'stopped',
  'application resets': 'reset',
  'application closes': 'close',
  'application cuts': 'half',
  'application answers no HTTP': 'garbage',
  'application never answers': 'mute',
};

/**
 * The circumstances of a case, which the recording does not spell out but shows: a name that led elsewhere is seen in the address that
 * the client called, a proxy that was gone in the case's name.
 */
export function circumstancesOf(file: OutcomeFile, entry: Case): Circumstances {
  const circumstances: Circumstances = { replace: replacements(file, entry) };
  const server = /(?:^|server )([a-z0-9-]+)(?:,|$)/.exec(entry.config ?? '')?.[1];
  if (entry.config?.includes('server ') && server) circumstances.serverScenario = server;
  else if (server) circumstances.scenario = server;
  if (file.scenario.includes('network-policy')) circumstances.policy = true;
  if (/without a sidecar/.test(entry.name)) circumstances.bare = entry.from;
  if (/endpoints emptied|endpoints .*emptied/.test(`${file.configuration} ${entry.config}`)) {
    circumstances.emptied = entry.logs.flatMap(({ line }) =>
      / 0 UH .*| UH no_healthy/.test(line) ? (/ (outbound\|\S+) - /.exec(line)?.[1] ?? []) : [],
    );
  }
  const gateway = /names resolved to the gateway pod (\S+) with/.exec(entry.note ?? '')?.[1];
  const named = /https?:\/\/([a-z][a-z0-9.-]*)/.exec(entry.command)?.[1];
  if (gateway && named) circumstances.zone = { [named]: [gateway] };
  const host = /https?:\/\/([a-z][a-z0-9.-]*\.[a-z]+)/.exec(entry.command)?.[1];
  const direct = /--connect-to|--resolve|-x /.test(entry.command);
  const called = gateway
    ? []
    : entry.logs.map(({ proxy, line }) =>
        proxy === entry.from ? / ([\d.]+):\d+ [\d.]+:\d+ \S+ \S+$/.exec(line)?.[1] : undefined,
      );
  const address = called.find((found) => found !== undefined);
  if (host && !direct && address && /^(192\.0\.2|198\.51\.100|203\.0\.113)\./.test(address)) {
    circumstances.zone = { [host]: [address] };
  }
  // A service of the scenario that its objects leave to an address outside.
  const short = /https?:\/\/([a-z][a-z0-9-]*)[:/]/.exec(entry.command)?.[1];
  if (short && !direct && address?.startsWith('192.0.2.')) {
    circumstances.zone = { [`${short}.${entry.from.split('/')[0]}.svc.cluster.local`]: [address] };
  }
  const application = Object.entries(applications).find(([words]) => entry.name.includes(words))?.[1];
  if (file.scenario === 'seed-004-allow-any' && application) circumstances.application = application;
  if (host && /not resolvable/.test(entry.name)) circumstances.zone = { [host]: [] };
  const gone = /(egress gateway pod|server sidecar) gone/.exec(entry.name)?.[1];
  // The client gave up on an upstream that never took the connection: nobody was there.
  const silent = entry.logs.map(({ line }) => / 0 DC .* "([\d.]+):\d+" \S+ - /.exec(line)?.[1]);
  circumstances.silent = silent.filter((found) => found !== undefined);
  if (gone === 'egress gateway pod') circumstances.stopped = ['istio-system/istio-egressgateway-6bdd4c9f5b-p6l9s'];
  if (gone === 'server sidecar') circumstances.stopped = ['default/httpbin-86b8ffc5ff-xkzqw'];
  return circumstances;
}

/** Of the key in Istio's own samples. */
const recordedModulus =
  'xAE7eB6qugXyCAG3yhh7pkDkT65pHymX-P7KfIupjf59vsdo91bSP9C8H07pSAGQO1MV_xFj9VswgsCg4R6otmg5PV2He95lZdHtOcU5DXIg_pbhLdKXbi66GlVeK6ABZOUW3WYtnNHD-91gVuoeJT_DwtGGcp4ignkgXfkiEm4sw-4sfb4qdt5oLbyVpmW6x9cfa7vs2WTfURiCrBoUqgBo_-4WTiULmmHSGZHOjzwa8WtrtOQGsAFjIbno85jp6MnGGGZPYZbDAa_b3y5u-YpW7ypZrvD8BgtKVjgtQgZhLAGezMt0ua3DRrWnKqTZ0BJ_EyxOGuHJrLsn00fnMQ';

/** Texts of the configuration that the recording replaced, as its remarks say. */
function replacements(file: OutcomeFile, entry: Case): [from: string, to: string][] {
  const pairs: [string, string][] = [];
  for (const remark of file.configuration ?? []) {
    const two = /addresses (\S+) and (\S+) replaced by (\S+) and (\S+)/.exec(remark);
    if (two) pairs.push([two[1] as string, two[3] as string], [two[2] as string, two[4] as string]);
    if (/JWKS replaced/.test(remark))
      pairs.push([recordedModulus, modulus], ['\\"e\\":\\"AQAB', `\\"e\\":\\"${exponent}`]);
    if (!/forward proxy endpoint/.test(remark)) continue;
    const met = entry.logs.map(({ line }) => /"([\d.]+):3128" outbound\|3080/.exec(line)?.[1]).find((found) => found);
    if (met) pairs.push(['"address":"192.0.2.99","portValue":3080', `"address":"${met}","portValue":3128`]);
  }
  return pairs;
}

/** What varies from run to run, taken out of an access log line. */
export function maskLine(line: string): string {
  const text = line
    .replace(/^\[[^\]]*\]/, '[T]')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
    .replace(/curl\/[\d.]+/g, 'curl/X')
    .replace(/"start":"[^"]*"/, '"start":"T"');
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
