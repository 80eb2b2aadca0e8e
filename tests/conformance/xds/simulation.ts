import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Call, type CallResult, simulateCall } from '../../../sandbox/envoy/simulate.ts';
import type { MeshConfig } from '../../../sandbox/istio/pilot/load.ts';
import { pilotConfigurations } from '../../../sandbox/istio/pilot/load.ts';
import type { KubernetesObject } from '../../../sandbox/kubernetes/objects.ts';
import { readJson } from '../golden.ts';

interface Recording {
  mesh: string | MeshConfig;
  proxy: {
    namespace: string;
    type: 'sidecar' | 'router';
    ips: string[];
    labels?: Record<string, string>;
    metadata: { NAMESPACE: string };
  };
  configs: KubernetesObject[];
  kube: KubernetesObject[];
  calls: { name: string; call: Call; result: Record<string, string> }[];
}

export interface SimulatedCall {
  /** `FILE: name of the call`. */
  name: string;
  expected: Record<string, string>;
  actual: CallResult;
}

/** Upstream's own tests of calls, with what each meets here. */
export function* simulatedCalls(golden: string): Generator<SimulatedCall> {
  const folder = join(golden, 'simulation');
  for (const file of readdirSync(folder).filter((name) => name.startsWith('Test'))) {
    const { mesh, proxy, configs, kube, calls } = readJson<Recording>(join(folder, file));
    const { type, ips, labels } = proxy;
    const namespace = proxy.metadata.NAMESPACE;
    const [podIP] = ips;
    const pod: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'app',
        namespace,
        labels: labels ?? {},
        annotations: type === 'router' ? { 'inject.istio.io/templates': 'gateway' } : {},
      },
      spec: { containers: [] },
      status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] },
    };
    const name = `${namespace}/app`;
    const configurations = pilotConfigurations({
      cluster: [pod, ...kube],
      config: configs,
      mesh: typeof mesh === 'string' ? readJson<MeshConfig>(join(folder, mesh)) : mesh,
      proxies: [name],
    });
    const configuration = configurations[name];
    if (!configuration) throw new Error(`${file}: no configuration`);
    for (const { name: call, call: sent, result } of calls) {
      const actual = simulateCall(configuration, sent, type);
      yield { name: `${file.replace(/\.json$/, '')}: ${call}`, expected: result, actual };
    }
  }
}
