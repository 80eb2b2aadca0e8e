import type { JsonObject } from '../../kernel/json.ts';
import { Findings } from './findings.ts';
import {
  exportToFindings,
  fqdnProblem,
  isAddress,
  isHttp,
  isTcp,
  isTls,
  labelsFindings,
  parseProtocol,
  partialWildcardProblem,
  portNameProblem,
  portProblem,
  quote,
  selectorFindings,
  subnetProblem,
  wildcardDomainProblem,
} from './names.ts';
import { type IstioObject, isRecord, labelsOf, numberOf, objectsOf, recordOf, textOf, textsOf } from './spec.ts';
import { workloadEntryFindings } from './workload-entry.ts';

/** ServiceEntry (upstream ValidateServiceEntry). */
export function validateServiceEntry({ spec, metadata }: IstioObject): Findings {
  const findings = new Findings();
  const selector = spec.workloadSelector;
  if (isRecord(selector)) {
    const labels = labelsOf(selector.labels);
    const problems = selectorFindings(labels);
    if (problems.failed) return problems;
    if (Object.keys(labels).length === 0) {
      findings.warn(
        'service entry: workload selector specified without labels, will be applied to all services in namespace',
      );
    }
    if (spec.endpoints !== undefined) {
      findings.error('only one of WorkloadSelector or Endpoints is allowed in Service Entry');
    }
  }
  const resolution = textOf(spec.resolution) || 'NONE';
  const hosts = textsOf(spec.hosts);
  hostFindings(hosts, resolution, findings);
  const addresses = textsOf(spec.addresses);
  for (const address of addresses) findings.error(subnetProblem(address));
  if (addresses.some((address) => address.includes('/')) && resolution !== 'NONE' && resolution !== 'STATIC') {
    findings.error('CIDR addresses are allowed only for NONE/STATIC resolution types');
  }
  const ports = objectsOf(spec.ports);
  portFindings(ports, addresses.length > 0 || allocatesAddress(metadata.labels, resolution), findings);
  resolutionFindings(spec, metadata.labels ?? {}, resolution, findings);
  if (resolution !== 'NONE' && hosts.length > 1) {
    const plain = ports.some(({ protocol }) => {
      const parsed = parseProtocol(textOf(protocol));
      return !isHttp(parsed) && !isTls(parsed);
    });
    if (plain) findings.error('multiple hosts provided with non-HTTP, non-TLS ports');
  }
  return findings.add(exportToFindings(metadata.namespace ?? '', textsOf(spec.exportTo), { serviceEntry: true }));
}

/** Whether istiod gives the entry an address of its own. */
function allocatesAddress(labels: Record<string, string> | undefined, resolution: string): boolean {
  return resolution !== 'NONE' && labels?.['networking.istio.io/enable-autoallocate-ip']?.toLowerCase() !== 'false';
}

function hostFindings(hosts: readonly string[], resolution: string, findings: Findings): void {
  if (hosts.length === 0) findings.error('service entry must have at least one host');
  for (const host of hosts) {
    if (host === '*') {
      findings.error(`invalid host ${host}`);
      continue;
    }
    findings.error(wildcardDomainProblem(host));
    if (resolution !== 'DYNAMIC_DNS') findings.warn(partialWildcardProblem(host));
  }
}

function portFindings(ports: readonly JsonObject[], addressed: boolean, findings: Findings): void {
  const names = new Set<string>();
  const numbers = new Set<number>();
  for (const port of ports) {
    const [name, number, protocol] = [textOf(port.name), numberOf(port.number), textOf(port.protocol)];
    if (names.has(name)) findings.error(`service entry port name ${quote(name)} already defined`);
    if (numbers.has(number)) findings.error(`service entry port ${number} already defined`);
    names.add(name);
    numbers.add(number);
    const target = numberOf(port.targetPort);
    if (target !== 0) findings.error(portProblem(target));
    if (!addressed && (protocol === '' || protocol === 'TCP')) {
      findings.warn(
        'addresses are required for ports serving TCP (or unset) protocol when IP Autoallocation is not enabled',
      );
    }
    findings.error(portNameProblem(name));
    if (protocol !== '' && !parseProtocol(protocol)) findings.error(`unsupported protocol: ${protocol}`);
    findings.error(portProblem(number));
  }
}

function resolutionFindings(
  spec: JsonObject,
  labels: Record<string, string>,
  resolution: string,
  findings: Findings,
): void {
  const endpoints = objectsOf(spec.endpoints);
  const portNames = new Set(objectsOf(spec.ports).map(({ name }) => textOf(name)));
  if (resolution === 'NONE') {
    if (endpoints.length > 0) findings.error('no endpoints should be provided for resolution type none');
    if (isRecord(spec.workloadSelector))
      findings.warn('workloadSelector should not be set when resolution mode is NONE');
  } else if (resolution === 'STATIC') {
    for (const endpoint of endpoints) findings.add(workloadEntryFindings(endpoint, portNames, false));
  } else if (resolution === 'DYNAMIC_DNS') dynamicFindings(spec, labels, findings);
  else dnsFindings(spec, resolution, portNames, findings);
}

function dnsFindings(spec: JsonObject, resolution: string, portNames: Set<string>, findings: Findings): void {
  const endpoints = objectsOf(spec.endpoints);
  const hosts = textsOf(spec.hosts);
  const problem = endpoints.length === 0 ? hosts.map(fqdnProblem).find(Boolean) : undefined;
  if (problem) {
    findings.error(
      `hosts must be FQDN or contain only prefix wildcards if no endpoints are provided for resolution mode ${resolution}, ${problem}`,
    );
  }
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1) {
    findings.error(`there must only be 0 or 1 endpoint for resolution mode ${resolution}`);
  }
  for (const endpoint of endpoints) {
    const address = textOf(endpoint.address);
    if (!isAddress(address) && fqdnProblem(address)) {
      findings.error(`endpoint address ${quote(address)} is not a valid FQDN or an IP address`);
    }
    findings.add(labelsFindings(labelsOf(endpoint.labels)));
    const ports = recordOf(endpoint.ports);
    for (const name of Object.keys(ports).sort()) {
      const port = numberOf(ports[name]);
      if (!portNames.has(name)) findings.error(`endpoint port ${port} is not defined by the service entry`);
      findings.error(portNameProblem(name)).error(portProblem(port));
    }
  }
  const tcp = objectsOf(spec.ports).some(({ protocol }) => isTcp(parseProtocol(textOf(protocol))));
  if (textsOf(spec.addresses).length > 0 && tcp && hosts.length > 1) {
    findings.warn('service entry can not have more than one host specified simultaneously with address and tcp port');
  }
}

function dynamicFindings(spec: JsonObject, labels: Record<string, string>, findings: Findings): void {
  const hosts = textsOf(spec.hosts);
  const type = 'DYNAMIC_DNS';
  if (hosts.length === 0) findings.error(`at least one wildcard host must be provided for resolution type ${type}`);
  for (const host of hosts) {
    if (!host.startsWith('*')) findings.error(`host must be wildcarded for resolution mode ${type}`);
  }
  if (textsOf(spec.addresses).length > 0) {
    findings.error(
      `addresses cannot be set for resolution type ${type}. HTTP route domains will only be generatedfrom the hosts field values`,
    );
  }
  if (objectsOf(spec.endpoints).length > 0) {
    findings.error(
      `endpoints cannot be set for resolution type ${type}. Destination IP address determined from hostsfield values`,
    );
  }
  for (const { protocol } of objectsOf(spec.ports)) {
    if (!['HTTP', 'TLS', 'GRPC', 'HTTP2'].includes(parseProtocol(textOf(protocol)) ?? '')) {
      findings.error(`only HTTP, TLS, GRPC, and HTTP2 protocols are supported for resolution type ${type}`);
    }
  }
  const waypoint = labels['istio.io/use-waypoint'] ?? '';
  if (spec.location === 'MESH_INTERNAL' && waypoint !== '' && waypoint.toLowerCase() !== 'none') {
    findings.error(`location MESH_INTERNAL with resolution type ${type} is not supported when using waypoints`);
  }
}
