import type { JsonObject } from '../../kernel/json.ts';

/** The ports of Service istiod. */
export const istiodPorts: readonly JsonObject[] = [
  { port: 15010, name: 'grpc-xds', protocol: 'TCP' },
  { port: 15012, name: 'https-dns', protocol: 'TCP' },
  { port: 443, name: 'https-webhook', targetPort: 15017, protocol: 'TCP' },
  { port: 15014, name: 'http-monitoring', protocol: 'TCP' },
];
