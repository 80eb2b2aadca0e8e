import { Random } from '../../../sandbox/kernel/random.ts';
import type { Session } from '../../../sandbox/lesson/session.ts';

/** What a learner does, with pods starting, pushes and log lines pending in between. */
const story = [
  'kubectl label namespace default istio-injection=enabled',
  'kubectl apply -f samples/curl/curl.yaml',
  'kubectl get pods -o wide',
  'export POD=$(kubectl get pod -l app=curl -o jsonpath={.items..metadata.name}); echo "$POD"',
  'count=1; note() { echo "note $count: $*"; count=$((count+1)); }',
  'kubectl get events --sort-by=.metadata.creationTimestamp | tail -n 4',
  'kubectl rollout status deployment/curl --timeout=120s',
  'note ready; kubectl exec "$POD" -c curl -- curl -sSL -o /dev/null -D - http://edition.cnn.com/politics',
  `kubectl apply -f - <<EOF
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: cnn
spec:
  hosts: [edition.cnn.com]
  ports:
  - {number: 80, name: http-port, protocol: HTTP}
  - {number: 443, name: https, protocol: HTTPS}
  resolution: DNS
EOF`,
  'kubectl exec "$POD" -c curl -- curl -sS -o /dev/null -w "%{http_code} %{remote_ip} %{time_total}\\n" http://edition.cnn.com/politics',
  'kubectl logs "$POD" -c istio-proxy | tail -n 2',
  `kubectl apply -f - <<EOF
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: istio-egressgateway}
spec:
  selector: {istio: egressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [edition.cnn.com]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: egressgateway-for-cnn}
spec:
  host: istio-egressgateway.istio-system.svc.cluster.local
  subsets: [{name: cnn}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: direct-cnn}
spec:
  hosts: [edition.cnn.com]
  gateways: [istio-egressgateway, mesh]
  http:
  - match: [{gateways: [mesh], port: 80}]
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, subset: cnn, port: {number: 80}}}]
  - match: [{gateways: [istio-egressgateway], port: 80}]
    route: [{destination: {host: edition.cnn.com, port: {number: 80}}}]
EOF`,
  'istioctl proxy-status',
  'for i in 1 2 3; do kubectl exec "$POD" -c curl -- curl -sS -o /dev/null -w "%{http_code}\\n" http://edition.cnn.com/politics; done',
  'kubectl logs -n istio-system -l istio=egressgateway --tail=2',
  'kubectl scale deployment curl --replicas=3; note scaled',
  'kubectl get pods -l app=curl',
  'kubectl get endpointslices -l kubernetes.io/service-name=curl',
  'echo "$RANDOM $count" >> notes.txt; cat notes.txt',
  'kubectl delete pod "$POD" --wait=false',
  'export POD=$(kubectl get pod -l app=curl --field-selector=status.phase=Running -o jsonpath={.items[0].metadata.name}); echo "$POD"',
  'kubectl get pods -A',
  'istioctl proxy-config clusters deploy/curl | head -n 5',
  'kubectl rollout restart deployment/curl',
  'kubectl get rs -l app=curl',
  'kubectl delete virtualservice direct-cnn; kubectl delete gateway istio-egressgateway; kubectl delete destinationrule egressgateway-for-cnn',
  'kubectl create namespace other; kubectl apply -n other -f samples/curl/curl.yaml',
  'kubectl get all -n other',
  'kubectl delete namespace other --wait=false; kubectl get ns',
  'kubectl delete serviceentry cnn; kubectl delete -f samples/curl/curl.yaml',
];

export interface Move {
  command: string;
  /** ms of cluster time that pass afterwards: often too few for what was set going. */
  pause: number;
}

/** The story four times over, with pauses drawn from `seed`. */
export function moves(seed: number): Move[] {
  const random = new Random(seed);
  const rounds = [...story, ...story, ...story, ...story];
  return rounds.map((command) => ({ command, pause: random.pick([0, 0, 1, 7, 40, 150, 600, 900, 2500, 12_000]) }));
}

/** Makes the moves from `from` on; one text a move. `after` is called with each move's number. */
export async function perform(
  session: Session,
  list: Move[],
  from: number,
  after: (move: number) => void = () => {},
): Promise<string[]> {
  const transcript: string[] = [];
  for (let index = from; index < list.length; index++) {
    const { command, pause } = list[index] as Move;
    const output = await session.runInstant(command);
    await session.advance(pause);
    transcript.push(`${session.cluster.now()} ${command}\n${output.stdout}${output.stderr}${output.exitCode}`);
    after(index);
  }
  return transcript;
}
