import { fromBase64 } from '../../../kernel/base64.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import { decode } from '../../../kernel/streams.ts';
import { fromPem, parseCertificate } from '../../../kernel/x509.ts';
import { labelsOf, numberOf, objectsOf, recordOf, textOf, textsOf } from '../../validate/spec.ts';
import { type Analyzer, type Context, fullName, type Resource } from '../resource.ts';
import { firstLabel, selectorText, selects } from '../selectors.ts';

const selectorOf = ({ spec }: Resource) => labelsOf(spec.selector);

function reportSelector(gateway: Resource, context: Context): void {
  const selector = selectorText(selectorOf(gateway));
  const path = `.spec.selector.${firstLabel(selector)}`;
  context.reportAt(path, 'ReferencedResourceNotFound', gateway, 'selector', selector);
}

/** Servers whose port the Service of the gateway's pods lacks (upstream gateway/gateway.go). */
export const gatewayPortAnalyzer: Analyzer = {
  name: 'gateway.IngressGatewayPortAnalyzer',
  description: "Checks a gateway's ports against the gateway's Kubernetes service ports",
  inputs: ['Gateway', 'Pod', 'Service'],
  analyze(context) {
    for (const gateway of context.all('Gateway')) {
      const pods = context.all('Pod').filter(({ labels }) => selects(selectorOf(gateway), labels));
      if (pods.length === 0) {
        reportSelector(gateway, context);
        continue;
      }
      const reachable = reachablePorts(pods, context);
      const selector = selectorText(selectorOf(gateway));
      for (const { port } of objectsOf(gateway.spec.servers)) {
        const number = numberOf(recordOf(port).number);
        if (!port || reachable.has(number)) continue;
        const path = `.spec.selector.${firstLabel(selector)}`;
        context.reportAt(path, 'GatewayPortNotDefinedOnService', gateway, number, selector);
      }
    }
  },
};

/** Target ports of the pods' Services, and the ports that lead to them. */
function reachablePorts(pods: readonly Resource[], context: Context): Set<number> {
  const reachable = new Set<number>();
  for (const pod of pods) {
    for (const { namespace, spec } of context.all('Service')) {
      if (namespace !== pod.namespace || !selects(labelsOf(spec.selector), pod.labels)) continue;
      for (const { protocol, port, targetPort } of objectsOf(spec.ports)) {
        if (protocol !== 'TCP') continue;
        const target = /^[0-9]+$/.test(String(targetPort ?? '')) ? Number(targetPort) : 0;
        if (target !== 0) reachable.add(target);
        reachable.add(numberOf(port));
      }
    }
  }
  return reachable;
}

/** One certificate at two gateways on the same pods (upstream gateway/certificate.go). */
export const gatewayCertificateAnalyzer: Analyzer = {
  name: 'gateway.CertificateAnalyzer',
  description: 'Checks a gateway certificate',
  inputs: ['Gateway'],
  analyze(context) {
    for (const current of context.all('Gateway')) {
      for (const other of context.all('Gateway')) {
        if (current === other || !coversSelector(selectorOf(current), selectorOf(other))) continue;
        for (const { tls } of objectsOf(current.spec.servers)) {
          for (const server of objectsOf(other.spec.servers)) {
            if (!tls || !server.tls || !sameCertificate(recordOf(tls), recordOf(server.tls))) continue;
            const names = [fullName(current), fullName(other)];
            context.reportAt('.metadata.name', 'GatewayDuplicateCertificate', current, names);
          }
        }
      }
    }
  },
};

/** Whether all labels of `a` stand in `b`; an empty `a` covers everything. */
const coversSelector = (a: Record<string, string>, b: Record<string, string>) => selects(a, b);

function sameCertificate(a: JsonObject, b: JsonObject): boolean {
  const field = (name: string): [string, string] => [textOf(a[name]), textOf(b[name])];
  const [name, otherName] = field('credentialName');
  if (name && otherName) return name === otherName;
  if (name || otherName) return false;
  return ['serverCertificate', 'privateKey'].every((each) => {
    const [one, other] = field(each);
    return one !== '' && one === other;
  });
}

/** Credentials that are missing or no certificate (upstream gateway/secret.go). */
export const gatewaySecretAnalyzer: Analyzer = {
  name: 'gateway.SecretAnalyzer',
  description: "Checks a gateway's referenced secrets for correctness",
  inputs: ['Gateway', 'Pod', 'Secret'],
  analyze(context) {
    for (const gateway of context.all('Gateway')) {
      const pod = context.all('Pod').find(({ labels }) => selects(selectorOf(gateway), labels));
      if (!pod?.namespace) {
        reportSelector(gateway, context);
        continue;
      }
      for (const [index, { tls }] of objectsOf(gateway.spec.servers).entries()) {
        const credential = textOf(recordOf(tls).credentialName);
        if (credential === '') continue;
        const path = `.spec.servers[${index}].tls.credentialName`;
        const secret = context.find('Secret', credential.includes('/') ? credential : `${pod.namespace}/${credential}`);
        if (!secret) context.reportAt(path, 'ReferencedResourceNotFound', gateway, 'credentialName', credential);
        else if (!isCertificate(secret, context.now))
          context.reportAt(path, 'InvalidGatewayCredential', gateway, gateway.name, pod.namespace);
      }
    }
  },
};

/** Whether a Secret holds key and certificate, and the first certificate is valid now. */
function isCertificate({ object }: Resource, now: number): boolean {
  const data = recordOf(object.data);
  const pair = [
    ['cert', 'key'],
    ['tls.crt', 'tls.key'],
  ].find((names) => names.every((name) => textOf(data[name]) !== ''));
  if (!pair) return false;
  const bytes = fromBase64(textOf(data[pair[0] as string]));
  const [der] = bytes ? fromPem('CERTIFICATE', decode(bytes)) : [];
  if (!der) return false;
  try {
    const { notBefore, notAfter } = parseCertificate(der);
    return now >= notBefore && now <= notAfter;
  } catch {
    return false;
  }
}

interface PortHosts {
  selector: string;
  labels: Record<string, string>;
  port: number;
  gateways: Map<string, Map<string, string>>;
}

/** Gateways that want the same host on the same port of the same pods (upstream gateway/conflictinggateway.go). */
export const conflictingGatewayAnalyzer: Analyzer = {
  name: 'gateway.ConflictingGatewayAnalyzer',
  description: "Checks a gateway's selector, port number and hosts",
  inputs: ['Gateway', 'Pod'],
  analyze(context) {
    const known = portHosts(context);
    for (const gateway of context.all('Gateway')) checkConflicts(gateway, known, context);
  },
};

/** Hosts with their bind address by gateway; of a gateway's servers on one port the last one counts. */
function portHosts(context: Context): PortHosts[] {
  const known = new Map<string, PortHosts>();
  for (const gateway of context.all('Gateway')) {
    const labels = selectorOf(gateway);
    const selector = selectorText(labels);
    for (const { port, hosts, bind } of objectsOf(gateway.spec.servers)) {
      const number = numberOf(recordOf(port).number);
      const key = `${selector}~${number}`;
      const entry = known.get(key) ?? { selector, labels, port: number, gateways: new Map() };
      entry.gateways.set(fullName(gateway), new Map(textsOf(hosts).map((host) => [host, textOf(bind)])));
      known.set(key, entry);
    }
  }
  return [...known.values()];
}

function checkConflicts(gateway: Resource, known: readonly PortHosts[], context: Context): void {
  const labels = selectorOf(gateway);
  const selector = selectorText(labels);
  const overlapping = known.filter((entry) => {
    if (entry.selector === selector) return true;
    if (!entry.selector.includes(selector) && !selector.includes(entry.selector)) return false;
    return context.all('Pod').some((pod) => selects(labels, pod.labels) && selects(entry.labels, pod.labels));
  });
  if (selector !== '' && overlapping.length === 0) {
    reportSelector(gateway, context);
    return;
  }
  const name = fullName(gateway);
  for (const { port, hosts, bind } of objectsOf(gateway.spec.servers)) {
    const number = numberOf(recordOf(port).number);
    const conflicting: string[] = [];
    for (const entry of overlapping) {
      if (entry.port !== number) continue;
      for (const [other, taken] of entry.gateways)
        if (other !== name && isConflict(textsOf(hosts), textOf(bind), taken)) conflicting.push(other);
    }
    if (conflicting.length === 0) continue;
    const others = conflicting.sort().join(',');
    context.report('ConflictingGateways', gateway, others, selector, String(number), textsOf(hosts).join(','));
  }
}

/** Hosts taken at the same address. What conflicts with nothing counts as taken from then on, as upstream keeps it. */
function isConflict(hosts: readonly string[], bind: string, taken: Map<string, string>): boolean {
  if (hosts.some((host) => taken.get(host) === bind)) return true;
  for (const host of hosts) taken.set(host, bind);
  return false;
}
