import { beforeAll, describe, expect, it } from 'vitest';
import { Session } from '../../../sandbox/lesson/session.ts';
import { turn } from '../../../sandbox/node/host.ts';

const policy = (rules: string) => `kubectl apply -f - <<E
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: egress}
spec: {podSelector: {}, policyTypes: [Egress], egress: ${rules}}
E`;

describe('a sidecar behind a NetworkPolicy', () => {
  let session: Session;
  const run = async (command: string, where = session) => (await where.runInstant(command, {})).stdout;

  beforeAll(async () => {
    session = await Session.start({ profile: 'minimal', seed: 1, epoch: 1_768_467_600_000 }, turn);
    await run('kubectl label namespace default istio-injection=enabled');
  });

  it('does not get ready without a way to istiod, and says why', async () => {
    await run(policy('[{ports: [{protocol: UDP, port: 53}]}]'));
    await run('kubectl apply -f samples/curl/curl.yaml; kubectl rollout status deployment/curl --timeout=90s');
    expect(await run('kubectl get pods --no-headers')).toMatch(/ 0\/2 +Init:1\/2 /);
    expect(await run('kubectl logs deploy/curl -c istio-proxy | tail -n 1')).toMatch(
      /\twarning\tenvoy config .*gRPC config stream to xds-grpc closed since \d+s ago: 14, connection error: desc = "transport: Error while dialing: dial tcp 10\.\d+\.\d+\.\d+:15012: i\/o timeout"\tthread=\d+$/m,
    );
  });

  it('goes on dialing, after a restore as well, and gets ready once the way is free', async () => {
    const restored = Session.restore(structuredClone(session.save()), turn);
    const outcomes: string[] = [];
    for (const each of [session, restored]) {
      await run('kubectl delete networkpolicy egress', each);
      await run('kubectl rollout status deployment/curl --timeout=90s', each);
      outcomes.push(await run('kubectl get pods --no-headers; kubectl logs deploy/curl -c istio-proxy', each));
    }
    expect(outcomes[0]).toMatch(/ 2\/2 +Running /);
    expect(outcomes[1]).toBe(outcomes[0]);
  });

  it('keeps its configuration when the way closes later; what it may not reach times out', async () => {
    await run(policy('[{ports: [{protocol: UDP, port: 53}]}]'));
    expect(await run('kubectl get pods --no-headers')).toMatch(/ 2\/2 +Running /);
    const request = 'kubectl exec deploy/curl -- curl -s -o /dev/null -w "%{http_code} %{time_total}\\n"';
    expect(await run(`${request} http://httpbin.org/get`)).toMatch(/^503 10\.\d+$/m);
  });
});
