import type { HttpFilterFactory } from './filter.ts';

interface Override {
  upstreamProtocol?: 'HTTP10' | 'HTTP11' | 'HTTP2';
  alpnOverride?: string[];
}

/** istio.alpn: offers Istio's own protocols upstream, by the protocol that will be spoken there. */
export const alpn: HttpFilterFactory = (config) => {
  const overrides = (config.alpnOverride ?? []) as Override[];
  return {
    onRequest(stream) {
      stream.alpnOverride = (protocol) => {
        const wanted = protocol === 'HTTP/2' ? 'HTTP2' : 'HTTP11';
        return overrides.find((entry) => entry.upstreamProtocol === wanted)?.alpnOverride;
      };
      return undefined;
    },
  };
};
