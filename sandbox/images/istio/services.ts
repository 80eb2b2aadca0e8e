import type { XdsServer } from '../../envoy/xds/server.ts';
import type { PodSandbox } from '../../kernel/runtime.ts';
import type { NatRule } from '../../network/iptables.ts';
import type { IstioRelease } from '../../releases/types.ts';

/** What Istio's images need of the cluster they run in. */
export interface IstioServices {
  release: IstioRelease;
  /** istiod's discovery service, as proxies reach it. */
  xds: XdsServer;
  /** istiod's debug interface: JSON, or undefined where there is no such page. */
  istiodDebug(path: string): string | undefined;
  /** Writes the nat table of a pod's network namespace. */
  setIptables(pod: PodSandbox, rules: readonly NatRule[]): void;
}
