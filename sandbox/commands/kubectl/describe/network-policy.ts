import type { Kubectl } from '../kubectl.ts';
import { at, isRecord, type KubeObject, records, text } from '../objects.ts';
import { formatSelector } from '../pods.ts';
import { DescribeWriter } from './writer.ts';

type Data = Record<string, unknown>;

const indent = '    ';

/** time.Time's String. */
const goTime = (timestamp: string | null | undefined) =>
  (timestamp ?? '0001-01-01T00:00:00Z').replace('T', ' ').replace('Z', ' +0000 UTC');

/** metav1.FormatLabelSelector */
const selectorText = (selector: unknown) => (isRecord(selector) && formatSelector(selector)) || '<none>';

/** pkg/describe.describeNetworkPolicy */
export async function describeNetworkPolicy(_: Kubectl, object: KubeObject): Promise<string> {
  const { name, namespace = '', creationTimestamp, labels, annotations } = object.metadata;
  const w = new DescribeWriter();
  w.write(0, `Name:\t${name}\n`);
  w.write(0, `Namespace:\t${namespace}\n`);
  w.write(0, `Created on:\t${goTime(creationTimestamp)}\n`);
  w.pairs('Labels', labels);
  w.annotations('Annotations', annotations);
  w.write(0, 'Spec:\n');
  const selector = selectorText(at(object, 'spec', 'podSelector'));
  const nobody = '<none> (Allowing the specific traffic to all pods in this namespace)';
  w.write(1, 'PodSelector: ');
  w.write(2, `${selector === '<none>' ? nobody : selector}\n`);
  const types = at(object, 'spec', 'policyTypes');
  const named = Array.isArray(types) ? types.map(text) : [];
  for (const direction of ['Ingress', 'Egress'] as const) {
    const word = direction.toLowerCase();
    if (!named.includes(direction)) w.write(1, `Not affecting ${word} traffic\n`);
    else {
      w.write(1, `Allowing ${word} traffic:\n`);
      describeRules(w, direction, records(at(object, 'spec', word)));
    }
  }
  w.write(1, `Policy Types: ${named.length > 0 ? named.join(', ') : '<none>'}\n`);
  return w.finish();
}

function describeRules(w: DescribeWriter, direction: 'Ingress' | 'Egress', rules: readonly Data[]): void {
  const [side, what] = direction === 'Ingress' ? ['From', 'source'] : ['To', 'destination'];
  const line = (level: number, words: string) => w.write(level, `${indent}${words}\n`);
  if (rules.length === 0) {
    line(0, `<none> (Selected pods are isolated for ${direction.toLowerCase()} connectivity)`);
  }
  for (const [index, rule] of rules.entries()) {
    const [ports, peers] = [records(rule.ports), records(rule[side.toLowerCase()])];
    if (ports.length === 0) line(0, 'To Port: <any> (traffic allowed to all ports)');
    for (const { port, endPort, protocol = 'TCP' } of ports) {
      const number = port === undefined ? '<nil>' : text(port);
      if (endPort === undefined) line(0, `To Port: ${number}/${text(protocol)}`);
      else line(0, `To Port Range: ${number}-${text(endPort)}/${text(protocol)}`);
    }
    if (peers.length === 0) line(0, `${side}: <any> (traffic not restricted by ${what})`);
    for (const { namespaceSelector, podSelector, ipBlock } of peers) {
      line(0, `${side}:`);
      if (namespaceSelector !== undefined) line(1, `NamespaceSelector: ${selectorText(namespaceSelector)}`);
      if (podSelector !== undefined) line(1, `PodSelector: ${selectorText(podSelector)}`);
      if (ipBlock !== undefined && namespaceSelector === undefined && podSelector === undefined) {
        const { cidr, except } = ipBlock as Data;
        line(1, 'IPBlock:');
        line(2, `CIDR: ${text(cidr)}`);
        line(2, `Except: ${(Array.isArray(except) ? except.map(text) : []).join(', ')}`);
      }
    }
    if (index < rules.length - 1) line(0, '----------');
  }
}
