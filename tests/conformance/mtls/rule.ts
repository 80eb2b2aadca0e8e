/**
 * What a call must come to, by the rules of Istio's security documentation and of Envoy alone: who wins among the
 * PeerAuthentications, what the client's proxy speaks, and how the server's filter chains take it. The words of the
 * failures are those of Envoy's response flags, response code details and BoringSSL errors.
 */

export type Mode = 'PERMISSIVE' | 'STRICT' | 'DISABLE';
export type Level = 'mesh' | 'namespace' | 'workload' | 'port';
export type Policies = Partial<Record<Level, Mode | 'UNSET'>>;
export type ClientTls = 'none' | 'DISABLE' | 'SIMPLE' | 'ISTIO_MUTUAL';

/** The narrowest level that says a mode wins; UNSET inherits; nothing said at all is PERMISSIVE. */
export function effectiveMode(policies: Policies): Mode {
  for (const level of ['port', 'workload', 'namespace', 'mesh'] as const) {
    const mode = policies[level];
    if (mode && mode !== 'UNSET') return mode;
  }
  return 'PERMISSIVE';
}

/** How the client's proxy speaks: auto mTLS looks at the endpoint, a DestinationRule's mode stands as it is. */
export function spoken(rule: ClientTls, server: Mode | 'no sidecar'): 'plain' | 'tls' | 'mutual' {
  if (rule === 'none') return server === 'DISABLE' || server === 'no sidecar' ? 'plain' : 'mutual';
  return ({ DISABLE: 'plain', SIMPLE: 'tls', ISTIO_MUTUAL: 'mutual' } as const)[rule];
}

/** The fields of an access-log line that the rule settles. */
export interface Line {
  request: string;
  status: number;
  flags: string;
  details: string | RegExp;
  cluster: string;
  sni: string;
}

export interface Expected {
  exitCode: number;
  status: string;
  /** Whether the application sees X-Forwarded-Client-Cert; undefined where no answer comes from it. */
  clientCertificate?: boolean;
  client: Line[];
  server: Line[];
}

export interface Call {
  /** Whether the client has a sidecar, and its DestinationRule if it has. */
  client: 'no sidecar' | ClientTls;
  server: Mode | 'no sidecar';
  host: string;
  namespace: string;
  port: number;
  targetPort: number;
  path: string;
}

/** A first attempt and two retries: Istio's default policy retries what failed while connecting. */
const attempts = 3;

function tlsFailure(word: string): RegExp {
  return new RegExp(`^upstream_reset_before_response_started\\{remote_connection_failure\\|TLS_error:.*${word}.*\\}$`);
}

/** TLS that is not mutual, or not wanted: what the client finds wrong with the handshake. */
function handshakeFailure(speaks: 'tls' | 'mutual', server: Call['server']): RegExp | undefined {
  // The server answers the ClientHello in plain HTTP.
  if (server === 'DISABLE' || server === 'no sidecar') return tlsFailure('WRONG_VERSION_NUMBER');
  if (speaks === 'mutual') return undefined;
  // Without Istio's ALPN no filter chain of a PERMISSIVE listener matches TLS; a STRICT one takes any TLS, and its
  // certificate is of the mesh's authority, which is none of the system's.
  return tlsFailure(server === 'PERMISSIVE' ? 'Connection_reset_by_peer' : 'CERTIFICATE_VERIFY_FAILED');
}

export function expected(call: Call): Expected {
  const { client, server, path } = call;
  const speaks = client === 'no sidecar' ? 'plain' : spoken(client, server);
  const request = `GET ${path} HTTP/1.1`;
  const line = (status: number, flags: string, details: string | RegExp): Line => ({
    request,
    status,
    flags,
    details,
    cluster: `outbound|${call.port}||${call.host}`,
    sni: '-',
  });
  const unmatched = (sni: string): Line => ({
    request: '- - -',
    status: 0,
    flags: 'NR',
    details: 'filter_chain_not_found',
    cluster: '-',
    sni,
  });
  const own = (entry: Line): Line[] => (client === 'no sidecar' ? [] : [entry]);

  if (speaks === 'plain' && server === 'STRICT') {
    const reset = line(503, 'UC', 'upstream_reset_before_response_started{connection_termination}');
    const answer = client === 'no sidecar' ? { exitCode: 56, status: '000' } : { exitCode: 0, status: '503' };
    return { ...answer, client: own(reset), server: [unmatched('-')] };
  }
  const failure = speaks === 'plain' ? undefined : handshakeFailure(speaks, server);
  if (failure) {
    const refused: Line[] = [];
    if (server === 'PERMISSIVE') {
      // The name that the request's authority has, without its port: auto_sni.
      for (let attempt = 0; attempt < attempts; attempt++) refused.push(unmatched(`httpbin.${call.namespace}`));
    } else if (server === 'DISABLE') {
      const garbled = { ...line(400, 'DPE', 'http1.codec_error'), request: '- - HTTP/1.1', cluster: '-' };
      for (let attempt = 0; attempt < attempts; attempt++) refused.push(garbled);
    }
    return { exitCode: 0, status: '503', client: own(line(503, 'URX,UF', failure)), server: refused };
  }
  const answered = line(200, '-', 'via_upstream');
  const inbound = {
    ...answered,
    cluster: `inbound|${call.targetPort}||`,
    sni: speaks === 'mutual' ? `outbound_.${call.port}_._.${call.host}` : '-',
  };
  return {
    exitCode: 0,
    status: '200',
    clientCertificate: speaks === 'mutual' && server !== 'no sidecar',
    client: own(answered),
    server: server === 'no sidecar' ? [] : [inbound],
  };
}

const columns = { request: 0, status: 1, flags: 2, details: 3, cluster: 15, sni: 19 } as const;

/** The fields of a line of Istio's default access log. */
export function readLine(text: string): Omit<Line, 'details'> & { details: string } {
  const fields = text.slice(text.indexOf(']') + 1).match(/"[^"]*"|\S+/g) ?? [];
  const field = (name: keyof typeof columns) => (fields[columns[name]] ?? '').replace(/^"(.*)"$/, '$1');
  return {
    request: field('request'),
    status: Number(field('status')),
    flags: field('flags'),
    details: field('details'),
    cluster: field('cluster'),
    sni: field('sni'),
  };
}
