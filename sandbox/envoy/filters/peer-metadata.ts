import { toBase64 } from '../../kernel/base64.ts';
import { concat, encode } from '../../kernel/streams.ts';
import type { ProxyContext } from '../context.ts';
import { type HttpFilterFactory, settings } from './filter.ts';

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
      if (byHeaders(upstream_discovery)) response.headers.remove(metadataHeader, idHeader);
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
  const fields: [string, Uint8Array][] = [];
  for (const name of ['CLUSTER_ID', 'NAME', 'NAMESPACE', 'OWNER', 'WORKLOAD_NAME']) {
    const value = nodeMetadata[name];
    if (typeof value === 'string' && value !== '') fields.push([name, stringValue(value)]);
  }
  const shown = kept.flatMap((key): [string, Uint8Array][] => (labels[key] ? [[key, stringValue(labels[key])]] : []));
  if (shown.length > 0) fields.push(['LABELS', lengthDelimited(5, structure(shown))]);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return toBase64(structure(fields));
}

/** Protobuf wire format of a Struct: repeated map entries of a key and a Value. */
function structure(fields: readonly [string, Uint8Array][]): Uint8Array {
  return concat(
    fields.map(([key, value]) =>
      lengthDelimited(1, concat([lengthDelimited(1, encode(key)), lengthDelimited(2, value)])),
    ),
  );
}

function stringValue(text: string): Uint8Array {
  return lengthDelimited(3, encode(text));
}

function lengthDelimited(field: number, bytes: Uint8Array): Uint8Array {
  const head = [(field << 3) | 2];
  let size = bytes.length;
  for (; size > 127; size >>= 7) head.push((size & 0x7f) | 0x80);
  head.push(size);
  return concat([Uint8Array.from(head), bytes]);
}
