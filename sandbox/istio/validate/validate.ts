import type { JsonObject } from '../../kernel/json.ts';
import { validatePeerAuthentication, validateRequestAuthentication } from './authentication.ts';
import { validateAuthorizationPolicy } from './authorization-policy.ts';
import { validateDestinationRule } from './destination-rule.ts';
import { validateEnvoyFilter } from './envoy-filter.ts';
import { validateProxyConfig, validateTrafficExtension, validateWasmPlugin } from './extensions.ts';
import { Findings } from './findings.ts';
import { validateGateway } from './gateway.ts';
import { validateServiceEntry } from './service-entry.ts';
import { validateSidecar } from './sidecar.ts';
import { type IstioObject, isRecord, textOf } from './spec.ts';
import { validateTelemetry } from './telemetry.ts';
import { validateVirtualService } from './virtual-service.ts';
import { validateWorkloadEntry } from './workload-entry.ts';
import { validateWorkloadGroup } from './workload-group.ts';

const validators: Record<string, (object: IstioObject) => Findings> = {
  AuthorizationPolicy: validateAuthorizationPolicy,
  DestinationRule: validateDestinationRule,
  EnvoyFilter: validateEnvoyFilter,
  Gateway: validateGateway,
  PeerAuthentication: validatePeerAuthentication,
  ProxyConfig: validateProxyConfig,
  RequestAuthentication: validateRequestAuthentication,
  ServiceEntry: validateServiceEntry,
  Sidecar: validateSidecar,
  Telemetry: validateTelemetry,
  TrafficExtension: validateTrafficExtension,
  VirtualService: validateVirtualService,
  WasmPlugin: validateWasmPlugin,
  WorkloadEntry: validateWorkloadEntry,
  WorkloadGroup: validateWorkloadGroup,
};

/** The kinds that are validated. */
export const validatedKinds = Object.keys(validators);

/** What the specification alone is found to be, without annotations and unknown fields (upstream Schema.ValidateConfig). */
export function specFindings(object: IstioObject): Findings {
  return validators[object.kind]?.(object) ?? new Findings();
}

/** Fields that an object may have beside its specification. */
const topFields = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

const bannedAnnotations = ['internal.istio.io/parents', 'internal.istio.io/parent-namespace'];

/** What istiod's webhook says of an object: the refusal without its prefix, or warnings. */
export function validateObject(object: JsonObject, namespace: string): { message?: string; warnings: string[] } {
  const istio = readObject(object, namespace);
  const findings = allFindings(istio);
  const message = findings.message();
  if (message !== undefined) return { message: `configuration is invalid: ${message}`, warnings: [] };
  const unknown = Object.keys(object).find((key) => !topFields.includes(key));
  if (unknown !== undefined) {
    const { name = '', namespace: own = '' } = istio.metadata;
    return { message: `unknown field "${unknown}" on ${istio.kind} resource ${own}/${name}`, warnings: [] };
  }
  return { warnings: findings.warnings };
}

function readObject(object: JsonObject, namespace: string): IstioObject {
  const metadata = isRecord(object.metadata) ? object.metadata : {};
  return {
    apiVersion: String(object.apiVersion ?? ''),
    kind: String(object.kind ?? ''),
    metadata: { ...metadata, namespace: String(metadata.namespace ?? namespace) },
    spec: isRecord(object.spec) ? object.spec : {},
  };
}

function allFindings(istio: IstioObject): Findings {
  const findings = metadataFindings(istio);
  return findings.failed ? findings : findings.add(specFindings(istio));
}

/** Every error and warning of its own, as `istioctl validate` lists them. */
export function objectFindings(object: JsonObject, namespace: string): Findings {
  return allFindings(readObject(object, namespace));
}

const goBools = ['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False'];

/** Only policies that allow or deny can be tried out. */
function dryRunProblem(kind: string, name: string, value: string, action: string): string | undefined {
  const annotation = 'annotation istio.io/dry-run';
  if (kind !== 'AuthorizationPolicy') return `${name} has unsupported ${annotation}, please remove the annotation`;
  if (action !== 'ALLOW' && action !== 'DENY') {
    return `the ${annotation} currently only supports action ALLOW/DENY, found action ${action} in ${name}`;
  }
  if (goBools.includes(value)) return undefined;
  const parsing = `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`;
  return `${name} has ${annotation} with invalid value (${value}): ${parsing}`;
}

function metadataFindings({ kind, metadata, spec }: IstioObject): Findings {
  const findings = new Findings();
  const annotations = metadata.annotations ?? {};
  const dryRun = annotations['istio.io/dry-run'];
  if (dryRun !== undefined) {
    const problem = dryRunProblem(
      kind,
      `${metadata.namespace ?? ''}/${metadata.name ?? ''}`,
      dryRun,
      textOf(spec.action) || 'ALLOW',
    );
    if (problem) return findings.error(problem);
  }
  if ('internal.istio.io/webhook-always-reject' in annotations) {
    return findings.error('"internal.istio.io/webhook-always-reject" annotation found, rejecting');
  }
  for (const name of bannedAnnotations) {
    if (name in annotations) return findings.error(`"${name}" annotation found, this may not be set by users`);
  }
  return findings;
}
