import { augmentLabels } from '../../pilot/model/labels.ts';
import { labelsOf, objectsOf, recordOf, textOf, textsOf } from '../../validate/spec.ts';
import { type Analyzer, type Context, fullName, type Resource } from '../resource.ts';
import { selects } from '../selectors.ts';
import { findServiceHost, serviceHosts } from '../service-hosts.ts';

/** TLS to a server whose certificate nobody checks (upstream destinationrule/ca-certificates.go). */
export const caCertificateAnalyzer: Analyzer = {
  name: 'destinationrule.CaCertificateAnalyzer',
  description: 'Checks if caCertificates is set when TLS mode is SIMPLE/MUTUAL',
  inputs: ['DestinationRule'],
  analyze(context) {
    for (const rule of context.all('DestinationRule')) checkCertificates(rule, context);
  },
};

function checkCertificates(rule: Resource, context: Context): void {
  const { trafficPolicy, workloadSelector } = rule.spec;
  const unverified = (settings: unknown): string | undefined => {
    const { mode, caCertificates, credentialName } = recordOf(settings);
    if (mode !== 'SIMPLE' && mode !== 'MUTUAL') return undefined;
    return textOf(caCertificates) || (textOf(credentialName) && workloadSelector) ? undefined : mode;
  };
  const about = (mode: string): [string, string, string, string] => [
    fullName(rule),
    rule.namespace,
    mode,
    textOf(rule.spec.host),
  ];
  const { tls, portLevelSettings } = recordOf(trafficPolicy);
  const mode = unverified(tls);
  if (mode) {
    const path = '.spec.trafficPolicy.tls.caCertificates';
    context.reportAt(path, 'NoServerCertificateVerificationDestinationLevel', rule, ...about(mode));
  }
  for (const [index, settings] of objectsOf(portLevelSettings).entries()) {
    const portMode = unverified(settings.tls);
    if (!portMode) continue;
    const path = `.spec.trafficPolicy.portLevelSettings[${index}].tls.caCertificates`;
    const { number } = recordOf(settings.port);
    const port = number === undefined ? '' : `number:${number}`;
    context.reportAt(path, 'NoServerCertificateVerificationPortLevel', rule, ...about(portMode), port);
  }
}

/** Hosts that are no service, subsets that select no pod (upstream destinationrule/subset.go). */
export const subsetAnalyzer: Analyzer = {
  name: 'destinationrule.SubsetSelectPodAnalyzer',
  description: 'Checks if pods are selected by subsets in destination rules.',
  inputs: ['DestinationRule', 'Pod', 'Service', 'ServiceEntry', 'Node'],
  analyze(context) {
    const hosts = serviceHosts(context);
    const pods = podLabels(context);
    for (const rule of context.all('DestinationRule')) {
      const { host, exportTo, subsets } = rule.spec;
      const service = findServiceHost(hosts, rule.namespace, textsOf(exportTo), textOf(host));
      if (!service) {
        context.report('UnknownDestinationRuleHost', rule, textOf(host));
        continue;
      }
      // Of subsets with one name the last one counts, as they are kept by name.
      const byName = new Map(objectsOf(subsets).map((subset) => [textOf(subset.name), labelsOf(subset.labels)]));
      for (const [name, labels] of byName) {
        const selector = { ...service.workloadSelector, ...labels };
        if (!pods.some((pod) => selects(selector, pod)))
          context.report('DestinationRuleSubsetNotSelectPods', rule, name);
      }
    }
  },
};

/** Labels of every pod, with those of the place where it runs. */
function podLabels(context: Context): Readonly<Record<string, string>>[] {
  return context.all('Pod').map(({ labels, spec }) => {
    const node = textOf(spec.nodeName);
    const place = context.find('Node', node)?.labels ?? {};
    const locality = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone']
      .map((label) => place[label] ?? '')
      .join('/');
    return augmentLabels(labels, { cluster: '', locality, node });
  });
}
