import type { Analyzer } from '../resource.ts';
import { annotationsAnalyzer } from './annotations.ts';
import { conditionAnalyzer } from './conditions.ts';
import { applicationUidAnalyzer, deploymentServicesAnalyzer } from './deployments.ts';
import { deprecationAnalyzer } from './deprecation.ts';
import { caCertificateAnalyzer, subsetAnalyzer } from './destination-rules.ts';
import { envoyFilterAnalyzer } from './envoy-filters.ts';
import { gatewayCrdAnalyzer } from './gateway-crds.ts';
import {
  conflictingGatewayAnalyzer,
  gatewayCertificateAnalyzer,
  gatewayPortAnalyzer,
  gatewaySecretAnalyzer,
} from './gateways.ts';
import { imageAutoAnalyzer, injectionAnalyzer, injectionImageAnalyzer } from './injection.ts';
import { meshNetworksAnalyzer, multiClusterServiceAnalyzer } from './multicluster.ts';
import { authorizationPoliciesAnalyzer, blockedCidrsAnalyzer, gatewaySelectorAnalyzer } from './policies.ts';
import { schemaAnalyzers } from './schema.ts';
import { portNameAnalyzer, protocolAddressesAnalyzer } from './services.ts';
import {
  conflictingHostsAnalyzer,
  destinationHostAnalyzer,
  destinationRuleAnalyzer,
  gatewayReferenceAnalyzer,
  jwtClaimRouteAnalyzer,
} from './virtual-services.ts';
import { externalControlPlaneAnalyzer, webhookAnalyzer } from './webhooks.ts';
import {
  lightstepAnalyzer,
  sidecarSelectorAnalyzer,
  telemetryDefaultAnalyzer,
  telemetryProviderAnalyzer,
  telemetrySelectorAnalyzer,
} from './workload-selectors.ts';

/** Every analyzer, in upstream's order (analyzers/all.go). */
export const analyzers: readonly Analyzer[] = [
  annotationsAnalyzer,
  blockedCidrsAnalyzer,
  authorizationPoliciesAnalyzer,
  conditionAnalyzer,
  deploymentServicesAnalyzer,
  applicationUidAnalyzer,
  caCertificateAnalyzer,
  subsetAnalyzer,
  deprecationAnalyzer,
  envoyFilterAnalyzer,
  externalControlPlaneAnalyzer,
  gatewayPortAnalyzer,
  gatewayCertificateAnalyzer,
  gatewaySecretAnalyzer,
  conflictingGatewayAnalyzer,
  injectionAnalyzer,
  injectionImageAnalyzer,
  imageAutoAnalyzer,
  gatewaySelectorAnalyzer,
  gatewayCrdAnalyzer,
  meshNetworksAnalyzer,
  multiClusterServiceAnalyzer,
  portNameAnalyzer,
  sidecarSelectorAnalyzer,
  conflictingHostsAnalyzer,
  destinationHostAnalyzer,
  destinationRuleAnalyzer,
  gatewayReferenceAnalyzer,
  jwtClaimRouteAnalyzer,
  protocolAddressesAnalyzer,
  webhookAnalyzer,
  telemetryProviderAnalyzer,
  telemetrySelectorAnalyzer,
  telemetryDefaultAnalyzer,
  lightstepAnalyzer,
  ...schemaAnalyzers,
];
