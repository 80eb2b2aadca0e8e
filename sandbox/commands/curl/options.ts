/** Options of curl 8.16 that do something here, long names; those of a letter have it behind a comma. */
const switches =
  'basic buffer,N compressed fail,f fail-early fail-with-body follow get,G globoff,g head,I http0.9 http1.0,0 http1.1 ' +
  'http2 http2-prior-knowledge include insecure,k ipv4,4 ipv6,6 keepalive location,L location-trusted next,: out-null ' +
  'path-as-is post301 post302 post303 progress-bar,# progress-meter proxy-basic proxytunnel,p remote-name,O ' +
  'remote-name-all remove-on-error retry-all-errors retry-connrefused show-error,S show-headers,i silent,s ' +
  'skip-existing styled-output suppress-connect-headers tcp-nodelay tcp-fastopen tlsv1,1 tlsv1.0 tlsv1.1 tlsv1.2 ' +
  'tlsv1.3 trace-time trace-ids alpn ssl-reqd sessionid create-dirs disable,q raw remote-time,R verbose,v version,V help,h';
const withArgument =
  'cacert capath cert,E connect-timeout connect-to cookie,b data,d data-ascii data-binary data-raw data-urlencode ' +
  'dump-header,D form,F form-string header,H json key keepalive-time limit-rate max-filesize max-redirs max-time,m ' +
  'noproxy oauth2-bearer output,o output-dir proxy,x proxy1.0 proxy-header proxy-user,U range,r rate referer,e request,X ' +
  'request-target resolve retry retry-delay retry-max-time speed-limit,Y speed-time,y stderr tls-max trace trace-ascii ' +
  'upload-file,T url url-query user,u user-agent,A write-out,w ciphers curves pass expect100-timeout proto proto-default ' +
  'proto-redir happy-eyeballs-timeout-ms';
/** What curl knows and this one does not do. */
const unsupported =
  'abstract-unix-socket alt-svc anyauth append,a aws-sigv4 ca-native cert-status cert-type clobber compressed-ssh config,K ' +
  'continue-at,C cookie-jar,c create-file-mode crlf crlfile delegation digest disallow-username-in-url dns-interface ' +
  'dns-ipv4-addr dns-ipv6-addr dns-servers doh-url ech engine etag-compare etag-save form-escape ftp-port,P haproxy-clientip ' +
  'haproxy-protocol hsts http3 http3-only ignore-content-length interface ip-tos junk-session-cookies,j key-type libcurl ' +
  'list-only,l local-port login-options manual,M mptcp negotiate netrc,n netrc-file netrc-optional ntlm parallel,Z ' +
  'parallel-immediate parallel-max pinnedpubkey preproxy proxy-cacert proxy-cert proxy-http2 proxy-insecure pubkey quote,Q ' +
  'remote-header-name,J sigalgs socks4 socks4a socks5 socks5-hostname ssl telnet-option,t tftp-blksize time-cond,z ' +
  'tls13-ciphers tr-encoding trace-config unix-socket use-ascii,B variable vlan-priority xattr';

interface Known {
  name: string;
  kind: 'switch' | 'argument' | 'unsupported';
}

const byName = new Map<string, Known>();
const byLetter = new Map<string, Known>();
for (const [list, kind] of [
  [switches, 'switch'],
  [withArgument, 'argument'],
  [unsupported, 'unsupported'],
] as const) {
  for (const entry of list.split(' ')) {
    const [name = '', letter] = entry.split(',');
    const known = { name, kind };
    byName.set(name, known);
    if (letter !== undefined) byLetter.set(letter, known);
  }
}
/** Names for one and the same. */
const synonyms: Record<string, string> = { include: 'show-headers', 'data-ascii': 'data', disable: 'disable' };

/** The command line is wrong: `option --foo: is unknown`. Exit status 2. */
export class OptionError extends Error {
  override name = 'OptionError';
}

/** What one group of URLs (up to `--next`) was given, in order. */
export class Operation {
  readonly given: (readonly [name: string, value: string])[] = [];

  has(name: string): boolean {
    const last = this.given.findLast(([each]) => each === name || each === `no-${name}`);
    return last?.[0] === name;
  }

  /** Was it switched off by `--no-NAME`? */
  off(name: string): boolean {
    return this.given.findLast(([each]) => each === name || each === `no-${name}`)?.[0] === `no-${name}`;
  }

  value(name: string): string | undefined {
    return this.given.findLast(([each]) => each === name)?.[1];
  }

  values(...names: string[]): string[] {
    return this.given.filter(([each]) => names.includes(each)).map(([, value]) => value);
  }

  /** Which of several was given last. */
  last(...names: string[]): string | undefined {
    return this.given.findLast(([each]) => names.includes(each))?.[0];
  }

  number(name: string): number | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : Number(value);
  }
}

const numeric = ['connect-timeout', 'max-time', 'retry', 'retry-delay', 'retry-max-time', 'max-redirs', 'max-filesize'];

/** Splits curl's command line into operations. Throws `OptionError`. */
export function parseArguments(args: readonly string[]): Operation[] {
  let operation = new Operation();
  const operations = [operation];
  const rest = [...args];
  let options = true;
  const add = (known: Known, shown: string, value: string | undefined) => {
    if (known.kind === 'unsupported') {
      throw new OptionError(`option ${shown}: the installed libcurl version does not support this`);
    }
    if (known.name === 'next') {
      operation = new Operation();
      operations.push(operation);
      return;
    }
    const name = synonyms[known.name] ?? known.name;
    const text = known.kind === 'argument' ? (value ?? rest.shift()) : '';
    if (text === undefined) throw new OptionError(`option ${shown}: requires parameter`);
    if (numeric.includes(name)) checkNumber(name, shown, text);
    operation.given.push([name, text]);
  };
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (options && arg === '--') options = false;
    else if (options && arg.startsWith('--')) long(arg, add, operation);
    else if (options && arg.startsWith('-') && arg !== '-') letters(arg, add);
    else operation.given.push(['url', arg]);
  }
  return operations;
}

function long(arg: string, add: (known: Known, shown: string, value: undefined) => void, operation: Operation): void {
  const name = arg.slice(2);
  const known = byName.get(name);
  if (known) {
    add(known, arg, undefined);
    return;
  }
  const negated = name.startsWith('no-') ? byName.get(name.slice(3)) : undefined;
  if (negated?.kind === 'switch') operation.given.push([`no-${synonyms[negated.name] ?? negated.name}`, '']);
  else if (negated) throw new OptionError(`option ${arg}: the given option cannot be reversed with a --no- prefix`);
  else throw new OptionError(`option ${arg}: is unknown`);
}

function letters(arg: string, add: (known: Known, shown: string, value: string | undefined) => void): void {
  for (let at = 1; at < arg.length; at++) {
    const known = byLetter.get(arg[at] as string);
    if (!known) throw new OptionError(`option ${arg}: is unknown`);
    const attached = arg.slice(at + 1);
    const takes = known.kind === 'argument' && attached !== '';
    add(known, arg, takes ? attached : undefined);
    if (known.kind === 'argument') return;
  }
}

function checkNumber(name: string, shown: string, text: string): void {
  const decimal = ['connect-timeout', 'max-time', 'retry-delay', 'retry-max-time'].includes(name);
  if (/^-\d/.test(text) && name !== 'max-redirs')
    throw new OptionError(`option ${shown}: expected a positive numerical parameter`);
  if (!(decimal ? /^\d+(\.\d*)?$/ : /^-?\d+$/).test(text)) {
    throw new OptionError(`option ${shown}: expected a proper numerical parameter`);
  }
}
