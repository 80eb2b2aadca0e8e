import { expect, test } from 'vitest';
import { Session } from '../../../sandbox/lesson/session.ts';

const epoch = Date.UTC(2026, 0, 31, 10);
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function meshed(): Promise<Session> {
  const learner = await Session.start({ profile: 'demo', epoch, seed: 1 }, turn);
  await learner.runInstant('kubectl label namespace default istio-injection=enabled');
  await learner.runInstant('kubectl apply -f samples/curl/curl.yaml -f samples/httpbin/httpbin.yaml');
  await learner.advance(60_000);
  return learner;
}

const manifest = (kind: string, name: string, spec: string) => {
  const group = kind.endsWith('Policy') || kind.endsWith('Authentication') ? 'security' : 'networking';
  return `apiVersion: ${group}.istio.io/v1\nkind: ${kind}\nmetadata:\n  name: ${name}\nspec:\n  ${spec}\n`;
};
const write = (name: string, ...texts: string[]) => `cat > ${name} <<'END'\n${texts.join('---\n')}END\n`;

test('analyze tells of the cluster, of files, and of both', async () => {
  const learner = await meshed();
  const clean = await learner.runInstant('istioctl analyze');
  expect([clean.stdout, clean.stderr, clean.exitCode]).toEqual([
    '\n',
    '✔ No validation issues found when analyzing namespace: default.\n',
    0,
  ]);
  const rule = manifest('VirtualService', 'a', '{hosts: [httpbin], http: [{route: [{destination: {host: nosuch}}]}]}');
  await learner.runInstant(write('a.yaml', rule));
  const withFile = await learner.runInstant('istioctl analyze a.yaml');
  expect(withFile.stdout).toBe(
    'Error [IST0101] (VirtualService default/a a.yaml:6) Referenced host not found: "nosuch"\n',
  );
  expect(withFile.stderr).toContain(
    'Error: Analyzers found issues when analyzing namespace: default.\nSee https://istio.io/v1.30/',
  );
  expect(withFile.exitCode).toBe(79);
  const alone = await learner.runInstant('istioctl analyze --use-kube=false - < a.yaml');
  expect([alone.stderr, alone.exitCode]).toEqual(['✔ No validation issues found when analyzing -.\n', 0]);
  await learner.runInstant('kubectl apply -f a.yaml');
  const json = await learner.runInstant('istioctl analyze -A -o json');
  expect(JSON.parse(json.stdout)).toEqual([
    {
      code: 'IST0101',
      documentationUrl: 'https://istio.io/v1.30/docs/reference/config/analysis/ist0101/?ref=istioctl-analyze',
      level: 'Error',
      message: 'Referenced host not found: "nosuch"',
      origin: 'VirtualService default/a',
    },
  ]);
  expect(json.exitCode).toBe(0);
  const missing = await learner.runInstant('istioctl analyze -n nosuch');
  expect([missing.stderr, missing.exitCode]).toEqual(['namespace "nosuch" not found\n', 0]);
  expect((await learner.runInstant('istioctl analyze -o xml')).exitCode).toBe(64);
});

test('validate reads files and streams', async () => {
  const learner = await Session.start({ profile: 'none', epoch, seed: 1 }, turn);
  const run = async (text: string) => {
    const { stderr, exitCode } = await learner.runInstant(`${write('f.yaml', text)}istioctl validate -f f.yaml`);
    return [stderr, exitCode];
  };
  expect(
    await run(manifest('Gateway', 'g', '{servers: [{hosts: ["*"], port: {number: 80, name: h, protocol: HTTP}}]}')),
  ).toEqual(['"f.yaml" is valid\n', 0]);
  expect(await run(manifest('Gateway', 'g', '{}'))).toEqual([
    'Error: 1 error occurred:\n\t* Gateway//g: gateway must have at least one server\n\n\n',
    1,
  ]);
  expect(await run(manifest('VirtualService', 'v', '{hosts: [a], http: [{rute: []}]}'))).toEqual([
    'Error: 1 error occurred:\n\t* VirtualService//v: cannot parse proto message: unknown field "rute" in istio.networking.v1alpha3.HTTPRoute\n\n\n',
    1,
  ]);
  const piped = await learner.runInstant('istioctl validate -f - < samples/curl/curl.yaml');
  expect(piped.stderr).toContain(
    'deployment "curl/:" may not provide Istio metrics and telemetry labels: map["app":"curl"].',
  );
});

test('describe and authz check tell what a pod’s proxy has', async () => {
  const learner = await meshed();
  await learner.runInstant(
    write(
      'all.yaml',
      manifest(
        'DestinationRule',
        'd',
        '{host: httpbin, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}',
      ),
      manifest(
        'Gateway',
        'g',
        '{selector: {istio: ingressgateway}, servers: [{hosts: ["*"], port: {number: 80, name: h, protocol: HTTP}}]}',
      ),
      manifest(
        'VirtualService',
        'v',
        '{hosts: [httpbin.default.svc.cluster.local], gateways: [g, mesh], http: [{route: [{destination: {host: httpbin, subset: v2}}]}]}',
      ),
      manifest('PeerAuthentication', 'p', '{mtls: {mode: STRICT}}'),
      manifest(
        'AuthorizationPolicy',
        'a',
        '{action: DENY, rules: [{from: [{source: {namespaces: [one]}}]}, {from: [{source: {namespaces: [two]}}]}]}',
      ),
    ),
  );
  expect((await learner.runInstant('kubectl apply -f all.yaml')).stderr).toBe('');
  await learner.advance(10_000);
  const authz = await learner.runInstant('istioctl x authz check deploy/httpbin');
  expect(authz.stdout).toBe('ACTION   AuthorizationPolicy   RULES\nDENY     a.default             2\n');
  const pod = await learner.runInstant(
    'istioctl x describe pod $(kubectl get pod -l app=httpbin -o jsonpath={.items..metadata.name})',
  );
  const lines = pod.stdout.split('\n');
  expect(lines.slice(1, 12)).toEqual([
    '   Pod Revision: default',
    '   Pod Ports: 8080 (httpbin)',
    '--------------------',
    'Service: httpbin',
    '   Port: http 8000/HTTP targets pod port 8080',
    'DestinationRule: d for "httpbin"',
    '   Matching subsets: v1',
    '      (Non-matching subsets v2)',
    '   No Traffic Policy',
    'VirtualService: v',
    '   WARNING: No destinations match pod subsets (checked 1 HTTP routes)',
  ]);
  expect(pod.stdout).toContain(
    'Effective PeerAuthentication:\n   Workload mTLS mode: STRICT\nApplied PeerAuthentication:\n   p.default\n',
  );
  expect(pod.stdout).toContain('Exposed on Ingress Gateway http://');
  const service = await learner.runInstant('istioctl experimental describe service httpbin');
  expect(service.stdout).toContain('Service: httpbin\n   Port: http 8000/HTTP targets pod port 8080\n');
  const none = await learner.runInstant('istioctl x describe svc kubernetes');
  expect(none.stdout).toBe('Service "kubernetes" has no pods.\n');
  const missing = await learner.runInstant('istioctl x describe pod nosuch');
  expect([missing.stderr, missing.exitCode]).toEqual(['Error: pods "nosuch" not found\n', 1]);
});

test('proxy-config log shows and sets the levels of loggers', async () => {
  const learner = await meshed();
  const notWarning = async (more: string) => {
    const { stdout } = await learner.runInstant(
      `istioctl proxy-config log deploy/httpbin ${more} | grep -v ': warning'`,
    );
    return stdout.split('\n').slice(2, -1);
  };
  expect(await notWarning('')).toEqual(['  misc: error']);
  expect(await notWarning('--level http:debug,rbac:trace')).toEqual([
    '  http: debug',
    '  misc: error',
    '  rbac: trace',
  ]);
  expect(await notWarning('')).toEqual(['  http: debug', '  misc: error', '  rbac: trace']);
  expect(await notWarning('--reset')).toEqual([]);
  const unknown = await learner.runInstant('istioctl pc log deploy/httpbin --level nosuch:debug');
  expect([unknown.stderr, unknown.exitCode]).toEqual(['Error: unrecognized logger name: nosuch\n', 1]);
});
