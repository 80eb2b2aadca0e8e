import { selects } from '../../../istio/pilot/model/labels.ts';
import { objectsOf, recordOf, textOf } from '../../../istio/validate/spec.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import type { KubernetesObject } from '../../../kubernetes/objects.ts';
import { goQuote } from '../../kubectl/flags.ts';
import type { Istioctl } from '../command.ts';
import { type PodLabels, shortName } from './objects.ts';

/** Names of the subsets that select any of the pods, and of those that do not. */
export interface Subsets {
  matching: string[];
  others: string[];
}

export function subsetsOf(rule: KubernetesObject | undefined, pods: PodLabels): Subsets {
  const found: Subsets = { matching: [], others: [] };
  for (const { name, labels } of objectsOf(recordOf(rule?.spec).subsets)) {
    const selected = pods.some((pod) => selects(recordOf(labels) as Record<string, string>, pod));
    (selected ? found.matching : found.others).push(textOf(name));
  }
  return found;
}

export function describeDestinationRule(
  ctl: Istioctl,
  rule: KubernetesObject,
  pods: PodLabels,
  indent: number,
): string {
  const { host, trafficPolicy } = recordOf(rule.spec);
  const { matching, others } = subsetsOf(rule, pods);
  const [outer, middle, inner] = [indent, indent + 3, indent + 6].map((width) => ' '.repeat(width)) as [
    string,
    string,
    string,
  ];
  const lines = [`${outer}DestinationRule: ${shortName(ctl, rule)} for ${goQuote(textOf(host))}`];
  if (matching.length + others.length > 0) {
    if (matching.length === 0) {
      const what = `(Non matching subsets ${others.join(',')})`;
      lines.push(`${middle}WARNING POD DOES NOT MATCH ANY SUBSETS.  ${what}`);
    }
    lines.push(`${middle}Matching subsets: ${matching.join(',')}`);
    if (others.length > 0) lines.push(`${inner}(Non-matching subsets ${others.join(',')})`);
  }
  if (!trafficPolicy) return [...lines, `${middle}No Traffic Policy\n`].join('\n');
  const policy = recordOf(trafficPolicy);
  if (policy.tls) lines.push(`${middle}Traffic Policy TLS Mode: ${modeOf(policy.tls)}`);
  lines.push(...shortPolicies(policy).map((each) => `${middle}${each}`));
  if (policy.portLevelSettings) lines.push(`${middle}Port Level Settings:`);
  for (const settings of objectsOf(policy.portLevelSettings)) {
    lines.push(`    ${Number(recordOf(settings.port).number ?? 0)}:`);
    if (settings.tls) lines.push(`${inner}TLS Mode: ${modeOf(settings.tls)}`);
    lines.push(...shortPolicies(settings).map((each) => `${inner}${each}`));
  }
  return `${lines.join('\n')}\n`;
}

const modeOf = (tls: unknown) => textOf(recordOf(tls).mode) || 'DISABLE';

function shortPolicies(policy: JsonObject): string[] {
  const names = [
    ...(policy.loadBalancer ? ['load balancer'] : []),
    ...(policy.connectionPool ? ['connection pool'] : []),
    ...(policy.outlierDetection ? ['outlier detection'] : []),
  ];
  return names.length > 0 ? [`Policies: ${names.join('/')}`] : [];
}
