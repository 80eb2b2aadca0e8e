/** `npm run bench`: medians and 99th percentiles of one run, printed and kept in results.md beside this file. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { startStage } from '../conformance/documents/stage.ts';
import { bundleSize } from './bundle.ts';

interface Row {
  what: string;
  median: string;
  p99: string;
  aim: string;
}
const rows: Row[] = [];

function quantile(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number;
}

function report(what: string, values: number[], unit: string, aim: string): void {
  const show = (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`;
  rows.push({ what, median: show(quantile(values, 0.5)), p99: show(quantile(values, 0.99)), aim });
}

const cold = Array.from({ length: 15 }, () => {
  const output = execFileSync(process.execPath, [join(import.meta.dirname, 'ready.ts')], { encoding: 'utf8' });
  return JSON.parse(output) as { cluster: number; curl: number };
});
report(
  'CPU to a ready cluster with Istio, fresh process',
  cold.map(({ cluster }) => cluster),
  'ms',
  '',
);
report(
  'CPU to a ready cluster with Istio and curl, fresh process',
  cold.map(({ curl }) => curl),
  'ms',
  '< 150 ms',
);

const warm: number[] = [];
for (let round = 0; round < 12; round++) {
  const start = process.cpuUsage();
  const fresh = await startStage({ profile: 'default' });
  await fresh.run(
    'kubectl label ns default istio-injection=enabled && kubectl apply -f samples/curl/curl.yaml && kubectl rollout status deploy/curl',
  );
  const { user, system } = process.cpuUsage(start);
  if (round > 1) warm.push((user + system) / 1000);
}
report('the same, once the code is compiled', warm, 'ms', '< 150 ms');

const stage = await startStage({ profile: 'demo' });
const must = async (command: string) => {
  const output = await stage.run(command);
  if (output.exitCode !== 0) throw new Error(`${command}: ${output.stderr}`);
  return output;
};
const time = async (command: string, count: number): Promise<number[]> => {
  const times: number[] = [];
  for (let round = 0; round < count; round++) {
    const start = performance.now();
    await must(command);
    times.push(performance.now() - start);
  }
  return times;
};

await must('kubectl label ns default istio-injection=enabled');
await must('kubectl apply -f samples/curl/curl.yaml -f samples/httpbin/httpbin.yaml');
await must('kubectl rollout status deploy/curl && kubectl rollout status deploy/httpbin');
await must('POD=$(kubectl get pod -l app=curl -o jsonpath={.items..metadata.name})');

const commands: [string, string][] = [
  ['kubectl get pods', 'kubectl get pods'],
  ['kubectl get pods -A -o wide', 'kubectl get pods -A -o wide'],
  ['kubectl describe pod', 'kubectl describe pod "$POD"'],
  ['kubectl apply (unchanged)', 'kubectl apply -f samples/curl/curl.yaml'],
  ['istioctl proxy-config clusters', 'istioctl proxy-config clusters "$POD"'],
  [
    'kubectl exec … curl, one proxy, outside',
    'kubectl exec "$POD" -c curl -- curl -sS -o /dev/null http://edition.cnn.com/politics',
  ],
  [
    'kubectl exec … curl, two proxies, mTLS',
    'kubectl exec "$POD" -c curl -- curl -sS -o /dev/null http://httpbin:8000/get',
  ],
];
for (const [name, command] of commands) {
  await time(command, 20);
  report(name, await time(command, 300), 'ms', '< 5 ms');
}

const loop =
  'kubectl exec "$POD" -c curl -- sh -c \'i=0; while [ $i -lt 1000 ]; do curl -s -o /dev/null http://httpbin:8000/get; i=$((i+1)); done\'';
report('1,000 requests through two proxies', await time(loop, 7), 'ms', '');

await must('kubectl create namespace bench && kubectl label namespace bench istio-injection=enabled');
const growth: [string, (index: number) => string][] = [
  ['one more namespace', (index) => `kubectl create namespace extra-${index}; sleep 1`],
  [
    'one more service, pushed to every proxy',
    (index) => `kubectl create service clusterip extra-${index} --tcp=80 -n bench; sleep 1`,
  ],
  [
    'one more pod with a sidecar, until it is ready',
    (index) => `kubectl scale deployment curl --replicas=${index + 2}; kubectl rollout status deployment/curl`,
  ],
];
for (const [name, command] of growth) {
  const times: number[] = [];
  for (let index = 0; index < 20; index++) {
    const start = performance.now();
    await must(command(index));
    times.push(performance.now() - start);
  }
  report(name, times, 'ms', '');
}

const bundle = await bundleSize();
const lines = [
  '# Measurements',
  '',
  '`npm run bench` writes this page: medians and 99th percentiles of one run, wall time unless CPU is said.',
  `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.version}.`,
  '',
  '| what | median | p99 | aim |',
  '| --- | --- | --- | --- |',
  ...rows.map(({ what, median, p99, aim }) => `| ${what} | ${median} | ${p99} | ${aim} |`),
  '',
  `The worker's code: **${(bundle.initial / 1000).toFixed(1)} kB** gzip before anything rare is loaded (aim ≤ 250 kB). Loaded when needed:`,
  '',
  '| module | gzip |',
  '| --- | --- |',
  ...bundle.lazy.slice(0, 20).map(([name, bytes]) => `| ${name} | ${(bytes / 1000).toFixed(1)} kB |`),
  '',
];
console.log(lines.join('\n'));
writeFileSync(join(import.meta.dirname, 'results.md'), lines.join('\n'));
