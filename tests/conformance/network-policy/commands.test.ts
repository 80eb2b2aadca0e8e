import { beforeAll, describe, expect, it } from 'vitest';
import { startStage } from '../documents/stage.ts';

/** curl 8.16: lib/cf-ip-happy.c, lib/cf-socket.c, lib/multi.c. */
describe('curl behind a NetworkPolicy', () => {
  let run: (command: string) => Promise<{ stdout: string; stderr: string; exitCode: number }>;
  const curl = (args: string) => run(`kubectl exec deploy/curl -- curl ${args}`);
  const egress = (rules: string) =>
    run(`kubectl apply -f - <<E
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: egress}
spec: {podSelector: {}, policyTypes: [Egress], egress: ${rules}}
E`);

  beforeAll(async () => {
    ({ run } = await startStage({ profile: 'none' }));
    await run('kubectl apply -f samples/curl/curl.yaml; kubectl rollout status deployment/curl');
  });

  it('gives up when the kernel does, address by address', async () => {
    await egress('[{ports: [{protocol: UDP, port: 53}]}]');
    const { stdout, stderr, exitCode } = await curl('-v -4 -sS http://httpbin.org/get');
    expect(stdout).toBe('');
    expect(exitCode).toBe(28);
    const lines = stderr.split('\n');
    expect(lines[0]).toBe('* Host httpbin.org:80 was resolved.');
    expect(lines.filter((line) => /^\* {3}Trying [\d.]+:80\.\.\.$/.test(line))).toHaveLength(4);
    const failed = /^\* connect to [\d.]+ port 80 from 10\.244\.0\.\d+ port \d+ failed: Connection timed out$/;
    expect(lines.filter((line) => failed.test(line))).toHaveLength(4);
    const reason = /Failed to connect to httpbin\.org port 80 after 12[78]\d{3} ms: Could not connect to server/.source;
    expect(stderr).toMatch(new RegExp(`^\\* ${reason}\n\\* closing connection #0\ncurl: \\(28\\) ${reason}$`, 'm'));
    expect(stderr).toContain('command terminated with exit code 28\n');
  });

  it('gives up when --connect-timeout or --max-time says so', async () => {
    const late = 'curl: (28) Connection timed out after 3000 milliseconds\ncommand terminated with exit code 28\n';
    expect(await curl('--connect-timeout 3 -sS http://httpbin.org/get')).toEqual({
      stdout: '',
      stderr: late,
      exitCode: 28,
    });
    expect((await curl('-m 3 -sS http://httpbin.org/get')).stderr).toBe(late);
  });

  it('cannot resolve names without the name server', async () => {
    await egress('[]');
    expect((await curl('-sS http://httpbin.org/get')).stderr).toBe(
      'curl: (6) Could not resolve host: httpbin.org\ncommand terminated with exit code 6\n',
    );
    expect((await curl('--connect-timeout 2 -sS http://httpbin.org/get')).stderr).toMatch(
      /^curl: \(28\) Resolving timed out after 2000 milliseconds\n/,
    );
    const { stdout, exitCode } = await run('kubectl exec deploy/curl -- nslookup httpbin.org');
    expect([stdout, exitCode]).toEqual([';; connection timed out; no servers could be reached\n\n', 1]);
  });

  it('goes on as soon as the policy is gone', async () => {
    await run('kubectl delete networkpolicy egress');
    expect((await curl('-sS -o /dev/null -w "%{http_code}" http://httpbin.org/get')).stdout).toBe('200');
  });
});
