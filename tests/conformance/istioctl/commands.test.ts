import { expect, test } from 'vitest';
import { Session } from '../../../sandbox/lesson/session.ts';
import { turn } from '../../../sandbox/node/host.ts';

const epoch = Date.UTC(2026, 0, 31, 10);
const session = (profile: 'none' | 'demo' | 'minimal') => Session.start({ profile, epoch, seed: 1 }, turn);
const question = 'This will install the Istio 1.30.3 profile "default" into the cluster. Proceed? (y/N) ';

test('install asks first', async () => {
  const learner = await session('none');
  const refused = await learner.runInstant('istioctl install', { typed: 'n\n' });
  expect(refused.stdout).toBe(question);
  expect(refused.stderr.endsWith('\nCancelled.\n')).toBe(true);
  expect(refused.exitCode).toBe(1);
  expect((await learner.runInstant('istioctl install < /dev/null')).exitCode).toBe(1);
  const version = await learner.runInstant('istioctl version');
  expect(version.stdout).toBe('client version: 1.30.3\n');
  expect(version.stderr).toContain('Istio is not present in the cluster: no running Istio pods');
});

test('install waits until everything is ready and prunes what is no longer wanted', async () => {
  const learner = await session('none');
  const installed = await learner.runInstant('istioctl install', { typed: 'y\n' });
  expect(installed.exitCode).toBe(0);
  expect(installed.stdout).toBe(question);
  expect(installed.stderr.split('\n').filter((line) => line.startsWith('✔'))).toEqual([
    '✔ Istio core installed ⛵️',
    '✔ Istiod installed 🧠',
    '✔ Ingress gateways installed 🛬',
    '✔ Installation complete',
  ]);
  expect((await learner.runInstant('istioctl version')).stdout).toBe(
    'client version: 1.30.3\ncontrol plane version: 1.30.3\ndata plane version: 1.30.3 (1 proxies)\n',
  );
  const minimal = await learner.runInstant('istioctl install --set profile=minimal -y');
  expect(minimal.stdout).toContain('  Removed apps/v1, Kind=Deployment/istio-ingressgateway.istio-system.\n');
  await learner.advance(60_000);
  expect((await learner.runInstant('kubectl get deployments -n istio-system -o name')).stdout).toBe(
    'deployment.apps/istiod\n',
  );
  const gone = await learner.runInstant('istioctl uninstall --purge -y');
  expect(gone.stderr).toContain('✔ Uninstall complete');
  expect((await learner.runInstant('kubectl get customresourcedefinitions')).stdout).toBe('');
});

test('a file that is no IstioOperator is refused', async () => {
  const learner = await session('none');
  const run = await learner.runInstant('echo "components: {}" > part.yaml; istioctl install -f part.yaml -y');
  expect(run.stderr).toContain(
    'Error: generate config: merge inputs: unable to parse file: error unmarshaling JSON: while decoding JSON: ' +
      `Object 'Kind' is missing in '{"components":{}}'\n`,
  );
  expect(run.exitCode).toBe(1);
});

test('proxies answer for their configuration', async () => {
  const learner = await session('minimal');
  await learner.runInstant('kubectl label namespace default istio-injection=enabled');
  await learner.runInstant('kubectl apply -f samples/curl/curl.yaml -f samples/httpbin/httpbin.yaml');
  await learner.advance(60_000);
  const lines = async (command: string) => {
    const { stdout } = await learner.runInstant(command);
    return stdout.split('\n').map((line) => line.trimEnd().split(/ {2,}/));
  };
  const [head, curl] = await lines('istioctl proxy-status');
  expect(head).toEqual(['NAME', 'CLUSTER', 'ISTIOD', 'VERSION', 'SUBSCRIBED TYPES']);
  expect(curl?.[0]).toMatch(/^curl-\w+-\w+\.default$/);
  expect(curl?.[4]).toBe('4 (CDS,LDS,EDS,RDS)');
  const httpbin = 'httpbin.default.svc.cluster.local';
  expect(await lines(`istioctl pc clusters deploy/curl --fqdn ${httpbin}`)).toContainEqual([
    httpbin,
    '8000',
    '-',
    'outbound',
    'EDS',
  ]);
  const [, endpoint] = await lines(`istioctl pc endpoints deploy/curl --cluster 'outbound|8000||${httpbin}'`);
  expect(endpoint?.slice(1)).toEqual(['HEALTHY', 'OK', `outbound|8000||${httpbin}`]);
  const [, , secret] = await lines('istioctl pc secret deploy/curl.default');
  expect(secret?.slice(0, 4)).toEqual(['default', 'Cert Chain', 'ACTIVE', 'true']);
});

test('command lines that cannot be read', async () => {
  const learner = await session('none');
  expect(await learner.runInstant('istioctl profile list')).toEqual({
    stdout: '',
    stderr: 'Error: unknown command "profile" for "istioctl"\nRun \'istioctl --help\' for usage.\n',
    exitCode: 64,
  });
  expect((await learner.runInstant('istioctl ps --bar')).stderr).toBe('Error: unknown flag: --bar\n');
  expect((await learner.runInstant('istioctl bug-report')).stderr).toBe('Error: bug-report is not available here\n');
});
