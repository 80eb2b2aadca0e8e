import type { JsonObject } from '../../kernel/json.ts';
import { Findings } from './findings.ts';
import { httpRouteFindings, isJwtClaim } from './http-route.ts';
import {
  exportToFindings,
  fqdnProblem,
  hostsOverlap,
  hostWithin,
  isAddress,
  isLabel,
  labelsFindings,
  portProblem,
  quote,
  subnetProblem,
  wildcardDomainProblem,
} from './names.ts';
import { destinationFindings } from './route-destination.ts';
import { type IstioObject, isRecord, labelsOf, numberOf, objectsOf, recordOf, textOf, textsOf } from './spec.ts';
import { unreachableWarnings } from './unreachable.ts';

/** VirtualService (upstream ValidateVirtualService). */
export function validateVirtualService({ spec, metadata }: IstioObject): Findings {
  const findings = new Findings();
  const [hosts, gateways] = [textsOf(spec.hosts), textsOf(spec.gateways)];
  const [http, tls, tcp] = [objectsOf(spec.http), objectsOf(spec.tls), objectsOf(spec.tcp)];
  if (hosts.length === 0) {
    if (gateways.length > 0) findings.error('delegate virtual service must have no gateways specified');
    if (tls.length > 0) findings.error('delegate virtual service must have no tls route specified');
    if (tcp.length > 0) findings.error('delegate virtual service must have no tcp route specified');
  }
  findings.add(gatewayNames(gateways));
  const onGateway = gateways.length > 0 && !gateways.includes('mesh');
  if (!onGateway) findings.add(claimsWithoutGateway(http, gateways));
  findings.add(hostFindings(hosts, onGateway, tls));
  if (http.length + tcp.length + tls.length === 0) {
    findings.error('http, tcp or tls must be provided in virtual service');
  }
  for (const route of http) findings.add(httpRouteFindings(route, hosts.length === 0));
  for (const route of tls) findings.add(tlsRoute(route, hosts, onGateway));
  for (const route of tcp) findings.add(tcpRoute(route));
  findings.add(exportToFindings(metadata.namespace ?? '', textsOf(spec.exportTo)));
  for (const warning of unreachableWarnings(spec)) findings.warn(warning);
  return findings;
}

function claimsWithoutGateway(http: readonly JsonObject[], gateways: readonly string[]): Findings {
  const findings = new Findings();
  for (const match of http.flatMap((route) => objectsOf(route.match))) {
    for (const key of [...Object.keys(recordOf(match.headers)), ...Object.keys(recordOf(match.withoutHeaders))]) {
      if (!isJwtClaim(key)) continue;
      findings.error(
        `JWT claim based routing (key: ${key}) is only supported for gateway, found no gateways: [${gateways.join(' ')}]`,
      );
    }
  }
  return findings;
}

function hostFindings(hosts: readonly string[], onGateway: boolean, tls: readonly JsonObject[]): Findings {
  const findings = new Findings();
  const sni = tls.some((route) => objectsOf(route.match).some((match) => textsOf(match.sniHosts).length > 0));
  let valid = true;
  for (const host of hosts) {
    const problem = onGateway ? gatewayHostProblem(sni, host) : wildcardDomainProblem(host);
    if (problem) {
      if (isAddress(host)) continue;
      findings.error(problem);
      valid = false;
    } else if (!onGateway && host === '*') {
      findings.error('wildcard host * is not allowed for virtual services bound to the mesh gateway');
      valid = false;
    }
  }
  if (!valid) return findings;
  for (const [index, host] of hosts.entries()) {
    for (const other of hosts.slice(index + 1)) {
      if (hostsOverlap(host, other)) findings.error(`duplicate hosts in virtual service: ${host} & ${other}`);
    }
  }
  return findings;
}

/** On a gateway also names that istiod makes for SNI: `outbound_.80_._.host`. */
function gatewayHostProblem(sni: boolean, host: string): string | undefined {
  if (!sni || !host.startsWith('outbound_')) return wildcardDomainProblem(host);
  return /^outbound_\.[0-9]\w*\._\.[a-zA-Z]/.test(host) || /^outbound_\.\d+_\._\./.test(host)
    ? undefined
    : `domain name ${quote(host)} invalid. should follow outbound_.<PORT>_._.<HOSTNAME> format`;
}

/** Names of gateways: `mesh`, `name`, `namespace/name`. */
export function gatewayNames(names: readonly string[]): Findings {
  const findings = new Findings();
  for (const name of names) {
    const slash = name.indexOf('/');
    if (slash < 0) {
      if (name.includes('.')) {
        const [first = '', second = ''] = name.split('.');
        findings.warn(
          `using legacy gatewayName format ${quote(name)}; prefer the <namespace>/<name> format: ${quote(`${second}/${first}`)}`,
        );
      }
      // Names after one without a namespace are not looked at.
      return findings.error(fqdnProblem(name));
    }
    const [namespace, gateway] = [name.slice(0, slash), name.slice(slash + 1)];
    if (namespace === '' || gateway === '') findings.error('config namespace and gateway name cannot be empty');
    if (!isLabel(namespace)) findings.error(`invalid value for namespace: ${quote(namespace)}`);
    if (!isLabel(gateway)) findings.error(`invalid value for gateway name: ${quote(gateway)}`);
  }
  return findings;
}

function tlsRoute(route: JsonObject, hosts: readonly string[], onGateway: boolean): Findings {
  const findings = new Findings();
  const matches = objectsOf(route.match);
  if (matches.length === 0) findings.error('TLS route must have at least one match condition');
  for (const match of matches) {
    const sniHosts = textsOf(match.sniHosts);
    if (sniHosts.length === 0) findings.error('TLS match must have at least one SNI host');
    for (const sniHost of sniHosts) findings.add(sniFindings(sniHost, hosts, onGateway));
    findings.add(commonMatch(match));
  }
  const destinations = objectsOf(route.route);
  if (destinations.length === 0) findings.error('TLS route is required');
  return findings.add(destinationsFindings(destinations));
}

function sniFindings(sniHost: string, hosts: readonly string[], onGateway: boolean): Findings {
  const findings = new Findings();
  const problem = onGateway ? gatewayHostProblem(true, sniHost) : wildcardDomainProblem(sniHost);
  if (problem) {
    if (!isAddress(sniHost)) return findings.error(problem);
    return findings.warn(
      `using an IP address (${quote(sniHost)}) goes against SNI spec and most clients do not support this`,
    );
  }
  if (hosts.some((host) => hostWithin(sniHost, host))) return findings;
  return findings.error(
    `SNI host ${quote(sniHost)} is not a compatible subset of any of the virtual service hosts: [${hosts.join(', ')}]`,
  );
}

function commonMatch(match: JsonObject): Findings {
  const findings = new Findings();
  for (const subnet of textsOf(match.destinationSubnets)) findings.error(subnetProblem(subnet));
  const port = numberOf(match.port);
  if (port !== 0) findings.error(portProblem(port));
  return findings.add(labelsFindings(labelsOf(match.sourceLabels))).add(gatewayNames(textsOf(match.gateways)));
}

function tcpRoute(route: JsonObject): Findings {
  const findings = new Findings();
  for (const match of objectsOf(route.match)) findings.add(commonMatch(match));
  const destinations = objectsOf(route.route);
  if (destinations.length === 0) findings.error('TCP route is required');
  findings.add(destinationsFindings(destinations));
  findings.warnings.length = 0;
  return findings;
}

function destinationsFindings(destinations: readonly JsonObject[]): Findings {
  const findings = new Findings();
  let total = 0;
  for (const { destination, weight } of destinations) {
    if (!isRecord(destination)) findings.listed('destination is required');
    findings.add(destinationFindings(destination));
    const share = numberOf(weight);
    if (share < 0) findings.error(`weight ${textOf(weight) || share} < 0`);
    total += share;
  }
  if (destinations.length > 1 && total === 0) findings.error('total destination weight = 0');
  return findings;
}
