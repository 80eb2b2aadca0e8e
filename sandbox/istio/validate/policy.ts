import type { JsonObject } from '../../kernel/json.ts';
import { Findings } from './findings.ts';
import { selectorFindings } from './names.ts';
import { isRecord, labelsOf, objectsOf, textOf } from './spec.ts';

/** What a policy holds for: the workloads of a selector or the objects of target references. */
export function targetFindings(spec: JsonObject): Findings {
  const findings = new Findings();
  const references = objectsOf(spec.targetRefs);
  const set = [isRecord(spec.selector), isRecord(spec.targetRef), references.length > 0].filter(Boolean).length;
  if (set > 1) findings.error('only one of targetRefs or workloadSelector can be set');
  findings.add(policySelector(spec.selector));
  if (isRecord(spec.targetRef)) findings.add(targetReference(spec.targetRef));
  for (const reference of references) findings.add(targetReference(reference));
  return findings;
}

/** `selector.matchLabels`. */
export function policySelector(selector: unknown): Findings {
  if (!isRecord(selector)) return new Findings();
  const labels = labelsOf(selector.matchLabels);
  const findings = selectorFindings(labels);
  if (Object.keys(labels).length === 0) findings.warn('workload selector specified without labels');
  return findings;
}

const targets = [
  'core/v1/Service',
  'networking.istio.io/v1/ServiceEntry',
  'gateway.networking.k8s.io/v1/Gateway',
  'gateway.networking.k8s.io/v1/GatewayClass',
];

function targetReference(reference: JsonObject): Findings {
  const findings = new Findings();
  const [group, kind] = [textOf(reference.group), textOf(reference.kind)];
  if (!reference.name) findings.error('targetRef name must be set');
  if (reference.namespace) {
    findings.error('targetRef namespace must not be set; cross namespace referencing is not supported');
  }
  const allowed = targets.some((target) => {
    const [targetGroup, , targetKind] = target.split('/');
    return targetGroup === (group || 'core') && targetKind === kind;
  });
  if (!allowed) findings.error(`targetRef must be to one of [${targets.join(' ')}] but was ${group}/${kind}`);
  return findings;
}
