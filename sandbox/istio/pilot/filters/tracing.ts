import type { ExtensionProvider, ProxyConfig } from '../api/mesh.ts';
import type { CustomTag } from '../api/policies.ts';
import { compareText } from '../model/config.ts';
import { providerCluster } from '../policies/provider-cluster.ts';
import type { TracingChoice } from '../policies/telemetries.ts';
import type { MeshProxy } from '../proxy.ts';
import type { PushContext } from '../push-context.ts';

/** What a connection manager says about traces, and how request ids are made. */
export interface TracingConfiguration {
  tracing?: Record<string, unknown>;
  requestIdForSampling: boolean;
}

type Tag = { tag: string } & Record<string, unknown>;

/** networking/core/tracing.go. */
export function tracingConfiguration(
  { push, proxy, proxyConfig }: { push: PushContext; proxy: MeshProxy; proxyConfig: ProxyConfig },
  choice: TracingChoice | undefined,
): TracingConfiguration {
  const config = proxyConfig.tracing;
  const byMesh = config?.sampling ? (config.sampling > 100 ? 1 : config.sampling) : push.traceSampling;
  const maxPathTagLength = config?.maxPathTagLength ? { maxPathTagLength: config.maxPathTagLength } : {};
  if (!choice) {
    if (!push.mesh.enableTracing) return { requestIdForSampling: true };
    const tags = (config?.enableIstioTags ?? true) ? istioTags(push, proxy) : [];
    const tracing = {
      ...sampling(byMesh),
      ...customTags([...tags, ...ownTags(config?.customTags)]),
      ...maxPathTagLength,
    };
    return { tracing, requestIdForSampling: true };
  }
  if (choice.disabled || !choice.provider) return { requestIdForSampling: true };
  const provider = providerTracing(push, choice.provider);
  if (!provider) return { requestIdForSampling: true };
  const tags = choice.istioTags ? istioTags(push, proxy) : [];
  const own = Object.keys(choice.customTags ?? {}).length > 0 ? choice.customTags : config?.customTags;
  return {
    tracing: {
      ...sampling(choice.sampling ?? byMesh),
      ...customTags([...tags, ...ownTags(own)]),
      ...maxPathTagLength,
      ...provider,
      ...(choice.noContextPropagation ? { noContextPropagation: true } : {}),
    },
    requestIdForSampling: choice.useRequestId,
  };
}

function sampling(percentage: number): Record<string, unknown> {
  return {
    clientSampling: { value: 100 },
    randomSampling: percentage === 0 ? {} : { value: percentage },
    overallSampling: { value: 100 },
  };
}

function customTags(tags: Tag[]): Record<string, unknown> {
  return tags.length > 0 ? { customTags: tags.sort((a, b) => compareText(a.tag, b.tag)) } : {};
}

const literal = (tag: string, value: string): Tag => ({ tag, literal: { value } });

const dryRunTags: Tag[] = ['allow', 'deny'].flatMap((action) =>
  [
    ['name', 'effective_policy_id'],
    ['result', 'engine_result'],
  ].map(([what, key]) => ({
    tag: `istio.authorization.dry_run.${action}_policy.${what}`,
    metadata: {
      kind: { request: {} },
      metadataKey: { key: 'envoy.filters.http.rbac', path: [{ key: `istio_dry_run_${action}_shadow_${key}` }] },
    },
  })),
);

function istioTags(push: PushContext, proxy: MeshProxy): Tag[] {
  return [
    literal('istio.canonical_revision', proxy.labels['service.istio.io/canonical-revision'] || 'latest'),
    literal('istio.canonical_service', proxy.labels['service.istio.io/canonical-name'] || 'unknown'),
    literal('istio.mesh_id', push.meshId || 'unknown'),
    literal('istio.namespace', proxy.namespace || 'default'),
    literal('istio.cluster_id', push.cluster || 'unknown'),
    ...dryRunTags,
  ];
}

function ownTags(tags: Readonly<Record<string, CustomTag>> | undefined): Tag[] {
  return Object.entries(tags ?? {}).map(([tag, { literal: text, environment, header, formatter }]) => {
    if (text) return literal(tag, text.value ?? '');
    if (environment) return { tag, environment: { ...environment } };
    if (header) return { tag, requestHeader: { ...header } };
    return formatter ? { tag, value: formatter.value ?? '' } : { tag };
  });
}

/** The tracer itself; undefined if its service is not there. */
function providerTracing(push: PushContext, provider: ExtensionProvider): Record<string, unknown> | undefined {
  const { opentelemetry, zipkin, skywalking, datadog } = provider;
  const config = opentelemetry ?? zipkin ?? skywalking ?? datadog;
  if (!config) return undefined;
  const found = providerCluster(push, config.service, config.port);
  if (!found) return undefined;
  const grpcService = { envoyGrpc: { clusterName: found.cluster, authority: found.hostname }, timeout: '0s' };
  const maxTagLength = 'maxTagLength' in config && config.maxTagLength ? { maxPathTagLength: config.maxTagLength } : {};
  const tracer = (name: string, type: string, value: Record<string, unknown>) => ({
    provider: {
      name: `envoy.tracers.${name}`,
      typedConfig: { '@type': `type.googleapis.com/envoy.config.trace.v3.${type}`, ...value },
    },
    ...maxTagLength,
  });
  if (opentelemetry) return tracer('opentelemetry', 'OpenTelemetryConfig', { grpcService });
  if (datadog) {
    return tracer('datadog', 'DatadogConfig', {
      collectorCluster: found.cluster,
      serviceName: found.hostname,
      collectorHostname: found.hostname,
    });
  }
  if (skywalking) return { ...tracer('skywalking', 'SkyWalkingConfig', { grpcService }), spawnUpstreamSpan: true };
  return tracer('zipkin', 'ZipkinConfig', {
    collectorCluster: found.cluster,
    collectorEndpoint: zipkin?.path || '/api/v2/spans',
    traceId128bit: !zipkin?.enable64bitTraceId,
    sharedSpanContext: false,
    collectorEndpointVersion: 'HTTP_JSON',
    collectorHostname: found.hostname,
  });
}
