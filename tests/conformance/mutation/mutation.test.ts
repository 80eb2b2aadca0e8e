import { expect, test } from 'vitest';
import { Random } from '../../../sandbox/kernel/random.ts';
import type { Session } from '../../../sandbox/lesson/session.ts';
import { startStage } from '../documents/stage.ts';
import { mutate } from './mutate.ts';

const manifests = [
  `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: site
spec:
  hosts:
  - www.example.com
  ports:
  - number: 80
    name: http-port
    protocol: HTTP
  - number: 443
    name: https
    protocol: HTTPS
  resolution: DNS
`,
  `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: through-gateway
spec:
  hosts:
  - www.example.com
  gateways:
  - istio-egressgateway
  - mesh
  http:
  - match:
    - gateways:
      - mesh
      port: 80
    route:
    - destination:
        host: istio-egressgateway.istio-system.svc.cluster.local
        subset: site
        port:
          number: 80
      weight: 100
`,
  `apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: out
spec:
  selector:
    istio: egressgateway
  servers:
  - port:
      number: 80
      name: http
      protocol: HTTP
    hosts:
    - www.example.com
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: out
spec:
  host: istio-egressgateway.istio-system.svc.cluster.local
  subsets:
  - name: site
`,
  `apiVersion: apps/v1
kind: Deployment
metadata:
  name: client
  labels: {app: client}
spec:
  replicas: 1
  selector:
    matchLabels:
      app: client
  template:
    metadata:
      labels:
        app: client
    spec:
      containers:
      - name: curl
        image: curlimages/curl
        command: ["/bin/sleep", "infinity"]
        ports:
        - containerPort: 80
---
apiVersion: v1
kind: Service
metadata:
  name: client
spec:
  ports:
  - port: 80
    name: http
  selector:
    app: client
`,
  `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  a: "1"
  text: |
    several
    lines
---
apiVersion: v1
kind: Secret
metadata:
  name: hidden
type: Opaque
stringData:
  user: me
`,
];

const commands = [
  'kubectl get pods -A -o wide',
  'kubectl get pods -n kube-system -l k8s-app=kube-dns -o jsonpath="{.items[*].metadata.name}"',
  "kubectl get svc -o custom-columns='NAME:.metadata.name,IP:.spec.clusterIP'",
  'kubectl describe node',
  'kubectl label namespace default team=a --overwrite',
  'kubectl patch namespace default --type=merge -p \'{"metadata":{"labels":{"x":"y"}}}\'',
  'kubectl create configmap from-words --from-literal=a=b --dry-run=client -o yaml',
  'kubectl explain pod.spec.containers | head -n 5',
  'kubectl logs -n istio-system deploy/istiod --tail=3 | grep -c info',
  'kubectl wait --for=condition=Ready pod -l app=istiod -n istio-system --timeout=5s',
  'istioctl proxy-status',
  'istioctl proxy-config clusters deploy/istio-ingressgateway -n istio-system --fqdn istiod.istio-system.svc.cluster.local',
  'istioctl version --remote=false',
  'for i in 1 2 3; do echo "$i: $(kubectl get ns -o name | sed -n "${i}p")"; done',
  'x=$(kubectl get ns -o name | wc -l); if [ "$x" -gt 2 ]; then echo many; else echo few; fi',
  'echo "a b c" | tr " " "\\n" | sort -r | uniq -c | sed -e "s/^ *//" | head -n 2',
  'cat <<EOF | grep -n b | cut -d: -f1\na\nb\nEOF',
  'f() { local v=$1; echo "${v:-none} ${v#x}"; }; f xy && f || echo no',
  'kubectl get ns -o json | jq -r ".items[].metadata.name" | xargs -n 2 echo',
  'curl -sS --max-time 2 http://127.0.0.1:1/ ; echo $?',
];

/** Most answers a person would wait for; nothing here asks for more than a few minutes of cluster time. */
const longest = 30 * 60 * 1000;

async function answer(session: Session, command: string, input?: string): Promise<void> {
  const start = session.cluster.now();
  const output = await session.runInstant(
    command,
    input === undefined ? { shell: 'fuzz' } : { shell: 'fuzz', typed: input },
  );
  const context = `${command}\n${input ?? ''}\n${output.stdout}\n${output.stderr}`;
  expect(output.exitCode, context).toBeGreaterThanOrEqual(0);
  expect(output.exitCode, context).toBeLessThanOrEqual(255);
  expect(output.stderr, context).not.toMatch(
    /internal error: |TypeError|RangeError|undefined is not|\[object Object\]|NaN/,
  );
  expect(session.cluster.now() - start, context).toBeLessThan(longest);
}

test('5,000 mutated manifests get an answer in Kubernetes’ words', { timeout: 300_000 }, async () => {
  const { session } = await startStage({ profile: 'demo' });
  const random = new Random(7);
  for (let count = 0; count < 5000; count++) {
    const manifest = mutate(random.pick(manifests), random);
    await answer(
      session,
      `kubectl ${random.pick(['apply', 'apply', 'apply', 'create', 'delete --ignore-not-found'])} -f -`,
      manifest,
    );
  }
});

test('5,000 mutated command lines get an answer in bash’s words', { timeout: 300_000 }, async () => {
  const { session } = await startStage({ profile: 'demo' });
  const random = new Random(8);
  for (let count = 0; count < 5000; count++) await answer(session, mutate(random.pick(commands), random));
});
