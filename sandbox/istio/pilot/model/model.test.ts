import { describe, expect, test } from 'vitest';
import { cidrRange, networkBits } from './addresses.ts';
import { parseDuration, protoDuration } from './duration.ts';
import {
  compareSpecificity,
  hostsMatch,
  isSubsetOf,
  mostSpecificMatch,
  newHostIndex,
  resolveShortname,
} from './host.ts';
import { parseProtocol } from './protocol.ts';
import { proxyConfigWith } from './proxy-config.ts';
import { isHidden, isPublic, isVisible } from './visibility.ts';

describe('hosts', () => {
  test('match where they have a name in common', () => {
    expect(hostsMatch('*.example.com', 'a.example.com')).toBe(true);
    expect(hostsMatch('*.com', '*.example.com')).toBe(true);
    expect(hostsMatch('*.example.com', 'example.com')).toBe(false);
    expect(hostsMatch('a.example.com', 'b.example.com')).toBe(false);
    expect(isSubsetOf('*.example.com', '*.com')).toBe(true);
    expect(isSubsetOf('*.com', '*.example.com')).toBe(false);
  });

  test('the most specific one counts', () => {
    const index = newHostIndex<number>();
    index.specific.set('a.example.com', 1);
    index.wildcard.set('*.example.com', 2);
    index.wildcard.set('*.com', 3);
    expect(mostSpecificMatch('a.example.com', index)).toBe(1);
    expect(mostSpecificMatch('b.example.com', index)).toBe(2);
    expect(mostSpecificMatch('x.com', index)).toBe(3);
    expect(mostSpecificMatch('x.org', index)).toBeUndefined();
    expect(['*.com', 'a.com', '*.example.com'].sort(compareSpecificity)).toEqual(['a.com', '*.example.com', '*.com']);
  });

  test('without a dot belong to the namespace', () => {
    expect(resolveShortname('web', 'foo', 'cluster.local')).toBe('web.foo.svc.cluster.local');
    expect(resolveShortname('web.foo', 'bar', 'cluster.local')).toBe('web.foo');
    expect(resolveShortname('*', 'foo', 'cluster.local')).toBe('*');
  });
});

test("durations are read in Go's form and written in protobuf's", () => {
  expect(parseDuration('1h2m0.5s')).toBe(3_720_500_000_000);
  expect(parseDuration('1 s')).toBeUndefined();
  expect(protoDuration('500ms')).toBe('0.500s');
  expect(protoDuration('1m')).toBe('60s');
  expect(protoDuration('1.0000015s')).toBe('1.000001500s');
});

test('what is no protocol is sniffed', () => {
  expect(parseProtocol('http2')).toBe('HTTP2');
  expect(parseProtocol('grpc-web')).toBe('GRPC-Web');
  expect(parseProtocol('foo')).toBe('UnsupportedProtocol');
});

test('ranges are the same where the bits that count are', () => {
  const bits = (text: string) => networkBits(cidrRange(text) ?? { addressPrefix: '', prefixLen: 0 });
  expect(bits('10.1.2.3/16')).toBe(bits('10.1.9.9/16'));
  expect(bits('10.1.2.3/24')).not.toBe(bits('10.1.9.9/24'));
  expect(bits('2001:db8::1/32')).toBe(bits('2001:db8:1::/32'));
  expect(cidrRange('10.0.0.0/33')).toBeUndefined();
  expect(cidrRange('example.com')).toBeUndefined();
});

test('exportTo: nothing or * is everyone, ~ nobody, . the own namespace', () => {
  expect(isPublic([])).toBe(false);
  expect(isPublic(['*'])).toBe(true);
  expect(isHidden(['~'])).toBe(true);
  expect(isVisible(['.'], 'a', 'a')).toBe(true);
  expect(isVisible(['.'], 'a', 'b')).toBe(false);
  expect(isVisible(['b'], 'a', 'b')).toBe(true);
});

test("a pod's proxy config is laid over the mesh's", () => {
  const defaults = { tracing: { sampling: 1, maxPathTagLength: 5 }, discoveryAddress: 'istiod' };
  expect(proxyConfigWith(defaults, 'tracing: { sampling: 10 }')).toEqual({
    tracing: { sampling: 10, maxPathTagLength: 5 },
    discoveryAddress: 'istiod',
  });
  expect(proxyConfigWith(defaults, '{')).toBe(defaults);
  expect(proxyConfigWith(defaults, 'text')).toBe(defaults);
});
