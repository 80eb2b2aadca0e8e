import type { JsonObject } from '../../../kernel/json.ts';
import { hostsForNamespace, hostsMatch } from '../../pilot/model/host.ts';
import { labelsOf, numberOf, objectsOf, recordOf, textOf, textsOf } from '../../validate/spec.ts';
import { type Analyzer, type Context, fullName, type Resource, resolveName } from '../resource.ts';
import { selects } from '../selectors.ts';
import { findServiceHost, type ServiceHost, serviceHosts, toFqdn } from '../service-hosts.ts';

const meshGateway = 'mesh';

/** Where a rule sends requests, and the path of the host in the specification. */
interface Destination {
  destination: JsonObject;
  path: string;
  mirror: boolean;
}

function routeDestinations(spec: JsonObject): Destination[] {
  return ['tcp', 'tls', 'http'].flatMap((protocol) =>
    objectsOf(spec[protocol]).flatMap(({ route }, rule) =>
      objectsOf(route).map(({ destination }, index) => ({
        destination: recordOf(destination),
        path: `.spec.${protocol}[${rule}].route[${index}].destination.host`,
        mirror: false,
      })),
    ),
  );
}

function mirrorDestinations(spec: JsonObject): Destination[] {
  return objectsOf(spec.http).flatMap(({ mirror, mirrors }, rule) => [
    ...(mirror ? [{ destination: recordOf(mirror), path: `.spec.http[${rule}].mirror.host`, mirror: true }] : []),
    ...objectsOf(mirrors).map(({ destination }, index) => ({
      destination: recordOf(destination),
      path: `.spec.http[${rule}].mirrors[${index}].host`,
      mirror: true,
    })),
  ]);
}

const destinationsOf = ({ spec }: Resource) => [...routeDestinations(spec), ...mirrorDestinations(spec)];

/** Hosts and ports that no service has (upstream virtualservice/destinationhosts.go). */
export const destinationHostAnalyzer: Analyzer = {
  name: 'virtualservice.DestinationHostAnalyzer',
  description: 'Checks the destination hosts associated with each virtual service',
  inputs: ['ServiceEntry', 'VirtualService', 'Service'],
  analyze(context) {
    const hosts = serviceHosts(context);
    for (const rule of context.all('VirtualService')) {
      for (const each of destinationsOf(rule)) {
        const host = textOf(each.destination.host);
        const service = findServiceHost(hosts, rule.namespace, textsOf(rule.spec.exportTo), host);
        if (service) checkPort(rule, each, service, context);
        else
          context.reportAt(each.path, 'ReferencedResourceNotFound', rule, each.mirror ? 'mirror host' : 'host', host);
      }
      checkIngressSubsets(rule, context);
    }
  },
};

function checkPort(rule: Resource, { destination, path }: Destination, service: ServiceHost, context: Context): void {
  const host = textOf(destination.host);
  if (!destination.port) {
    if (service.ports.length > 1)
      context.reportAt(path, 'VirtualServiceDestinationPortSelectorRequired', rule, host, service.ports);
    return;
  }
  const port = numberOf(recordOf(destination.port).number);
  if (!service.ports.includes(port))
    context.reportAt(path, 'ReferencedResourceNotFound', rule, 'host:port', `${host}:${port}`);
}

/** Subsets of a rule for the mesh do not hold for requests that another rule takes from a gateway. */
function checkIngressSubsets(rule: Resource, context: Context): void {
  if (textsOf(rule.spec.gateways).length === 0) return;
  const httpDestinations = ({ spec }: Resource) =>
    objectsOf(spec.http).map(({ route }) => objectsOf(route).map((each) => recordOf(each.destination)));
  for (const [index, destinations] of httpDestinations(rule).entries()) {
    for (const [place, { subset, host }] of destinations.entries()) {
      if (textOf(subset)) continue;
      for (const other of context.all('VirtualService')) {
        const own = textsOf(other.spec.hosts);
        for (const wanted of httpDestinations(other).flat()) {
          if (!textOf(wanted.subset) || wanted.host !== host || !own.includes(textOf(wanted.host))) continue;
          const name = textOf(recordOf(objectsOf(rule.spec.http)[index]).name);
          // Upstream asks for the line by the route's name, which finds one only where that is `http`.
          const path = `.spec.${name}[${index}].route[${place}].destination.host`;
          context.reportAt(path, 'IngressRouteRulesNotAffected', rule, fullName(other), fullName(rule));
        }
      }
    }
  }
}

/** Subsets that no DestinationRule has (upstream virtualservice/destinationrules.go). */
export const destinationRuleAnalyzer: Analyzer = {
  name: 'virtualservice.DestinationRuleAnalyzer',
  description: 'Checks the destination rules associated with each virtual service',
  inputs: ['VirtualService', 'DestinationRule'],
  analyze(context) {
    const known = new Set(
      context
        .all('DestinationRule')
        .flatMap(({ namespace, spec }) =>
          objectsOf(spec.subsets).map(({ name }) => subsetKey(namespace, textOf(spec.host), textOf(name))),
        ),
    );
    for (const rule of context.all('VirtualService')) {
      for (const { destination, path, mirror } of destinationsOf(rule)) {
        const [host, subset] = [textOf(destination.host), textOf(destination.subset)];
        if (subset === '' || known.has(subsetKey(rule.namespace, host, subset))) continue;
        const what = `${mirror ? 'mirror' : 'host'}+subset in destinationrule`;
        context.reportAt(path, 'ReferencedResourceNotFound', rule, what, `${host}+${subset}`);
      }
    }
  },
};

function subsetKey(namespace: string, host: string, subset: string): string {
  const full = /^(.+)\.(.+)\.svc\.cluster\.local$/.exec(host);
  return full ? `${full[2]}/${full[1]}+${subset}` : `${namespace}/${host}+${subset}`;
}

/** Gateways that are not there or have none of the hosts (upstream virtualservice/gateways.go). */
export const gatewayReferenceAnalyzer: Analyzer = {
  name: 'virtualservice.GatewayAnalyzer',
  description: 'Checks the gateways associated with each virtual service',
  inputs: ['Gateway', 'VirtualService'],
  analyze(context) {
    for (const rule of context.all('VirtualService')) {
      for (const [index, gateway] of textsOf(rule.spec.gateways).entries()) {
        if (gateway === meshGateway) continue;
        const path = `.spec.gateways[${index}]`;
        if (gateway.slice(gateway.indexOf('/') + 1).includes('~istio-autogenerated-k8s-gateway~')) {
          context.reportAt(path, 'ReferencedInternalGateway', rule, fullName(rule), gateway);
          continue;
        }
        const name = resolveName(rule.namespace, gateway);
        const found = context.find('Gateway', name);
        if (!found) context.reportAt(path, 'ReferencedResourceNotFound', rule, 'gateway', gateway);
        const hosts = textsOf(rule.spec.hosts);
        if (!found || !hasHost(found, hosts, rule.namespace))
          context.reportAt(path, 'VirtualServiceHostNotFoundInGateway', rule, hosts, fullName(rule), name);
      }
    }
  },
};

function hasHost(gateway: Resource, hosts: readonly string[], namespace: string): boolean {
  const own = objectsOf(gateway.spec.servers).flatMap((server) =>
    textsOf(server.hosts).map((host) => (host.startsWith('./') ? `${gateway.namespace}${host.slice(1)}` : host)),
  );
  return hostsForNamespace(own, namespace).some((host) => hosts.some((wanted) => hostsMatch(host, wanted)));
}

/** Two rules for one host in the mesh (upstream virtualservice/conflictingmeshgatewayhosts.go). */
export const conflictingHostsAnalyzer: Analyzer = {
  name: 'virtualservice.ConflictingMeshGatewayHostsAnalyzer',
  description: 'Checks if multiple virtual services associated with the mesh gateway have conflicting hosts',
  inputs: ['VirtualService'],
  analyze(context) {
    const byHost = meshHosts(context);
    const reported = new Set<Resource>();
    for (const [scoped, rules] of byHost) {
      const all = scoped.startsWith('*/') ? rules : [...rules, ...exportedToAll(scoped, byHost)];
      if (all.length < 2) continue;
      const names = all.map(fullName).sort().join(',');
      for (const rule of all) {
        if (reported.has(rule)) continue;
        reported.add(rule);
        context.reportAt('.metadata.name', 'ConflictingMeshGatewayVirtualServiceHosts', rule, names, scoped);
      }
    }
  },
};

/** Rules for the mesh by `scope/fqdn`. */
function meshHosts(context: Context): Map<string, Resource[]> {
  const byHost = new Map<string, Resource[]>();
  for (const rule of context.all('VirtualService')) {
    const [gateways, exportTo] = [textsOf(rule.spec.gateways), textsOf(rule.spec.exportTo)];
    if (gateways.length > 0 && !gateways.includes(meshGateway)) continue;
    const everywhere = exportTo.length === 0 || exportTo.includes('*');
    const scopes = new Set(everywhere ? ['*'] : exportTo.map((scope) => (scope === '.' ? rule.namespace : scope)));
    for (const scope of scopes) {
      for (const host of textsOf(rule.spec.hosts)) {
        const scoped = `${scope}/${toFqdn(rule.namespace, host)}`;
        byHost.set(scoped, [...(byHost.get(scoped) ?? []), rule]);
      }
    }
  }
  return byHost;
}

function exportedToAll(scoped: string, byHost: ReadonlyMap<string, Resource[]>): Resource[] {
  const host = scoped.slice(scoped.indexOf('/') + 1);
  return [...byHost].flatMap(([other, rules]) =>
    other.startsWith('*/') && hostsMatch(host, other.slice(2)) ? rules : [],
  );
}

/** Routes by claims of a token that nothing validates (upstream virtualservice/jwtclaimroute.go). */
export const jwtClaimRouteAnalyzer: Analyzer = {
  name: 'virtualservice.JWTClaimRouteAnalyzer',
  description: 'Checks the VirtualService using JWT claim based routing has corresponding RequestAuthentication',
  inputs: ['VirtualService', 'RequestAuthentication', 'Gateway', 'Pod'],
  analyze(context) {
    for (const rule of context.all('VirtualService')) {
      const key = claimKey(rule.spec);
      if (key === undefined) continue;
      for (const gateway of textsOf(rule.spec.gateways)) {
        const found =
          gateway === meshGateway ? undefined : context.find('Gateway', resolveName(rule.namespace, gateway));
        if (!found) continue;
        for (const pod of context.all('Pod')) {
          if (!selects(labelsOf(found.spec.selector), pod.labels) || isAuthenticated(pod, context)) continue;
          context.report('JwtClaimBasedRoutingWithoutRequestAuthN', rule, key, fullName(found), pod.name);
        }
      }
    }
  },
};

function isAuthenticated(pod: Resource, context: Context): boolean {
  return context
    .all('RequestAuthentication')
    .some(
      ({ namespace, spec }) =>
        (namespace === 'istio-system' || namespace === pod.namespace) &&
        selects(labelsOf(recordOf(spec.selector).matchLabels), pod.labels),
    );
}

/** The first header that stands for a claim: `@request.auth.claims.group` or `@request.auth.claims[group]`. */
function claimKey(spec: JsonObject): string | undefined {
  const matches = objectsOf(spec.http).flatMap(({ match }) => objectsOf(match));
  const keys = matches.flatMap(({ headers, withoutHeaders }) => [
    ...Object.keys(recordOf(headers)),
    ...Object.keys(recordOf(withoutHeaders)),
  ]);
  return keys.find((key) => /^@request\.auth\.claims(?:\..+|\[.+\])$/i.test(key));
}
