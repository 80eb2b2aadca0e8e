/** A fresh process: prints the CPU time (ms) from a loaded program to a ready cluster with Istio and curl, and to its first answer. */
import { startStage } from '../conformance/documents/stage.ts';

const start = process.cpuUsage();
const spent = () => {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
};
const stage = await startStage({ profile: 'default' });
const cluster = spent();
const setup =
  'kubectl label ns default istio-injection=enabled && kubectl apply -f samples/curl/curl.yaml && kubectl rollout status deploy/curl';
const { exitCode, stderr } = await stage.run(setup);
if (exitCode !== 0) throw new Error(stderr);
console.log(JSON.stringify({ cluster, curl: spent() }));
