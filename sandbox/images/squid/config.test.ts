import { expect, test } from 'vitest';
import { type AclContext, matches } from './acl.ts';
import { readConfig, type SquidReading } from './config.ts';

function read(...lines: string[]): SquidReading {
  return readConfig('/etc/squid/squid.conf', (path) =>
    path === '/etc/squid/squid.conf'
      ? lines.join('\n')
      : path === '/etc/squid/sites'
        ? '.example.org\n# no\n'
        : undefined,
  );
}

function allows(reading: SquidReading, about: Partial<AclContext> & { method?: string; agent?: string }): boolean {
  const { method = 'GET', agent, ...more } = about;
  const context: AclContext = {
    client: '10.244.0.7',
    local: { address: '10.244.0.8', port: 3128 },
    portName: '3128',
    request: {
      method,
      authority: 'example.org',
      target: 'http://example.org/',
      scheme: 'http',
      protocol: 'HTTP/1.1',
      headers: agent === undefined ? [] : [['User-Agent', agent]],
      body: new Uint8Array(),
    },
    url: 'http://example.org/',
    protocol: 'http',
    host: 'example.org',
    port: 80,
    path: '/',
    destinations: [],
    connections: 1,
    now: 1_768_467_600_000, // Thursday 2026-01-15, 09:00 UTC
    random: () => 0.5,
    ...more,
  };
  const { access } = reading.config;
  const rule = access.find(({ terms }) => matches(terms, context));
  return rule ? rule.allow : !(access.at(-1)?.allow ?? true);
}

test('rules are asked in order; the opposite of the last one decides what none decides', () => {
  const reading = read(
    'http_port 3128',
    'acl SSL_ports port 443',
    'acl CONNECT method CONNECT',
    'http_access deny CONNECT !SSL_ports',
    'http_access allow localhost manager',
    'http_access deny manager',
    'http_access allow all',
  );
  expect([reading.fatal, reading.errors, reading.log]).toEqual([undefined, 0, []]);
  expect(reading.config.ports).toEqual([{ address: undefined, port: 3128, name: '3128' }]);
  expect(allows(reading, { method: 'CONNECT', port: 443 })).toBe(true);
  expect(allows(reading, { method: 'CONNECT', port: 8443 })).toBe(false);
  expect(allows(reading, { port: 8443 })).toBe(true);
  const manager = 'http://proxy/squid-internal-mgr/info';
  expect(allows(reading, { url: manager })).toBe(false);
  expect(allows(reading, { url: manager, client: '127.0.0.1' })).toBe(true);
  expect(allows(read('acl a src 10.0.0.0/8', 'http_access deny a'), { client: '192.168.0.1' })).toBe(true);
  expect(allows(read('acl a src 10.0.0.0/8', 'http_access allow a'), { client: '192.168.0.1' })).toBe(false);
  expect(allows(read('http_port 3128'), {})).toBe(false);
});

test.each([
  ['src 10.244.0.0/16', {}, true],
  ['src 10.244.0.0/255.255.0.0', {}, true],
  ['src 10.244.0.5-10.244.0.6', {}, false],
  ['src 10.0.0.1 10.244.0.7', {}, true],
  ['dst 203.0.113.0/24', { destinations: ['203.0.113.9'] }, true],
  ['dst 203.0.113.0/24', { destinations: ['198.51.100.9'] }, false],
  ['dstdomain .example.org', { host: 'www.example.org' }, true],
  ['dstdomain .example.org', {}, true],
  ['dstdomain example.org', { host: 'www.example.org' }, false],
  ['dstdomain "/etc/squid/sites"', { host: 'a.example.org' }, true],
  ['dstdom_regex -i ^WWW\\.', { host: 'www.example.org' }, true],
  ['url_regex /secret', { url: 'http://example.org/secret' }, true],
  ['urlpath_regex \\.gif$', { path: '/a.gif' }, true],
  ['port 80 1025-65535', { port: 8080 }, true],
  ['port 80 1025-65535', { port: 443 }, false],
  ['proto HTTP', {}, true],
  ['method POST PUT', { method: 'PUT' }, true],
  ['browser curl', { agent: 'curl/8.16.0' }, true],
  ['browser curl', {}, false],
  ['time MTWHF 08:00-17:00', {}, true],
  ['time SA', {}, false],
  ['localport 3128', {}, true],
  ['maxconn 1', { connections: 2 }, true],
  ['random 0.6', {}, true],
  ['any-of localhost all', {}, true],
  ['all-of localhost all', {}, false],
])('acl x %s', (words, about, expected) => {
  expect(allows(read(`acl x ${words}`, 'http_access allow x', 'http_access deny all'), about)).toBe(expected);
});

test.each([
  ['acl x nothing 1', "FATAL: Invalid ACL type 'nothing'"],
  ['acl x', 'aclParseAclLine: missing ACL type.'],
  ['http_access deny CONNECT', 'ACL not found: CONNECT'],
  ['acl localhost port 80', "aclParseAclLine: ACL 'localhost' already exists with different type."],
  ['acl x port web', "ERROR: No digits were found in the input value 'web'."],
  ['acl x port 70000', "ERROR: The value '70000' is larger than the type 'short'."],
  ['http_port web', 'FATAL: http_port: missing Port: web'],
  ['via perhaps', "ERROR: Invalid option: Boolean options can only be 'on' or 'off'."],
  ['access_log /var/log/a logformat=no', "Log format 'no' is not defined"],
])('%s ends squid', (line, word) => {
  const reading = read('# comment', line);
  expect(reading.log).toEqual([word]);
  expect(reading.fatal).toBe(`Bungled /etc/squid/squid.conf line 2: ${line}`);
});

test('directives that do not exist are counted, rules without acls are skipped', () => {
  const reading = read('htp_port 3128', 'http_access allow', 'http_access permit all');
  expect(reading.errors).toBe(1);
  expect(reading.log[0]).toMatch(/ parseOneConfigFile: \/etc\/squid\/squid.conf:1 unrecognized: 'htp_port 3128'$/);
  expect(reading.log.slice(1)).toEqual([
    'aclParseAccessLine: /etc/squid/squid.conf line 2: http_access allow',
    "aclParseAccessLine: Access line contains no ACL's, skipping",
    'aclParseAccessLine: /etc/squid/squid.conf line 3: http_access permit all',
    "aclParseAccessLine: expecting 'allow' or 'deny', got 'permit'.",
  ]);
  expect(read('include /nowhere').fatal).toBe(
    'Unable to open configuration file: /nowhere: (2) No such file or directory',
  );
});
