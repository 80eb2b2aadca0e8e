/** Templates that an installation's ConfigMap istio-sidecar-injector holds. */
export const templateNames = [
  'sidecar',
  'gateway',
  'grpc-simple',
  'grpc-agent',
  'waypoint',
  'kube-gateway',
  'agentgateway',
] as const;
