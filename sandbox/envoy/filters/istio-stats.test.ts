import { expect, test } from 'vitest';
import { toBase64 } from '../../kernel/base64.ts';
import type { CertificateChain, TlsSession } from '../../network/socket.ts';
import type { ProxyContext } from '../context.ts';
import { HeaderMap } from '../headers.ts';
import { prometheusText } from '../prometheus.ts';
import { Stats } from '../stats.ts';
import { newStreamInfo, type StreamInfo } from '../stream-info.ts';
import type { Direction } from './filter.ts';
import { istioStats } from './istio-stats.ts';
import { peerMetadata } from './peer-metadata.ts';
import { decodeStruct, encodeStruct } from './protobuf-struct.ts';

const services = [{ host: 'shop.prod.svc.cluster.local', name: 'shop', namespace: 'prod' }];
const stats = new Stats();
const context = {
  stats,
  nodeId: 'sidecar~10.244.0.9~shop-1.prod~prod.svc.cluster.local',
  nodeMetadata: {
    WORKLOAD_NAME: 'shop',
    NAMESPACE: 'prod',
    CLUSTER_ID: 'Kubernetes',
    LABELS: { app: 'shop', 'service.istio.io/canonical-name': 'shop', 'service.istio.io/canonical-revision': 'v2' },
  },
  clusters: {
    get: (name: string) =>
      name === 'inbound|8080||' ? { config: { metadata: { filterMetadata: { istio: { services } } } } } : undefined,
  },
} as unknown as ProxyContext;

function certificate(uri: string): CertificateChain {
  return { subject: '', issuer: '', subjectAltNames: [uri], notBefore: 0, notAfter: 0, root: '' };
}

const tls: TlsSession = {
  version: 'TLSv1.3',
  serverCertificate: certificate('spiffe://cluster.local/ns/prod/sa/shop'),
  clientCertificate: certificate('spiffe://cluster.local/ns/test/sa/visitor'),
};

function request(changes: Partial<StreamInfo>): StreamInfo {
  const address = { address: '10.244.0.9', port: 8080 };
  return {
    ...newStreamInfo(1000, { local: address, remote: address, restored: true, connectionId: 1 }),
    request: { method: 'GET', path: '/', authority: 'shop', scheme: 'http', headers: new HeaderMap() },
    responseCode: 200,
    endTime: 1004,
    ...changes,
  };
}

function count(info: StreamInfo, direction: Direction, config: Record<string, unknown> = {}) {
  stats.clear();
  istioStats({ '@type': 'type.googleapis.com/stats.PluginConfig', ...config }, context, direction).onLog?.(info);
  return stats.tagged().map(({ tags }) => Object.fromEntries(tags));
}

const cluster = { upstreamCluster: { name: 'inbound|8080||', observability: 'inbound|8080||' } };

test('a caller with a certificate is mutual_tls, one without is unknown and none', () => {
  const { downstream } = request({});
  const [known] = count(request({ ...cluster, downstream: { ...downstream, tls } }), 'INBOUND');
  expect(known).toMatchObject({
    reporter: 'destination',
    source_principal: 'spiffe://cluster.local/ns/test/sa/visitor',
    source_workload_namespace: 'test',
    source_workload: 'unknown',
    destination_service: 'shop.prod.svc.cluster.local',
    destination_service_name: 'shop',
    destination_canonical_revision: 'v2',
    connection_security_policy: 'mutual_tls',
  });
  const [unknown] = count(request(cluster), 'INBOUND', { disableHostHeaderFallback: true });
  expect(unknown).toMatchObject({
    source_principal: 'unknown',
    source_canonical_revision: 'latest',
    destination_principal: 'unknown',
    response_flags: '-',
    connection_security_policy: 'none',
  });
});

test('a client cannot tell the policy; unknown destinations go by name of route or Host header', () => {
  const [sent] = count(request({ upstreamTls: tls, flags: ['UF', 'URX'], routeName: 'allow_any' }), 'OUTBOUND');
  expect(sent).toMatchObject({
    reporter: 'source',
    source_workload: 'shop',
    destination_service: 'shop',
    destination_service_name: 'PassthroughCluster',
    response_flags: 'UF,URX',
    connection_security_policy: 'unknown',
  });
});

test('metrics and tags may be taken away', () => {
  const metrics = [
    { name: 'requests_total', tagsToRemove: ['response_code'] },
    { name: 'request_bytes', drop: true },
  ];
  const [tags] = count(request({}), 'INBOUND', { metrics });
  expect(tags).not.toHaveProperty('response_code');
  expect(stats.histograms().map(({ metric }) => metric)).toEqual([
    'istio_request_duration_milliseconds',
    'istio_response_bytes',
  ]);
  const [duration] = stats.histograms();
  expect(duration?.value).toMatchObject({ count: 1, sum: 4 });
  expect(duration?.value.buckets.slice(0, 4)).toEqual([0, 0, 1, 1]);
});

test('counters survive being saved, and are printed for Prometheus', () => {
  count(request({}), 'INBOUND');
  const restored = new Stats();
  restored.load(stats.save());
  restored.count('escaped_total', [['path', 'a"b\\c']]);
  const text = prometheusText(restored);
  expect(text).toContain('# TYPE istio_requests_total counter\nistio_requests_total{reporter="destination",');
  expect(text).toContain('escaped_total{path="a\\"b\\\\c"} 1');
  expect(text).toMatch(/istio_request_bytes_bucket\{.*,le="\+Inf"\} 1/);
});

test('peers tell each other who they are in a struct; what cannot be read is nobody', () => {
  const told = { NAMESPACE: 'test', WORKLOAD_NAME: 'visitor', LABELS: { app: 'visitor' } };
  expect(decodeStruct(encodeStruct(told))).toEqual(told);
  expect(() => decodeStruct(Uint8Array.from([10, 200]))).toThrow('truncated');
  const filter = peerMetadata({ '@type': '', downstream_discovery: [{ istio_headers: {} }] }, context, 'INBOUND');
  const see = (header: string) => {
    const info = request({});
    const head = { headers: new HeaderMap([['x-envoy-peer-metadata', header]]) };
    void filter.onRequest?.({ info, head, matched: () => undefined } as unknown as Parameters<
      NonNullable<typeof filter.onRequest>
    >[0]);
    return info.peers?.downstream;
  };
  expect(see(toBase64(encodeStruct(told)))).toMatchObject({ workload: 'visitor', namespace: 'test', app: 'visitor' });
  expect(see('%%%')).toBeUndefined();
});
