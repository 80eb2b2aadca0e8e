interface Webhook {
  failurePolicy?: string;
  matchPolicy?: string;
  namespaceSelector?: object;
  objectSelector?: object;
  timeoutSeconds?: number;
  clientConfig?: { service?: { port?: number } };
  rules?: { scope?: string }[];
}

/** What mutating and validating webhooks say when they say nothing (pkg/apis/admissionregistration/v1/defaults.go). */
export function defaultWebhook(webhook: Webhook): void {
  webhook.failurePolicy ||= 'Fail';
  webhook.matchPolicy ||= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
}
