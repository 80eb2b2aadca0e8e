import type { ExtensionProvider, Mesh, MeshConfig, ProxyConfig } from '../api/mesh.ts';

const defaultProxyConfig: ProxyConfig = { discoveryAddress: 'istiod.istio-system.svc:15012' };

const defaultExtensionProviders: ExtensionProvider[] = [
  { name: 'prometheus', prometheus: {} },
  { name: 'stackdriver', stackdriver: {} },
  { name: 'envoy', envoyFileAccessLog: { path: '/dev/stdout' } },
];

/**
 * A mesh config merged over Istio's defaults (pkg/config/mesh): fields replace, `defaultConfig` and `defaultProviders` are
 * merged field by field, `extensionProviders` by name.
 */
export function meshWithDefaults(config: MeshConfig): Mesh {
  const extensionProviders = defaultExtensionProviders.map((provider) => ({ ...provider }));
  for (const provider of config.extensionProviders ?? []) {
    const index = extensionProviders.findIndex(({ name }) => name === provider.name);
    if (index < 0) extensionProviders.push(provider);
    else extensionProviders[index] = provider;
  }
  const defaultConfig = { ...defaultProxyConfig, ...config.defaultConfig };
  return {
    ...config,
    enableTracing: config.enableTracing ?? true,
    enableAutoMtls: config.enableAutoMtls ?? true,
    rootNamespace: config.rootNamespace || 'istio-system',
    trustDomain: config.trustDomain || 'cluster.local',
    trustDomainAliases: [...new Set(config.trustDomainAliases)].sort(),
    outboundTrafficPolicy: config.outboundTrafficPolicy ?? { mode: 'ALLOW_ANY' },
    inboundTrafficPolicy: config.inboundTrafficPolicy ?? { mode: 'PASSTHROUGH' },
    localityLbSetting: config.localityLbSetting ?? { enabled: true },
    proxyListenPort: config.proxyListenPort ?? 15001,
    proxyInboundListenPort: config.proxyInboundListenPort ?? 15006,
    connectTimeout: config.connectTimeout ?? '10s',
    dnsRefreshRate: config.dnsRefreshRate ?? '60s',
    protocolDetectionTimeout: config.protocolDetectionTimeout ?? '0s',
    defaultServiceExportTo: config.defaultServiceExportTo ?? ['*'],
    defaultVirtualServiceExportTo: config.defaultVirtualServiceExportTo ?? ['*'],
    defaultDestinationRuleExportTo: config.defaultDestinationRuleExportTo ?? ['*'],
    defaultConfig,
    defaultProviders: config.defaultProviders ?? {},
    extensionProviders,
  };
}
