import { describe, expect, it } from 'vitest';
import type { Connection, NetworkStack, Segment } from '../../../sandbox/network/socket.ts';
import { readYaml } from '../golden.ts';
import { type PolicySpecs, World } from './world.ts';

interface Case {
  rule: string;
  policies: PolicySpecs;
  allowed?: string[];
  dropped?: string[];
}

const cases = readYaml<Case[]>(import.meta.dirname, 'cases.yaml');

const refusals: [object, string][] = [
  [{ ingress: [{ from: [{}] }] }, 'spec.ingress[0].from[0]: Required value: must specify a peer'],
  [
    { egress: [{ to: [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }] },
    'spec.egress[0].to[0]: Forbidden: may not specify both ipBlock and another peer',
  ],
  [
    { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0' } }] }] },
    'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ],
  [
    { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/16', except: ['10.1.0.0/24'] } }] }] },
    'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.1.0.0/24": must be a strict subset of `cidr`',
  ],
  [
    { ingress: [{ ports: [{ port: 90, endPort: 80 }] }] },
    'spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`',
  ],
  [
    { ingress: [{ ports: [{ port: 'http', endPort: 80 }] }] },
    'spec.ingress[0].ports[0].endPort: Invalid value: 80: may not be specified when `port` is non-numeric',
  ],
  [
    { ingress: [{ ports: [{ endPort: 80 }] }] },
    'spec.ingress[0].ports[0].endPort: Invalid value: 80: may not be specified when `port` is not specified',
  ],
  [{ ingress: [{ ports: [{ protocol: 'ICMP' }] }] }, 'spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": '],
  [{ policyTypes: ['Outgoing'] }, 'spec.policyTypes[0]: Unsupported value: "Outgoing": '],
];

describe('NetworkPolicy', () => {
  it('has enough cases', () => {
    expect(cases.flatMap(({ allowed = [], dropped = [] }) => [...allowed, ...dropped]).length).toBeGreaterThan(60);
  });

  describe.each(cases)('$rule', ({ policies, allowed = [], dropped = [] }) => {
    const flows = [
      ...allowed.map((flow) => ({ flow, through: true })),
      ...dropped.map((flow) => ({ flow, through: false })),
    ];
    it.each(flows)('$flow: $through', async ({ flow, through }) => {
      const world = new World();
      world.apply(policies);
      expect(await world.passes(flow)).toBe(through);
    });
  });

  it.each(refusals)('refuses %j', (spec, message) => {
    const world = new World();
    const full = `NetworkPolicy.networking.k8s.io "bad" is invalid: ${message}`;
    expect(() => world.apply({ 'team-a/bad': { podSelector: {}, ...spec } })).toThrow(full);
  });

  it('follows labels of pods and namespaces, and the policy itself, as they change', async () => {
    const world = new World();
    const from = {
      namespaceSelector: { matchLabels: { trusted: 'yes' } },
      podSelector: { matchLabels: { app: 'client' } },
    };
    world.apply({ 'team-a/trusted': { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [from] }] } });
    expect(await world.passes('team-b/client > db:5432')).toBe(false);
    world.setNamespace('team-b', { trusted: 'yes' });
    expect(await world.passes('team-b/client > db:5432')).toBe(true);
    world.setPodLabels('team-b/client', { app: 'stranger' });
    expect(await world.passes('team-b/client > db:5432')).toBe(false);
    world.setPodLabels('team-a/db', { app: 'other' });
    expect(await world.passes('team-b/client > db:5432')).toBe(true);
    world.setPodLabels('team-a/db', { app: 'db' });
    expect(await world.passes('team-b/client > db:5432')).toBe(false);
    world.remove('team-a/trusted');
    expect(await world.passes('team-b/client > db:5432')).toBe(true);
  });

  it('names the policies in the trace', async () => {
    const world = new World();
    world.apply({
      'team-a/deny': { podSelector: {}, policyTypes: ['Egress'] },
      'team-a/only-db': {
        podSelector: { matchLabels: { app: 'client' } },
        policyTypes: ['Egress'],
        egress: [{ to: [{ podSelector: { matchLabels: { app: 'db' } } }] }],
      },
    });
    const hops = async (flow: string) => {
      const trace = world.network.startTrace('team-a/client', flow);
      await world.passes(flow, trace);
      return trace.hops
        .filter(({ layer }) => layer === 'network-policy')
        .map(({ decision, details, object }) => ({ decision, ...details, object: object?.name }));
    };
    expect(await hops('client > service:80')).toEqual([
      {
        decision: 'dropped',
        destination: '10.244.0.11:8080',
        protocol: 'TCP',
        direction: 'egress',
        policies: 'team-a/deny, team-a/only-db',
        object: 'deny',
      },
    ]);
    expect(await hops('client > db:5432')).toMatchObject([{ decision: 'allowed', object: 'only-db' }]);
    expect(await hops('client > :dns')).toMatchObject([
      { decision: 'dropped', destination: '10.244.0.2:53', protocol: 'UDP' },
    ]);
    expect(await hops('team-b/client > team-b/web:8081')).toEqual([]);
  });

  it('lets answers and connections that stand pass', async () => {
    const world = new World();
    const client = world.network.stack('team-a/client') as NetworkStack;
    const destination = { address: '10.244.0.11', port: 8080 };
    const connection = await world.settle(client.connect({ destination, uid: 0 }));
    world.apply({ 'team-a/deny-all': { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } });
    const server = world.accepted.at(-1) as Connection;
    const [question, answer] = [1, 2].map((byte) => ({ kind: 'bytes' as const, bytes: Uint8Array.of(byte) }));
    connection.write(question as Segment);
    expect(await world.settle(server.read())).toEqual(question);
    server.write(answer as Segment);
    expect(await world.settle(connection.read())).toEqual(answer);
    expect(await world.passes('client > web:8080')).toBe(false);
  });

  it('lets the receiver of an allowed flow answer though it may not send', async () => {
    const world = new World();
    world.apply({ 'team-a/web': { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'] } });
    const client = world.network.stack('team-a/client') as NetworkStack;
    const destination = { address: '10.244.0.11', port: 8080 };
    const connection = await world.settle(client.connect({ destination, uid: 0 }));
    const answer: Segment = { kind: 'bytes', bytes: Uint8Array.of(1) };
    world.accepted.at(-1)?.write(answer);
    expect(await world.settle(connection.read())).toEqual(answer);
    expect(await world.passes('web > client:8080')).toBe(false);
  });
});
