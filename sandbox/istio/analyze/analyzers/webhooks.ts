import type { JsonObject } from '../../../kernel/json.ts';
import { isIpAddress } from '../../pilot/model/addresses.ts';
import { labelsOf, objectsOf, recordOf, textOf, textsOf } from '../../validate/spec.ts';
import { type Analyzer, type Context, fullName, type Resource } from '../resource.ts';
import { labelSelectorMatches } from '../selectors.ts';

const revisionLabel = 'istio.io/rev';
const injection = 'istio-injection';
const inject = 'sidecar.istio.io/inject';

/** Injection webhooks that overlap or call a service that is not there (upstream webhook/webhook.go). */
export const webhookAnalyzer: Analyzer = {
  name: 'webhook.Analyzer',
  description: 'Checks the validity of Istio webhooks',
  inputs: ['MutatingWebhookConfiguration', 'Service'],
  analyze(context) {
    const found: Hook[] = [];
    const revisions = new Set<string>();
    for (const configuration of context.all('MutatingWebhookConfiguration')) {
      const hooks = objectsOf(configuration.object.webhooks);
      const own = revisionsOf(configuration, hooks);
      if (own.length === 0 && !hooks.some(({ name }) => textOf(name).endsWith('istio.io'))) continue;
      for (const hook of hooks)
        found.push({ id: `${fullName(configuration)}/${textOf(hook.name)}`, configuration, hook });
      for (const revision of own) revisions.add(revision);
    }
    checkOverlaps(found, revisions, context);
    for (const { configuration, hook } of found) {
      const { service } = recordOf(hook.clientConfig);
      if (!service) continue;
      const { namespace, name } = recordOf(service);
      const id = fullName({ namespace: textOf(namespace), name: textOf(name) });
      if (context.find('Service', id)) continue;
      context.report(
        'InvalidWebhook',
        configuration,
        `Injector refers to a control plane service that does not exist: ${id}.`,
      );
    }
  },
};

interface Hook {
  id: string;
  configuration: Resource;
  hook: JsonObject;
}

function revisionsOf({ labels }: Resource, hooks: readonly JsonObject[]): string[] {
  const own = labels[revisionLabel];
  const selectors = hooks.flatMap(({ namespaceSelector, objectSelector }) => [
    recordOf(namespaceSelector),
    recordOf(objectSelector),
  ]);
  const named = selectors.flatMap(({ matchLabels, matchExpressions }) => [
    labelsOf(matchLabels)[revisionLabel] ?? [],
    objectsOf(matchExpressions).flatMap(({ key, values }) => (key === revisionLabel ? textsOf(values) : [])),
  ]);
  return [...new Set([...(own === undefined ? [] : [own]), ...named.flat()])];
}

/** Every combination of labels that matters: the webhooks that would see such a pod. */
function checkOverlaps(hooks: readonly Hook[], revisions: ReadonlySet<string>, context: Context): void {
  const withRevisions = (sets: Record<string, string>[]) => [
    ...sets,
    ...[...revisions].flatMap((revision) => sets.map((labels) => ({ ...labels, [revisionLabel]: revision }))),
  ];
  const namespaces = withRevisions([{}, { [injection]: 'enabled' }, { [injection]: 'disabled' }]);
  const objects = withRevisions([{}, { [inject]: 'true' }, { [inject]: 'false' }]);
  for (const namespace of namespaces) {
    const ofNamespace = hooks.filter(({ hook }) => labelSelectorMatches(hook.namespaceSelector, namespace));
    for (const object of objects) {
      const matching = ofNamespace.filter(({ hook }) => labelSelectorMatches(hook.objectSelector, object));
      const ids = [...new Set(matching.map(({ id }) => id))].sort();
      if (ids.length < 2) continue;
      for (const id of ids) {
        const { configuration } = matching.find((each) => each.id === id) as Hook;
        const others = ids.filter((other) => other !== id).join(' ');
        context.report(
          'InvalidWebhook',
          configuration,
          `Webhook overlaps with others: [${others}]. This may cause injection to occur twice.`,
        );
      }
    }
  }
}

/** Webhooks of an external control plane without a usable address (upstream externalcontrolplane). */
export const externalControlPlaneAnalyzer: Analyzer = {
  name: 'externalcontrolplane.ExternalControlPlaneAnalyzer',
  description: 'Checks that the remote IstioOperator resources reference an external control plane',
  inputs: ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'],
  analyze(context) {
    for (const configuration of context.all('ValidatingWebhookConfiguration')) {
      const { name } = configuration;
      if (name === 'istiod-default-validator' || name.startsWith('istio-validator')) checkUrls(configuration, context);
    }
    for (const configuration of context.all('MutatingWebhookConfiguration'))
      if (configuration.name.startsWith('istio-sidecar-injector')) checkUrls(configuration, context);
  },
};

function checkUrls(configuration: Resource, context: Context): void {
  for (const hook of objectsOf(configuration.object.webhooks)) {
    const { url, service } = recordOf(hook.clientConfig);
    const name = textOf(hook.name);
    if (url === undefined || url === null) {
      if (!service) context.report('InvalidExternalControlPlaneConfig', configuration, '', name, 'is blank');
      continue;
    }
    const host = hostOf(String(url));
    if (host === undefined) {
      const problem = 'was provided in an invalid format';
      context.report('InvalidExternalControlPlaneConfig', configuration, String(url), name, problem);
    } else if (isIpAddress(host)) {
      context.report('ExternalControlPlaneAddressIsNotAHostname', configuration, String(url), name);
    }
  }
}

/** The host of a URL; '' if it has none, undefined if Go's url.Parse would refuse it. */
function hostOf(url: string): string | undefined {
  const authority = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#]*)/.exec(url)?.[1];
  if (authority === undefined) return /^:|[\s]/.test(url) ? undefined : '';
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d*)?$/.exec(authority);
  return parts ? (parts[1] ?? parts[2] ?? '') : undefined;
}
