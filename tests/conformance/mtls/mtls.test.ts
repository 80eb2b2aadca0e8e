import { beforeAll, describe, expect, test } from 'vitest';
import { startStage } from '../documents/stage.ts';
import type { Output } from '../documents/transcript.ts';
import {
  type Call,
  type ClientTls,
  effectiveMode,
  expected,
  type Level,
  type Line,
  type Policies,
  readLine,
} from './rule.ts';

const levels: Level[] = ['mesh', 'namespace', 'workload', 'port'];
const modes = ['PERMISSIVE', 'STRICT', 'DISABLE'] as const;
const rules: ClientTls[] = ['none', 'DISABLE', 'SIMPLE', 'ISTIO_MUTUAL'];

/** Every mode at every level, none at all, and levels that overrule each other. */
const worlds: Policies[] = [
  {},
  ...levels.flatMap((level) => modes.map((mode) => ({ [level]: mode }))),
  { mesh: 'STRICT', namespace: 'PERMISSIVE' },
  { mesh: 'STRICT', namespace: 'UNSET' },
  { mesh: 'DISABLE', namespace: 'STRICT' },
  { namespace: 'STRICT', workload: 'PERMISSIVE' },
  { namespace: 'DISABLE', workload: 'UNSET' },
  { workload: 'STRICT', port: 'DISABLE' },
  { workload: 'DISABLE', port: 'STRICT' },
  { mesh: 'DISABLE', namespace: 'PERMISSIVE', workload: 'STRICT', port: 'PERMISSIVE' },
];

const target = { port: 8000, targetPort: 8080, path: '/headers' };
let stage: Awaited<ReturnType<typeof startStage>>;

async function run(command: string, input?: string): Promise<Output> {
  const text = input === undefined ? command : `${command} <<'END'\n${input}\nEND`;
  const output = await stage.run(text);
  if (output.exitCode !== 0) throw new Error(`${command}: ${output.stderr}`);
  return output;
}

beforeAll(async () => {
  stage = await startStage({ profile: 'demo' });
  for (const namespace of ['foo', 'bar', 'legacy']) await run(`kubectl create namespace ${namespace}`);
  await run('kubectl label namespace foo bar istio-injection=enabled');
  for (const namespace of ['bar', 'legacy']) await run(`kubectl apply -n ${namespace} -f samples/curl/curl.yaml`);
  for (const namespace of ['foo', 'legacy']) await run(`kubectl apply -n ${namespace} -f samples/httpbin/httpbin.yaml`);
  for (const namespace of ['foo', 'bar', 'legacy']) {
    await run(`kubectl wait -n ${namespace} --for=condition=Available deployment --all --timeout=5m`);
  }
});

function peerAuthentication(name: string, namespace: string, spec: object): string {
  return JSON.stringify({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name, namespace },
    spec,
  });
}

async function setPolicies(policies: Policies, port: number = target.targetPort): Promise<void> {
  await run('kubectl delete peerauthentication --all -A');
  const objects: string[] = [];
  if (policies.mesh) objects.push(peerAuthentication('default', 'istio-system', { mtls: { mode: policies.mesh } }));
  if (policies.namespace) objects.push(peerAuthentication('default', 'foo', { mtls: { mode: policies.namespace } }));
  if (policies.workload || policies.port) {
    objects.push(
      peerAuthentication('httpbin', 'foo', {
        selector: { matchLabels: { app: 'httpbin' } },
        ...(policies.workload && { mtls: { mode: policies.workload } }),
        ...(policies.port && { portLevelMtls: { [port]: { mode: policies.port } } }),
      }),
    );
  }
  if (objects.length > 0) await run('kubectl apply -f -', objects.join('\n---\n'));
  await stage.advance(3);
}

async function setRule(mode: ClientTls, host: string): Promise<void> {
  await run('kubectl delete destinationrule --all -n bar');
  if (mode !== 'none') {
    await run(
      'kubectl apply -f -',
      JSON.stringify({
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule',
        metadata: { name: 'httpbin', namespace: 'bar' },
        spec: { host, trafficPolicy: { tls: { mode } } },
      }),
    );
  }
  await stage.advance(3);
}

const read = new Map<string, number>();

/** The access-log lines a proxy has written since they were last asked for. */
async function newLines(namespace: string, deployment: string): Promise<ReturnType<typeof readLine>[]> {
  const { stdout } = await run(`kubectl logs -n ${namespace} deploy/${deployment} -c istio-proxy --tail=-1`);
  const lines = stdout.split('\n').filter((line) => /^\[\d{4}-\d\d-\d\dT[^\]]+\] "/.test(line));
  const from = read.get(namespace) ?? 0;
  read.set(namespace, lines.length);
  return lines.slice(from).map(readLine);
}

function asWritten(found: readonly (Line & { details: string })[], wanted: readonly Line[]): Line[] {
  return found.map((line, index) => {
    const details = wanted[index]?.details;
    return details instanceof RegExp && details.test(line.details) ? { ...line, details } : line;
  });
}

async function check(call: Call): Promise<void> {
  const namespace = call.client === 'no sidecar' ? 'legacy' : 'bar';
  const url = `http://httpbin.${call.namespace}:${call.port}${call.path}`;
  const output = await stage.run(
    `kubectl exec -n ${namespace} deploy/curl -c curl -- curl -s -w '\\n%{http_code}' ${url}`,
  );
  await stage.advance(12);
  const [client, server] = [await newLines('bar', 'curl'), await newLines('foo', 'httpbin')];
  const wanted = expected(call);
  const found = {
    exitCode: output.exitCode,
    status: output.stdout.slice(output.stdout.lastIndexOf('\n') + 1),
    ...(wanted.clientCertificate !== undefined && {
      clientCertificate: output.stdout.includes('"X-Forwarded-Client-Cert"'),
    }),
    client: asWritten(client, wanted.client),
    server: asWritten(server, wanted.server),
  };
  expect.soft(found, `client ${call.client}, server ${call.server}`).toEqual(wanted);
}

const inMesh = { ...target, host: 'httpbin.foo.svc.cluster.local', namespace: 'foo' };
const outOfMesh = { ...target, host: 'httpbin.legacy.svc.cluster.local', namespace: 'legacy' };

describe('a server with a sidecar', () => {
  test.each(worlds.map((policies) => ({ name: JSON.stringify(policies), policies })))('$name', async ({ policies }) => {
    const server = effectiveMode(policies);
    await setPolicies(policies);
    await check({ ...inMesh, client: 'no sidecar', server });
    for (const rule of rules) {
      await setRule(rule, inMesh.host);
      await check({ ...inMesh, client: rule, server });
    }
    await setRule('none', inMesh.host);
  });

  test('portLevelMtls means the port of the workload, not of the service', async () => {
    await setPolicies({ workload: 'STRICT', port: 'DISABLE' }, target.port);
    await check({ ...inMesh, client: 'no sidecar', server: 'STRICT' });
    await check({ ...inMesh, client: 'none', server: 'STRICT' });
  });

  test('a policy that selects another workload changes nothing', async () => {
    await setPolicies({ namespace: 'PERMISSIVE' });
    const other = { selector: { matchLabels: { app: 'other' } }, mtls: { mode: 'STRICT' } };
    await run('kubectl apply -f -', peerAuthentication('other', 'foo', other));
    await stage.advance(3);
    await check({ ...inMesh, client: 'no sidecar', server: 'PERMISSIVE' });
    await check({ ...inMesh, client: 'none', server: 'PERMISSIVE' });
  });
});

test('a server without a sidecar takes plain text only, whatever the mesh says', async () => {
  await setPolicies({ mesh: 'STRICT' });
  for (const rule of rules) {
    await setRule(rule, outOfMesh.host);
    await check({ ...outOfMesh, client: rule, server: 'no sidecar' });
  }
  await setRule('none', outOfMesh.host);
});
