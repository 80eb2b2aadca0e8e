import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { isStrictSubset, parseCidr } from '../cidr.ts';
import { ageColumn, formatSelector, nameColumn, text } from '../columns.ts';
import { type FieldError, forbidden, invalid, required } from '../field.ts';
import { defineKind } from '../kind.ts';
import type { KubernetesObject } from '../objects.ts';
import { validateSelector } from '../selector.ts';
import { portName, portNumber } from '../validation/names.ts';

export type NetworkPolicy = INetworkPolicy & KubernetesObject;

export const networkpolicy = defineKind<NetworkPolicy>({
  group: 'networking.k8s.io',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  singular: 'networkpolicy',
  shortNames: ['netpol'],
  namespaced: true,
  versions: [
    {
      name: 'v1',
      schema: 'io.k8s.api.networking.v1.NetworkPolicy',
      columns: [nameColumn, text('Pod-Selector', (object) => formatSelector(object.spec?.podSelector)), ageColumn],
    },
  ],
  generation: true,
  defaults({ spec }) {
    if (!spec) return;
    spec.podSelector ??= {};
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
    for (const { ports } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
      for (const port of ports ?? []) port.protocol ||= 'TCP';
    }
  },
  validate: ({ spec }) => (spec ? validateSpec(spec) : []),
});

type Spec = NonNullable<NetworkPolicy['spec']>;
type Rule = NonNullable<Spec['ingress']>[number];
type Port = NonNullable<Rule['ports']>[number];
type Peer = NonNullable<Rule['from']>[number];

/** pkg/apis/networking/validation.ValidateNetworkPolicySpec, as far as the schema does not settle it. */
function validateSpec(spec: Spec): FieldError[] {
  const errors = validateSelector(spec.podSelector, 'spec.podSelector');
  const check = (at: string, ports: readonly Port[] | undefined, peers: readonly Peer[] | undefined, side: string) => {
    for (const [index, port] of (ports ?? []).entries()) errors.push(...validatePort(port, `${at}.ports[${index}]`));
    for (const [index, peer] of (peers ?? []).entries()) errors.push(...validatePeer(peer, `${at}.${side}[${index}]`));
  };
  for (const [index, rule] of (spec.ingress ?? []).entries()) {
    check(`spec.ingress[${index}]`, rule.ports, rule.from, 'from');
  }
  for (const [index, rule] of (spec.egress ?? []).entries()) check(`spec.egress[${index}]`, rule.ports, rule.to, 'to');
  const types = spec.policyTypes ?? [];
  if (types.length > 2) {
    return [...errors, invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  }
  return errors;
}

function validatePort({ port, endPort }: Port, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (field: string, value: unknown, ...messages: string[]) => {
    for (const message of messages) errors.push(invalid(`${at}.${field}`, value, message));
  };
  if (typeof port === 'number') {
    refuse('port', port, ...portNumber(port));
    if (endPort !== undefined) {
      if (endPort < port) refuse('endPort', endPort, 'must be greater than or equal to `port`');
      refuse('endPort', endPort, ...portNumber(endPort));
    }
  } else if (port !== undefined) {
    if (endPort !== undefined) refuse('endPort', endPort, 'may not be specified when `port` is non-numeric');
    refuse('port', port, ...portName(port));
  } else if (endPort !== undefined) refuse('endPort', endPort, 'may not be specified when `port` is not specified');
  return errors;
}

function validatePeer({ podSelector, namespaceSelector, ipBlock }: Peer, at: string): FieldError[] {
  const errors = [
    ...validateSelector(podSelector, `${at}.podSelector`),
    ...validateSelector(namespaceSelector, `${at}.namespaceSelector`),
    ...(ipBlock ? validateIPBlock(ipBlock, `${at}.ipBlock`) : []),
  ];
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(at, 'must specify a peer'));
  else if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(forbidden(at, 'may not specify both ipBlock and another peer'));
  }
  return errors;
}

function validateIPBlock({ cidr, except = [] }: NonNullable<Peer['ipBlock']>, at: string): FieldError[] {
  const bad = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
  const whole = parseCidr(cidr);
  if (!whole) return [invalid(`${at}.cidr`, cidr, bad)];
  return except.flatMap((text, index) => {
    const path = `${at}.except[${index}]`;
    const part = parseCidr(text);
    if (!part) return [invalid(path, text, bad)];
    return isStrictSubset(part, whole) ? [] : [invalid(path, text, 'must be a strict subset of `cidr`')];
  });
}
