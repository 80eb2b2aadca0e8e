import { fromBase64, toBase64 } from '../../kernel/base64.ts';
import type { ProxyContext } from '../context.ts';
import type { WorkloadPeer } from '../stream-info.ts';
import { type HttpFilterFactory, settings } from './filter.ts';
import { decodeStruct, encodeStruct, type Struct } from './protobuf-struct.ts';

const metadataHeader = 'x-envoy-peer-metadata';
const idHeader = 'x-envoy-peer-metadata-id';

interface Settings {
  downstream_discovery?: object[];
  upstream_discovery?: object[];
  downstream_propagation?: object[];
  upstream_propagation?: { istio_headers?: { skip_external_clusters?: boolean } }[];
}

/**
 * istio.metadata_exchange on HTTP: tells the other side who this workload is by two headers, and takes the other's off. External
 * clusters get them too unless told otherwise.
 */
export const peerMetadata: HttpFilterFactory = (config, context) => {
  const { downstream_discovery, upstream_discovery, downstream_propagation, upstream_propagation } = settings(
    config,
  ) as Settings;
  const own = ownMetadata(context);
  const byHeaders = (methods: object[] | undefined) => methods?.some((method) => 'istio_headers' in method) ?? false;
  return {
    onRequest(stream) {
      const { headers } = stream.head;
      if (byHeaders(downstream_discovery) && headers.has(metadataHeader)) {
        stream.info.filterState.downstream_peer = headers.get(idHeader);
        const peer = decodePeer(headers.get(metadataHeader));
        if (peer) stream.info.peers = { ...stream.info.peers, downstream: peer };
        headers.remove(metadataHeader, idHeader);
      }
      const outward = upstream_propagation?.find((method) => method.istio_headers);
      if (
        outward &&
        !(outward.istio_headers?.skip_external_clusters && isExternal(stream.matched()?.cluster, context))
      ) {
        headers.set(idHeader, context.nodeId);
        headers.set(metadataHeader, own);
      }
      return undefined;
    },
    onResponse(stream, response) {
      if (byHeaders(upstream_discovery)) {
        const peer = decodePeer(response.headers.get(metadataHeader));
        if (peer) stream.info.peers = { ...stream.info.peers, upstream: peer };
        response.headers.remove(metadataHeader, idHeader);
      }
      // Only who introduced itself is answered.
      if (byHeaders(downstream_propagation) && stream.info.filterState.downstream_peer !== undefined) {
        response.headers.set(idHeader, context.nodeId);
        response.headers.set(metadataHeader, own);
      }
    },
  };
};

function isExternal(name: string | undefined, context: ProxyContext): boolean {
  if (name === undefined) return false;
  if (name === 'PassthroughCluster') return true;
  return context.clusters.get(name)?.config.metadata?.filterMetadata?.istio?.external === true;
}

/** The workload as a google.protobuf.Struct in base64, fields in alphabetical order. */
function ownMetadata(context: ProxyContext): string {
  const { nodeMetadata } = context;
  const labels = (nodeMetadata.LABELS ?? {}) as Record<string, string>;
  const kept = ['app', 'service.istio.io/canonical-name', 'service.istio.io/canonical-revision', 'version'];
  const fields: Struct = {};
  for (const name of ['CLUSTER_ID', 'NAME', 'NAMESPACE', 'OWNER', 'WORKLOAD_NAME']) {
    const value = nodeMetadata[name];
    if (typeof value === 'string' && value !== '') fields[name] = value;
  }
  const shown = kept.flatMap((key): [string, string][] => (labels[key] ? [[key, labels[key]]] : []));
  if (shown.length > 0) fields.LABELS = Object.fromEntries(shown);
  return toBase64(encodeStruct(fields));
}

/** What a peer said of itself; undefined where nothing came or it cannot be read. */
function decodePeer(header: string | undefined): WorkloadPeer | undefined {
  if (header === undefined || header === '') return undefined;
  try {
    const bytes = fromBase64(header);
    return bytes && peerOf(decodeStruct(bytes));
  } catch {
    return undefined;
  }
}

function peerOf(fields: Struct): WorkloadPeer {
  const text = (value: string | Struct | undefined) => (typeof value === 'string' ? value : '');
  const labels = typeof fields.LABELS === 'object' ? fields.LABELS : {};
  return {
    workload: text(fields.WORKLOAD_NAME),
    namespace: text(fields.NAMESPACE),
    cluster: text(fields.CLUSTER_ID),
    canonicalName: text(labels['service.istio.io/canonical-name']),
    canonicalRevision: text(labels['service.istio.io/canonical-revision']),
    app: text(labels.app),
    version: text(labels.version),
  };
}
