import type { ListenerProtocol } from '../model/protocol.ts';
import type { MutualTlsMode } from '../policies/peer-authentication.ts';

/** What a connection to an inbound port may look like, and how it is then handled. */
export interface InboundMatch {
  transportProtocol: 'tls' | 'raw_buffer';
  applicationProtocols?: readonly string[];
  protocol: 'http' | 'tcp';
  /** TLS ends here; otherwise it is the application's own. */
  terminatesTls?: boolean;
}

const meshHttp = ['istio-http/1.0', 'istio-http/1.1', 'istio-h2'];
const meshTcp = ['istio-peer-exchange', 'istio'];
const mesh = ['istio', 'istio-peer-exchange', ...meshHttp];
const plaintextHttp = ['http/1.1', 'h2c'];

const plaintext = { transportProtocol: 'raw_buffer' } as const;
const tls = { transportProtocol: 'tls' } as const;
const mutual = { ...tls, terminatesTls: true } as const;

const matches: Record<MutualTlsMode, Record<'http' | 'tcp' | 'auto', readonly InboundMatch[]>> = {
  STRICT: {
    http: [{ ...mutual, protocol: 'http' }],
    tcp: [{ ...mutual, protocol: 'tcp' }],
    auto: [
      { ...mutual, applicationProtocols: meshHttp, protocol: 'http' },
      { ...mutual, protocol: 'tcp' },
    ],
  },
  PERMISSIVE: {
    http: [
      { ...mutual, applicationProtocols: mesh, protocol: 'http' },
      { ...plaintext, protocol: 'http' },
    ],
    tcp: [
      { ...mutual, applicationProtocols: mesh, protocol: 'tcp' },
      { ...tls, protocol: 'tcp' },
      { ...plaintext, protocol: 'tcp' },
    ],
    auto: [
      { ...mutual, applicationProtocols: meshHttp, protocol: 'http' },
      { ...plaintext, applicationProtocols: plaintextHttp, protocol: 'http' },
      { ...mutual, applicationProtocols: meshTcp, protocol: 'tcp' },
      { ...plaintext, protocol: 'tcp' },
      { ...tls, protocol: 'tcp' },
    ],
  },
  DISABLE: {
    http: [{ ...plaintext, protocol: 'http' }],
    tcp: [{ ...plaintext, protocol: 'tcp' }],
    auto: [
      { ...plaintext, applicationProtocols: plaintextHttp, protocol: 'http' },
      { ...plaintext, protocol: 'tcp' },
    ],
  },
};

/** In the order of the filter chains (networking/core/filterchain_options.go). */
export function inboundMatches(mode: MutualTlsMode, protocol: ListenerProtocol): readonly InboundMatch[] {
  return matches[mode][protocol === 'none' ? 'tcp' : protocol];
}
