import { getPath, getString, truthy } from '../install/values-map.ts';
import { agentArguments, proxyEnvironment, proxyVolumeMounts, proxyVolumes } from './proxy-container.ts';
import { canonicalLabels, injectedAnnotations, proxyImage, type TemplateData } from './template-data.ts';
import type { InjectedTemplate } from './types.ts';

/** The template `gateway`: pilot-agent as `router`, for pods with annotation inject.istio.io/templates: gateway. */
export function gatewayTemplate(data: TemplateData): InjectedTemplate {
  const { values } = data;
  const own = getPath(values, 'gateways.securityContext');
  const pullPolicy = getString(values, 'global.imagePullPolicy');
  const lifecycle = getPath(values, 'global.proxy.lifecycle');
  const delay = Number(getPath(values, 'global.proxy.readinessInitialDelaySeconds') ?? 0);
  const pullSecrets = getPath(values, 'global.imagePullSecrets');
  return {
    metadata: { labels: canonicalLabels(data, Number.POSITIVE_INFINITY), annotations: injectedAnnotations(data) },
    spec: {
      securityContext:
        own !== undefined && truthy(own)
          ? (own as Record<string, never>)
          : { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] },
      containers: [
        {
          name: 'istio-proxy',
          image: proxyImage(data, 'global.proxy.image'),
          ports: [{ containerPort: 15090, protocol: 'TCP', name: 'http-envoy-prom' }],
          args: agentArguments(data, 'router'),
          ...(lifecycle !== undefined && truthy(lifecycle) ? { lifecycle } : {}),
          securityContext: { runAsUser: 1337, runAsGroup: 1337 },
          env: proxyEnvironment(data, 'router'),
          ...(pullPolicy ? { imagePullPolicy: pullPolicy } : {}),
          readinessProbe: {
            httpGet: { path: '/healthz/ready', port: 15021 },
            ...(delay ? { initialDelaySeconds: delay } : {}),
            periodSeconds: getPath(values, 'global.proxy.readinessPeriodSeconds') ?? 15,
            timeoutSeconds: 3,
            failureThreshold: getPath(values, 'global.proxy.readinessFailureThreshold') ?? 4,
          },
          volumeMounts: proxyVolumeMounts(data, 'router'),
        },
      ],
      volumes: proxyVolumes(data, 'router'),
      ...(Array.isArray(pullSecrets) && pullSecrets.length > 0
        ? { imagePullSecrets: pullSecrets.map((name) => ({ name })) }
        : {}),
    },
  };
}
