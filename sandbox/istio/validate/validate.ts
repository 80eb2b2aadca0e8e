import type { JsonObject } from '../../kernel/json.ts';
import { validateDestinationRule } from './destination-rule.ts';
import { Findings } from './findings.ts';
import { validateGateway } from './gateway.ts';
import { validateServiceEntry } from './service-entry.ts';
import { type IstioObject, isRecord } from './spec.ts';
import { validateVirtualService } from './virtual-service.ts';
import { validateWorkloadEntry } from './workload-entry.ts';

const validators: Record<string, (object: IstioObject) => Findings> = {
  DestinationRule: validateDestinationRule,
  Gateway: validateGateway,
  ServiceEntry: validateServiceEntry,
  VirtualService: validateVirtualService,
  WorkloadEntry: validateWorkloadEntry,
};

/** Fields that an object may have beside its specification. */
const topFields = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

const bannedAnnotations = ['internal.istio.io/parents', 'internal.istio.io/parent-namespace'];

/** What istiod's webhook says of an object: the refusal without its prefix, or warnings. */
export function validateObject(object: JsonObject, namespace: string): { message?: string; warnings: string[] } {
  const metadata = isRecord(object.metadata) ? object.metadata : {};
  const istio: IstioObject = {
    apiVersion: String(object.apiVersion ?? ''),
    kind: String(object.kind ?? ''),
    metadata: { ...metadata, namespace: String(metadata.namespace ?? namespace) },
    spec: isRecord(object.spec) ? object.spec : {},
  };
  const findings = metadataFindings(istio);
  if (!findings.failed) findings.add(validators[istio.kind]?.(istio) ?? new Findings());
  const message = findings.message();
  if (message !== undefined) return { message: `configuration is invalid: ${message}`, warnings: [] };
  const unknown = Object.keys(object).find((key) => !topFields.includes(key));
  if (unknown !== undefined) {
    const { name = '', namespace: own = '' } = istio.metadata;
    return { message: `unknown field "${unknown}" on ${istio.kind} resource ${own}/${name}`, warnings: [] };
  }
  return { warnings: findings.warnings };
}

function metadataFindings({ kind, metadata }: IstioObject): Findings {
  const findings = new Findings();
  const annotations = metadata.annotations ?? {};
  const dryRun = annotations['istio.io/dry-run'];
  if (dryRun !== undefined) {
    const goBools = ['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False'];
    if (kind !== 'AuthorizationPolicy') {
      return findings.error(
        `${kind}/${metadata.name} has unsupported annotation istio.io/dry-run, please remove the annotation`,
      );
    }
    if (!goBools.includes(dryRun)) {
      return findings.error(
        `${kind}/${metadata.name} has annotation istio.io/dry-run with invalid value (${dryRun}): strconv.ParseBool: parsing ${JSON.stringify(dryRun)}: invalid syntax`,
      );
    }
  }
  if ('internal.istio.io/webhook-always-reject' in annotations) {
    return findings.error('"internal.istio.io/webhook-always-reject" annotation found, rejecting');
  }
  for (const name of bannedAnnotations) {
    if (name in annotations) return findings.error(`"${name}" annotation found, this may not be set by users`);
  }
  return findings;
}
