import type { Resource } from './resource.ts';

export type Level = 'Error' | 'Warning' | 'Info';

/** From the worst on. */
export const levels: readonly Level[] = ['Error', 'Warning', 'Info'];

/**
 * Every message by its upstream name (pkg/config/analysis/msg/messages.yaml): code, level and template. `%s` is a text or a number,
 * `%q` a quoted text, `%v` also a list, printed as `[a b]`.
 */
export const messageTypes = {
  InternalError: ['IST0001', 'Error', 'Internal error: %v'],
  Deprecated: ['IST0002', 'Warning', 'Deprecated: %s'],
  ReferencedResourceNotFound: ['IST0101', 'Error', 'Referenced %s not found: %q'],
  NamespaceNotInjected: [
    'IST0102',
    'Info',
    "The namespace is not enabled for Istio injection. Run 'kubectl label namespace %s istio-injection=enabled' to enable it, or 'kubectl label namespace %s istio-injection=disabled' to explicitly mark it as not needing injection.",
  ],
  PodMissingProxy: [
    'IST0103',
    'Warning',
    'The pod %s is missing the Istio proxy. This can often be resolved by restarting or redeploying the workload.',
  ],
  SchemaValidationError: ['IST0106', 'Error', 'Schema validation error: %v'],
  MisplacedAnnotation: ['IST0107', 'Warning', 'Misplaced annotation: %s can only be applied to %s'],
  UnknownAnnotation: ['IST0108', 'Warning', 'Unknown annotation: %s'],
  ConflictingMeshGatewayVirtualServiceHosts: [
    'IST0109',
    'Error',
    'The VirtualServices %s associated with mesh gateway define the same host %s which can lead to undefined behavior. This can be fixed by merging the conflicting VirtualServices into a single resource.',
  ],
  ConflictingSidecarWorkloadSelectors: [
    'IST0110',
    'Error',
    'The Sidecars %v in namespace %q select the same workload pod %q, which can lead to undefined behavior.',
  ],
  MultipleSidecarsWithoutWorkloadSelectors: [
    'IST0111',
    'Error',
    'The Sidecars %v in namespace %q have no workload selector, which can lead to undefined behavior.',
  ],
  VirtualServiceDestinationPortSelectorRequired: [
    'IST0112',
    'Error',
    'This VirtualService routes to a service %q that exposes multiple ports %v. Specifying a port in the destination is required to disambiguate.',
  ],
  DeploymentAssociatedToMultipleServices: [
    'IST0116',
    'Warning',
    'This deployment %s is associated with multiple services using port %d but different protocols: %v',
  ],
  PortNameIsNotUnderNamingConvention: [
    'IST0118',
    'Info',
    "Port name %s (port: %d, targetPort: %s) doesn't follow the naming convention of Istio port.",
  ],
  NamespaceMultipleInjectionLabels: [
    'IST0123',
    'Warning',
    'The namespace has more than one type of injection labels %v, which may lead to undefined behavior. Make sure only one injection label exists.',
  ],
  InvalidAnnotation: ['IST0125', 'Warning', 'Invalid annotation %s: %s'],
  UnknownMeshNetworksServiceRegistry: ['IST0126', 'Error', 'Unknown service registry %s in network %s'],
  NoMatchingWorkloadsFound: [
    'IST0127',
    'Warning',
    'No matching workloads for this resource with the following labels: %s',
  ],
  NoServerCertificateVerificationDestinationLevel: [
    'IST0128',
    'Warning',
    'DestinationRule %s in namespace %s has TLS mode set to %s but no caCertificates are set to validate server identity for host: %s',
  ],
  NoServerCertificateVerificationPortLevel: [
    'IST0129',
    'Warning',
    'DestinationRule %s in namespace %s has TLS mode set to %s but no caCertificates are set to validate server identity for host: %s at port %s',
  ],
  VirtualServiceUnreachableRule: ['IST0130', 'Warning', 'VirtualService rule %v not used (%s).'],
  VirtualServiceIneffectiveMatch: [
    'IST0131',
    'Info',
    'VirtualService rule %v match %v is not used (duplicate/overlapping match in rule %v).',
  ],
  VirtualServiceHostNotFoundInGateway: [
    'IST0132',
    'Warning',
    'one or more host %v defined in VirtualService %s not found in Gateway %s.',
  ],
  SchemaWarning: ['IST0133', 'Warning', 'Schema validation warning: %v'],
  ServiceEntryAddressesRequired: ['IST0134', 'Warning', 'ServiceEntry addresses are required for this protocol.'],
  DeprecatedAnnotation: [
    'IST0135',
    'Info',
    'Annotation %q has been deprecated%s and may not work in future Istio versions.',
  ],
  AlphaAnnotation: [
    'IST0136',
    'Info',
    'Annotation %q is part of an alpha-phase feature and may be incompletely supported.',
  ],
  DeploymentConflictingPorts: [
    'IST0137',
    'Warning',
    'This deployment %s is associated with multiple services %v using targetPort %q but different ports: %v.',
  ],
  GatewayDuplicateCertificate: [
    'IST0138',
    'Warning',
    'Duplicate certificate in multiple gateways %v may cause 404s if clients re-use HTTP2 connections.',
  ],
  InvalidWebhook: ['IST0139', 'Error', '%v'],
  IngressRouteRulesNotAffected: [
    'IST0140',
    'Warning',
    'Subset in virtual service %s has no effect on ingress gateway %s requests',
  ],
  InsufficientPermissions: ['IST0141', 'Error', 'Missing required permission to create resource %v (%v)'],
  UnsupportedKubernetesVersion: ['IST0142', 'Error', 'The Kubernetes Version %q is lower than the minimum version: %v'],
  LocalhostListener: [
    'IST0143',
    'Error',
    'Port %v is exposed in a Service but listens on localhost. It will not be exposed to other pods.',
  ],
  InvalidApplicationUID: ['IST0144', 'Warning', 'User ID (UID) 1337 is reserved for the sidecar proxy.'],
  ConflictingGateways: ['IST0145', 'Error', 'Conflict with gateways %s (workload selector %s, port %s, hosts %v).'],
  ImageAutoWithoutInjectionWarning: [
    'IST0146',
    'Warning',
    '%s %s contains `image: auto` but does not match any Istio injection webhook selectors.',
  ],
  ImageAutoWithoutInjectionError: [
    'IST0147',
    'Error',
    '%s %s contains `image: auto` but does not match any Istio injection webhook selectors.',
  ],
  NamespaceInjectionEnabledByDefault: [
    'IST0148',
    'Info',
    'is enabled for Istio injection, as Istio is installed with enableNamespacesByDefault as true.',
  ],
  JwtClaimBasedRoutingWithoutRequestAuthN: [
    'IST0149',
    'Error',
    'The virtual service uses the JWT claim based routing (key: %s) but found no request authentication for the gateway (%s) pod (%s). The request authentication must first be applied for the gateway pods to validate the JWT token and make the claims available for routing.',
  ],
  ExternalNameServiceTypeInvalidPortName: [
    'IST0150',
    'Warning',
    'Port name for ExternalName service is invalid. Proxy may prevent tcp named ports and unmatched traffic for ports serving TCP protocol from being forwarded correctly',
  ],
  EnvoyFilterUsesRelativeOperation: [
    'IST0151',
    'Warning',
    'This EnvoyFilter does not have a priority and has a relative patch operation set which can cause the EnvoyFilter not to be applied. Using the INSERT_FIRST of ADD option or setting the priority may help in ensuring the EnvoyFilter is applied correctly.',
  ],
  EnvoyFilterUsesReplaceOperationIncorrectly: [
    'IST0152',
    'Error',
    'The REPLACE operation is only valid for HTTP_FILTER and NETWORK_FILTER.',
  ],
  EnvoyFilterUsesAddOperationIncorrectly: [
    'IST0153',
    'Error',
    'The ADD operation will be ignored when applyTo is set to ROUTE_CONFIGURATION, or HTTP_ROUTE.',
  ],
  EnvoyFilterUsesRemoveOperationIncorrectly: [
    'IST0154',
    'Error',
    'The REMOVE operation will be ignored when applyTo is set to ROUTE_CONFIGURATION, or HTTP_ROUTE.',
  ],
  EnvoyFilterUsesRelativeOperationWithProxyVersion: [
    'IST0155',
    'Warning',
    'This EnvoyFilter does not have a priority and has a relative patch operation (NSTERT_BEFORE/AFTER, REPLACE, MERGE, DELETE) and proxyVersion set which can cause the EnvoyFilter not to be applied during an upgrade. Using the INSERT_FIRST or ADD option or setting the priority may help in ensuring the EnvoyFilter is applied correctly.',
  ],
  UnsupportedGatewayAPIVersion: [
    'IST0156',
    'Error',
    'The Gateway API CRD version %v is lower than the minimum version: %v',
  ],
  InvalidTelemetryProvider: [
    'IST0157',
    'Warning',
    'The Telemetry %v in namespace %q with empty providers will be ignored.',
  ],
  PodsIstioProxyImageMismatchInNamespace: [
    'IST0158',
    'Warning',
    'The Istio proxy images of the pods running in the namespace do not match the image defined in the injection configuration (pod names: %v). This often happens after upgrading the Istio control-plane and can be fixed by redeploying the pods.',
  ],
  ConflictingTelemetryWorkloadSelectors: [
    'IST0159',
    'Error',
    'The Telemetries %v in namespace %q select the same workload pod %q, which can lead to undefined behavior.',
  ],
  MultipleTelemetriesWithoutWorkloadSelectors: [
    'IST0160',
    'Error',
    'The Telemetries %v in namespace %q have no workload selector, which can lead to undefined behavior.',
  ],
  InvalidGatewayCredential: [
    'IST0161',
    'Error',
    'The credential referenced by the Gateway %s in namespace %s is invalid, which can cause the traffic not to work as expected.',
  ],
  GatewayPortNotDefinedOnService: [
    'IST0162',
    'Warning',
    'The gateway is listening on a target port (port %d) that is not defined in the Service associated with its workload instances (Pod selector %s). If you need to access the gateway port through the gateway Service, it will not be available.',
  ],
  InvalidExternalControlPlaneConfig: [
    'IST0163',
    'Warning',
    'The hostname (%s) that was provided for the webhook (%s) to reach the ingress gateway on the external control plane cluster %s. Traffic may not flow properly.',
  ],
  ExternalControlPlaneAddressIsNotAHostname: [
    'IST0164',
    'Info',
    'The address (%s) that was provided for the webhook (%s) to reach the ingress gateway on the external control plane cluster is an IP address. This is not recommended for a production environment.',
  ],
  ReferencedInternalGateway: [
    'IST0165',
    'Warning',
    'Gateway reference in VirtualService %s is to an implementation-generated internal Gateway: %s.',
  ],
  IneffectiveSelector: [
    'IST0166',
    'Warning',
    'Ineffective selector on Kubernetes Gateway %s. Use the TargetRef field instead.',
  ],
  IneffectivePolicy: ['IST0167', 'Warning', 'The policy has no impact: %s.'],
  UnknownUpgradeCompatibility: [
    'IST0168',
    'Warning',
    'The configuration %q changed in release %s, but compatibility cannot be automatically detected: %s. Or, install with `--set compatibilityVersion=%s` to retain the old default.',
  ],
  UpdateIncompatibility: [
    'IST0169',
    'Warning',
    'The configuration %q changed in release %s: %s. Or, install with `--set compatibilityVersion=%s` to retain the old default.',
  ],
  MultiClusterInconsistentService: [
    'IST0170',
    'Warning',
    'The service %v in namespace %q is inconsistent across clusters %q, which can lead to undefined behaviors. The inconsistent behaviors are: %v.',
  ],
  NegativeConditionStatus: [
    'IST0171',
    'Warning',
    'A condition with a negative status is present: type=%s, reason=%s, message=%s.',
  ],
  FutureUnsupportedGatewayAPIVersion: [
    'IST0172',
    'Warning',
    'The Gateway API CRD version %v is lower than the minimum version: %v',
  ],
  DestinationRuleSubsetNotSelectPods: [
    'IST0173',
    'Error',
    'The Subset %s defined in the DestinationRule does not select any pods. Which may lead to 503 UH (NoHealthyUpstream).',
  ],
  UnknownDestinationRuleHost: [
    'IST0174',
    'Warning',
    'The host %s defined in the DestinationRule does not match any services in the mesh.',
  ],
  JwksUriFetchUnrestricted: [
    'IST0175',
    'Warning',
    'BLOCKED_CIDRS_IN_JWKS_URIS is not configured but %d RequestAuthentication resource(s) exist (%s). Consider configuring it to restrict JWKS URI fetches to trusted networks.',
  ],
  GatewayAPICRDVersionBelowMinimum: [
    'IST0176',
    'Warning',
    'Gateway API CRD %q is at version %q but Istio requires at least %q; resources of this kind will not be processed. Upgrade the Gateway API CRDs to satisfy the minimum version.',
  ],
} as const satisfies Record<string, readonly [code: string, level: Level, template: string]>;

export type MessageName = keyof typeof messageTypes;

/** A value of a template. */
export type Parameter = string | number | readonly string[] | readonly number[];

/** One finding. */
export interface Message {
  code: string;
  level: Level;
  resource: Resource;
  /** Line in the resource's file, where it is more precise than that of the resource. */
  line: number | undefined;
  text: string;
}

export function message(
  name: MessageName,
  resource: Resource,
  parameters: readonly Parameter[],
  line?: number,
): Message {
  const [code, level, template] = messageTypes[name];
  let next = 0;
  const text = template.replace(/%[svqd]/g, (verb) => {
    const value = parameters[next++] ?? '';
    if (Array.isArray(value)) return `[${value.join(' ')}]`;
    return verb === '%q' ? JSON.stringify(String(value)) : String(value);
  });
  return { code, level, resource, line, text };
}

/** `VirtualService default/reviews`; a resource without namespace has its name only. */
export function friendlyName({ kind, namespace, name }: Resource): string {
  return `${kind.kind} ${namespace ? `${namespace}/${name}` : name}`;
}

/** `file.yaml:12`, or undefined for what the cluster holds. JSON files have no lines. */
export function reference({ resource: { position }, line }: Message): string | undefined {
  if (!position) return undefined;
  if (position.file.endsWith('.json')) return position.file;
  return `${position.file}:${line ?? position.line}`;
}

function origin(found: Message): string {
  const place = reference(found);
  return `${friendlyName(found.resource)}${place === undefined ? '' : ` ${place}`}`;
}

/** `Error [IST0101] (VirtualService default/a f.yaml:3) Referenced gateway not found: "b"`; `paint` colours the level. */
export function line(found: Message, paint: (level: Level) => string = (level) => level): string {
  return `${paint(found.level)} [${found.code}] (${origin(found)}) ${found.text}`;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** By level, code, kind, name and namespace, then text; of equal lines one stays (upstream SortedDedupedCopy). */
export function sortedMessages(messages: readonly Message[]): Message[] {
  const place = ({ resource: { kind, name, namespace } }: Message) => `${kind.kind}/${name}/${namespace}`;
  const keyed = messages.map((found) => ({ found, place: place(found), line: line(found) }));
  keyed.sort(
    (a, b) =>
      levels.indexOf(a.found.level) - levels.indexOf(b.found.level) ||
      compare(a.found.code, b.found.code) ||
      compare(a.place, b.place) ||
      compare(a.line, b.line),
  );
  return keyed.filter((each, index) => each.line !== keyed[index - 1]?.line).map(({ found }) => found);
}
