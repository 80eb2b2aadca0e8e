import type { JsonObject } from '../kernel/json.ts';

/** Everything that differs from one release to the next, as data. */
export interface Release {
  istio: IstioRelease;
  kubernetes: KubernetesRelease;
}

export interface IstioRelease {
  /** `1.30.3`. */
  version: string;
  /** `1.30`. */
  minor: string;
  /** What `istioctl version -o json` prints of the build. */
  build: { revision: string; golangVersion: string; status: string; tag: string };
  /** Registry and tag of the images, and their names. */
  hub: string;
  images: { pilot: string; proxy: string };
  /** The version that Envoy's `server_info` and pilot-agent's start-up lines name. */
  envoyVersion: string;
  /** `manifests/profiles/<name>.yaml`: IstioOperator objects. */
  operatorProfiles: Record<string, JsonObject>;
  /** What the charts take for `values.profile`. */
  valueProfiles: Record<string, JsonObject>;
  /** What each chart holds where nothing else is said. */
  chartDefaults: Record<'base' | 'istiod' | 'ingress' | 'egress', JsonObject>;
  /** Fields of `values`: message → field → type. */
  valuesSchema: Record<string, Record<string, string>>;
  /** Oldest Kubernetes that this istioctl accepts, minor version. */
  minimumKubernetesMinor: number;
}

export interface KubernetesRelease {
  /** `1.35.2`. */
  version: string;
  minor: string;
  /** What `kubectl version -o json` prints, for client and server. */
  build: {
    major: string;
    minor: string;
    emulationMajor: string;
    emulationMinor: string;
    minCompatibilityMajor: string;
    minCompatibilityMinor: string;
    gitVersion: string;
    gitCommit: string;
    gitTreeState: string;
    buildDate: string;
    goVersion: string;
    compiler: string;
    platform: string;
  };
  kustomizeVersion: string;
  /** As in a node's status. */
  containerRuntimeVersion: string;
  /** Images of the pods in kube-system, by component. */
  images: Record<'coredns' | 'etcd' | 'pause', string> & Record<string, string>;
}
