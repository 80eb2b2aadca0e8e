import type { NamedAny } from '../../../envoy/xds/types.ts';
import { protoDuration } from '../model/duration.ts';
import type { ListenerClass, MetricsProvider } from '../policies/telemetries.ts';

const prometheusNames: Record<string, string> = {
  REQUEST_COUNT: 'requests_total',
  REQUEST_DURATION: 'request_duration_milliseconds',
  REQUEST_SIZE: 'request_bytes',
  RESPONSE_SIZE: 'response_bytes',
  TCP_OPENED_CONNECTIONS: 'tcp_connections_opened_total',
  TCP_CLOSED_CONNECTIONS: 'tcp_connections_closed_total',
  TCP_SENT_BYTES: 'tcp_sent_bytes_total',
  TCP_RECEIVED_BYTES: 'tcp_received_bytes_total',
  GRPC_REQUEST_MESSAGES: 'request_messages_total',
  GRPC_RESPONSE_MESSAGES: 'response_messages_total',
};

/** `istio.stats` for each metrics provider that Envoy itself serves. */
export function metricsFilters(providers: readonly MetricsProvider[], listener: ListenerClass): NamedAny[] {
  return providers.flatMap(({ provider, disabled, reportingInterval, overrides }) => {
    if (!provider.prometheus || disabled) return [];
    const metrics = overrides.map(({ metric, drop, tags }) => {
      const set = tags.filter(({ value }) => value !== undefined);
      const removed = tags.filter(({ value }) => value === undefined).map(({ name }) => name);
      return {
        ...(set.length > 0 ? { dimensions: Object.fromEntries(set.map(({ name, value }) => [name, value])) } : {}),
        name: prometheusNames[metric] ?? metric,
        ...(removed.length > 0 ? { tagsToRemove: removed } : {}),
        ...(drop ? { drop } : {}),
      };
    });
    return {
      name: 'istio.stats',
      typedConfig: {
        '@type': 'type.googleapis.com/stats.PluginConfig',
        ...(listener === 'outbound' ? {} : { disableHostHeaderFallback: true }),
        ...(reportingInterval ? { tcpReportingDuration: protoDuration(reportingInterval) } : {}),
        ...(metrics.length > 0 ? { metrics } : {}),
      },
    };
  });
}
