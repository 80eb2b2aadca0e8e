import type { JsonObject } from '../../kernel/json.ts';
import { Findings } from './findings.ts';
import { loadBalancerFindings } from './load-balancer.ts';
import {
  addressProblem,
  durationProblem,
  exportToFindings,
  fqdnProblem,
  isLabel,
  labelsFindings,
  nanoseconds,
  portProblem,
  selectorFindings,
  wildcardDomainProblem,
} from './names.ts';
import { type IstioObject, isRecord, labelsOf, numberOf, objectsOf, textOf, textsOf } from './spec.ts';

/** DestinationRule (upstream ValidateDestinationRule). */
export function validateDestinationRule({ spec, metadata }: IstioObject): Findings {
  const findings = new Findings().error(wildcardDomainProblem(textOf(spec.host)));
  findings.add(trafficPolicy(spec.trafficPolicy));
  const names = new Set<string>();
  for (const subset of objectsOf(spec.subsets)) {
    const name = textOf(subset.name);
    if (names.has(name)) findings.error(`duplicate subset names: ${name}`);
    names.add(name);
    // A subset's own warnings are not told.
    const own = new Findings().error(subsetNameProblem(name)).add(labelsFindings(labelsOf(subset.labels)));
    own.add(trafficPolicy(subset.trafficPolicy));
    own.warnings.length = 0;
    findings.add(own);
  }
  const selector = isRecord(spec.workloadSelector) ? spec.workloadSelector : undefined;
  findings.add(
    exportToFindings(metadata.namespace ?? '', textsOf(spec.exportTo), { selectsWorkloads: selector !== undefined }),
  );
  if (!selector) return findings;
  const labels = labelsOf(selector.matchLabels);
  findings.add(selectorFindings(labels));
  if (Object.keys(labels).length === 0) findings.warn('workload selector specified without labels');
  return findings;
}

export function subsetNameProblem(name: string): string | undefined {
  if (name === '') return 'subset name cannot be empty';
  return isLabel(name) ? undefined : `subset name is invalid: ${name}`;
}

const policyFields = [
  'outlierDetection',
  'connectionPool',
  'loadBalancer',
  'tls',
  'portLevelSettings',
  'tunnel',
  'proxyProtocol',
  'retryBudget',
];

function trafficPolicy(policy: unknown): Findings {
  const findings = new Findings();
  if (!isRecord(policy)) return findings;
  if (!policyFields.some((field) => policy[field] !== undefined)) {
    return findings.error('traffic policy must have at least one field');
  }
  if (isRecord(policy.tunnel) && isRecord(policy.proxyProtocol)) {
    return findings.error('tunnel and proxyProtocol must not be set together');
  }
  findings.add(outlierDetection(policy.outlierDetection));
  findings.add(connectionPoolFindings(policy.connectionPool));
  findings.add(loadBalancerFindings(policy.loadBalancer, policy.outlierDetection));
  findings.add(clientTls(policy.tls));
  const ports = portPolicies(objectsOf(policy.portLevelSettings));
  ports.warnings.length = 0;
  return findings.add(ports).add(tunnel(policy.tunnel));
}

function portPolicies(policies: readonly JsonObject[]): Findings {
  const findings = new Findings();
  for (const policy of policies) {
    if (!isRecord(policy.port)) findings.error('portTrafficPolicy must have valid port');
    if (!['outlierDetection', 'connectionPool', 'loadBalancer', 'tls'].some((field) => policy[field] !== undefined)) {
      findings.error('port traffic policy must have at least one field');
      continue;
    }
    findings.add(outlierDetection(policy.outlierDetection)).add(connectionPoolFindings(policy.connectionPool));
    findings.add(loadBalancerFindings(policy.loadBalancer, policy.outlierDetection)).add(clientTls(policy.tls));
  }
  return findings;
}

function tunnel(settings: unknown): Findings {
  const findings = new Findings();
  if (!isRecord(settings)) return findings;
  const protocol = textOf(settings.protocol);
  if (!['', 'CONNECT', 'POST'].includes(protocol)) findings.error('tunnel protocol must be "CONNECT" or "POST"');
  const host = textOf(settings.targetHost);
  const [name, address] = [fqdnProblem(host), addressProblem(host)];
  if (name && address) findings.error(`tunnel target host must be valid FQDN or IP address: ${name}; ${address}`);
  const port = portProblem(numberOf(settings.targetPort));
  return findings.error(port && `tunnel target port is invalid: ${port}`);
}

const percentProblem = (value: number) =>
  value < 0 || value > 100 ? `percentage ${value} is not in range 0..100` : undefined;
const optionalDuration = (value: unknown) => (value === undefined ? undefined : durationProblem(textOf(value)));

function outlierDetection(outlier: unknown): Findings {
  const findings = new Findings();
  if (!isRecord(outlier)) return findings;
  findings.error(optionalDuration(outlier.baseEjectionTime));
  if (numberOf(outlier.consecutiveErrors) !== 0) {
    findings.warn(
      'outlier detection consecutive errors is deprecated, use consecutiveGatewayErrors or consecutive5xxErrors instead',
    );
  }
  if (outlier.splitExternalLocalOriginErrors !== true && numberOf(outlier.consecutiveLocalOriginFailures) > 0) {
    findings.error(
      'outlier detection consecutive local origin failures is specified, but split external local origin errors is set to false',
    );
  }
  findings.error(optionalDuration(outlier.interval));
  findings.error(percentProblem(numberOf(outlier.maxEjectionPercent)));
  return findings.error(percentProblem(numberOf(outlier.minHealthPercent)));
}

export function connectionPoolFindings(pool: unknown): Findings {
  const findings = new Findings();
  if (!isRecord(pool)) return findings;
  const { http, tcp } = pool;
  if (!isRecord(http) && !isRecord(tcp)) return findings.error('connection pool must have at least one field');
  if (isRecord(http)) {
    const limits: [string, string][] = [
      ['http1MaxPendingRequests', 'http1 max pending requests'],
      ['http2MaxRequests', 'http2 max requests'],
      ['maxRequestsPerConnection', 'max requests per connection'],
      ['maxRetries', 'max retries'],
    ];
    for (const [field, name] of limits) if (numberOf(http[field]) < 0) findings.error(`${name} must be non-negative`);
    findings.error(optionalDuration(http.idleTimeout));
    if (http.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol === true) {
      findings.error('use client protocol must not be true when H2UpgradePolicy is UPGRADE');
    }
    if (numberOf(http.maxConcurrentStreams) < 0) findings.error('max concurrent streams must be non-negative');
  }
  if (isRecord(tcp)) {
    if (numberOf(tcp.maxConnections) < 0) findings.error('max connections must be non-negative');
    findings.error(optionalDuration(tcp.connectTimeout)).error(optionalDuration(tcp.maxConnectionDuration));
    const idle = tcp.idleTimeout;
    if (idle !== undefined && Math.trunc((nanoseconds(textOf(idle)) ?? 0) / 1e6) !== 0)
      findings.error(optionalDuration(idle));
    const keepalive = isRecord(tcp.tcpKeepalive) ? tcp.tcpKeepalive : {};
    findings.error(optionalDuration(keepalive.time)).error(optionalDuration(keepalive.interval));
  }
  return findings;
}

/** TLS of a client (upstream agent.ValidateTLS). */
function clientTls(tls: unknown): Findings {
  const findings = new Findings();
  if (!isRecord(tls)) return findings;
  const mode = textOf(tls.mode) || 'DISABLE';
  if (tls.insecureSkipVerify === true) {
    const names = tls.subjectAltNames !== undefined;
    if (mode === 'SIMPLE' && (tls.caCertificates || tls.credentialName || names)) {
      findings.error(
        'cannot specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify is set true',
      );
    }
    if (mode === 'MUTUAL' && (tls.caCertificates || names)) {
      findings.error('cannot specify CaCertificates or SubjectAltNames when InsecureSkipVerify is set true');
    }
  }
  if ((mode === 'SIMPLE' || mode === 'MUTUAL') && tls.credentialName) {
    if (tls.clientCertificate || tls.caCertificates || tls.privateKey || tls.caCrl) {
      findings.error('cannot specify client certificates or CA certificate or CA CRL If credentialName is set');
    }
    return findings;
  }
  if (mode === 'MUTUAL') {
    if (!tls.clientCertificate) findings.error('client certificate required for mutual tls');
    if (!tls.privateKey) findings.error('private key required for mutual tls');
  }
  return findings;
}
