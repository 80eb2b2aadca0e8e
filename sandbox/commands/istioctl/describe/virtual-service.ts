import { numberOf, objectsOf, recordOf, textOf } from '../../../istio/validate/spec.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import type { KubernetesObject } from '../../../kubernetes/objects.ts';
import type { Istioctl } from '../command.ts';
import type { Subsets } from './destination-rule.ts';
import { shortName } from './objects.ts';
import { protoText } from './proto-text.ts';

/** What a rule is described against. */
export interface Target {
  service: KubernetesObject;
  subsets: Subsets;
  destinationRule: KubernetesObject | undefined;
}

/** Whether a route leads to the service, and what there is to say of it. */
interface Verdict {
  match: boolean;
  facts: string[];
}

export function describeVirtualService(ctl: Istioctl, rule: KubernetesObject, target: Target, indent: number): string {
  const spec = recordOf(rule.spec);
  const [http, tcp, tls] = [objectsOf(spec.http), objectsOf(spec.tcp), objectsOf(spec.tls)];
  const verdicts = [
    ...http.map((route) => httpVerdict(ctl, rule, route, target)),
    ...tcp.map((route) => tcpVerdict(rule, route, target)),
  ];
  const matching = verdicts.filter(({ match }) => match);
  const facts = matching.flatMap((verdict) => verdict.facts);
  const notes = verdicts.filter(({ match }) => !match).flatMap((verdict) => verdict.facts);
  const [outer, middle, inner] = [indent, indent + 3, indent + 6].map((width) => ' '.repeat(width)) as [
    string,
    string,
    string,
  ];
  const lines = [`${outer}VirtualService: ${shortName(ctl, rule)}`, ...facts.map((fact) => `${middle}${fact}`)];
  const perProtocol = (say: (count: number, protocol: string) => string) =>
    [[http.length, 'HTTP'] as const, [tcp.length, 'TCP'] as const].flatMap(([count, protocol]) =>
      count > 0 ? [`${middle}${say(count, protocol)}`] : [],
    );
  const possible = http.length + tcp.length + tls.length;
  const noted = notes.map((note) => `${inner}${note}`);
  if (matching.length === 0) {
    const checked = (count: number, protocol: string) => `(checked ${count} ${protocol} routes)`;
    lines.push(
      ...perProtocol((...about) => `WARNING: No destinations match pod subsets ${checked(...about)}`),
      ...noted,
    );
  } else if (matching.length < possible) {
    lines.push(`${middle}${possible - matching.length} additional destination(s) that will not reach this pod`);
    if (facts.length === 0) lines.push(...noted);
  } else if (facts.length === 0) lines.push(...perProtocol((count, protocol) => `${count} ${protocol} route(s)`));
  return `${lines.join('\n')}\n`;
}

const suffix = '.svc.cluster.local';

function isService(host: string, rule: KubernetesObject, { metadata }: KubernetesObject): boolean {
  const full = host.includes('.') || host.startsWith('*') ? host : `${host}.${rule.metadata.namespace}`;
  const extended = full.startsWith('*') || full.endsWith(suffix) ? full : `${full}${suffix}`;
  return extended === `${metadata.name}.${metadata.namespace}${suffix}`;
}

function httpVerdict(ctl: Istioctl, rule: KubernetesObject, route: JsonObject, target: Target): Verdict {
  const facts: string[] = [];
  const notes: string[] = [];
  let match = false;
  for (const { destination, weight: given } of objectsOf(route.route)) {
    const { host: name, subset: wanted } = recordOf(destination);
    const [host, subset, weight] = [textOf(name), textOf(wanted), numberOf(given)];
    if (!isService(host, rule, target.service)) {
      facts.push(
        subset === '' ? `Route to host "${host}" with weight ${weight}%` : `Route to ${host} with invalid config`,
      );
      continue;
    }
    const problem = subset === '' ? undefined : subsetProblem(ctl, subset, route, target);
    if (problem !== undefined) {
      notes.push(problem);
      continue;
    }
    match = true;
    if (weight > 0) facts.push(`Route to host "${host}"${subset && ` subset "${subset}"`} with weight ${weight}%`);
  }
  if (!match) return { match, facts: [...facts, ...notes] };
  const conditions = [
    ...(route.fault ? [`Fault injection ${protoText(recordOf(route.fault))}`] : []),
    ...objectsOf(route.match).map(matchText),
  ];
  if (conditions.length > 0) facts.push(conditions.join(', '));
  return { match, facts };
}

function subsetProblem(
  ctl: Istioctl,
  subset: string,
  route: JsonObject,
  { subsets, destinationRule }: Target,
): string | undefined {
  if (subsets.others.includes(subset)) {
    const matches = objectsOf(route.match).map(matchText).join(', ') || 'everything';
    return `Route to non-matching subset ${subset} for (${matches})`;
  }
  if (subsets.matching.includes(subset)) return undefined;
  if (!destinationRule) return `Warning: Route to subset ${subset} but NO DESTINATION RULE defining subsets!`;
  return `Warning: Route to UNKNOWN subset ${subset}; check DestinationRule ${shortName(ctl, destinationRule)}`;
}

function tcpVerdict(rule: KubernetesObject, route: JsonObject, { service }: Target): Verdict {
  const match = objectsOf(route.route).some(({ destination }) =>
    isService(textOf(recordOf(destination).host), rule, service),
  );
  return { match, facts: match ? objectsOf(route.match).map(protoText) : [] };
}

/** `Match: /api* uncased when headers are end-user=jason`. */
function matchText({ uri, ignoreUriCase, headers }: JsonObject): string {
  const path = uri ? `${stringMatch(uri)}${ignoreUriCase === true ? ' uncased' : ''}` : '';
  const conditions = Object.entries(recordOf(headers))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${stringMatch(value)}`);
  const when = conditions.length > 0 ? ` when headers are ${conditions.join('; ')}` : '';
  return `Match: ${path}${when}`.trim();
}

function stringMatch(value: unknown): string {
  const match = recordOf(value);
  if (match.exact !== undefined) return String(match.exact);
  if (match.prefix !== undefined) return `${String(match.prefix)}*`;
  return protoText(match);
}
