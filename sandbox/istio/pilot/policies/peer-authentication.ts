import type { PeerAuthentication, PeerAuthenticationMode } from '../api/policies.ts';
import { type Config, groupBy, listConfigs, type ObjectSource } from '../model/config.ts';
import { type Labels, selects } from '../model/labels.ts';

export type MutualTlsMode = 'DISABLE' | 'PERMISSIVE' | 'STRICT';

/** What applies to one workload: a mode, and modes of single ports. */
export interface WorkloadMutualTls {
  mode: MutualTlsMode;
  ports: ReadonlyMap<number, MutualTlsMode>;
}

/** PeerAuthentications by workload, namespace and mesh (security/authn/policy_applier.go). */
export class PeerAuthentications {
  readonly #byNamespace: Map<string, Config<PeerAuthentication>[]>;
  readonly #rootNamespace: string;
  readonly #mesh: MutualTlsMode | undefined;
  readonly #namespaces = new Map<string, MutualTlsMode>();
  readonly #known = new Map<string, WorkloadMutualTls>();

  constructor(source: ObjectSource, rootNamespace: string) {
    this.#rootNamespace = rootNamespace;
    const seen = new Set<string>();
    const configs = listConfigs<PeerAuthentication>(source, 'PeerAuthentication').filter((config) => {
      // Only the oldest policy for all of a namespace counts.
      return isForWorkloads(config) || (!seen.has(config.namespace) && seen.add(config.namespace));
    });
    this.#byNamespace = groupBy(configs, ({ namespace }) => namespace);
    const wide = configs.filter((config) => !isForWorkloads(config));
    const root = wide.find(({ namespace }) => namespace === rootNamespace);
    this.#mesh = root && (modeOf(root.spec.mtls) ?? 'PERMISSIVE');
    for (const { namespace, spec } of wide) {
      if (namespace !== rootNamespace) this.#namespaces.set(namespace, modeOf(spec.mtls) ?? this.#mesh ?? 'PERMISSIVE');
    }
  }

  /** The mode clients expect of services in a namespace. */
  ofNamespace(namespace: string): MutualTlsMode {
    return this.#namespaces.get(namespace) ?? this.#mesh ?? 'PERMISSIVE';
  }

  ofWorkload(namespace: string, labels: Labels): WorkloadMutualTls {
    if (this.#byNamespace.size === 0) return { mode: 'PERMISSIVE', ports: new Map() };
    const key = `${namespace} ${JSON.stringify(labels)}`;
    let known = this.#known.get(key);
    if (!known) {
      known = this.#compose(namespace, labels);
      this.#known.set(key, known);
    }
    return known;
  }

  #compose(namespace: string, labels: Labels): WorkloadMutualTls {
    const applicable = [...new Set([namespace, this.#rootNamespace])].flatMap((each) =>
      (this.#byNamespace.get(each) ?? []).filter(({ spec }) => selects(spec.selector?.matchLabels, labels)),
    );
    const oldest = (test: (config: Config<PeerAuthentication>) => boolean) => {
      return applicable.filter(test).reduce<Config<PeerAuthentication> | undefined>((best, each) => {
        return best && best.createdAt <= each.createdAt ? best : each;
      }, undefined)?.spec;
    };
    const root = this.#rootNamespace;
    const mesh = oldest((config) => !isForWorkloads(config) && config.namespace === root);
    const ofNamespace = oldest((config) => !isForWorkloads(config) && config.namespace !== root);
    const workload = oldest((config) => isForWorkloads(config) && config.namespace !== root);
    const mode = modeOf(workload?.mtls) ?? modeOf(ofNamespace?.mtls) ?? modeOf(mesh?.mtls) ?? 'PERMISSIVE';
    const ports = Object.entries(workload?.portLevelMtls ?? {}).map(
      ([port, mtls]) => [Number(port), modeOf(mtls) ?? mode] as const,
    );
    return { mode, ports: new Map(ports.sort(([a], [b]) => a - b)) };
  }
}

function isForWorkloads({ spec }: Config<PeerAuthentication>): boolean {
  return Object.keys(spec.selector?.matchLabels ?? {}).length > 0;
}

function modeOf(mtls: { mode?: PeerAuthenticationMode } | undefined): MutualTlsMode | undefined {
  return mtls?.mode === undefined || mtls.mode === 'UNSET' ? undefined : mtls.mode;
}

export function modeForPort(mtls: WorkloadMutualTls, port: number): MutualTlsMode {
  return mtls.ports.get(port) ?? mtls.mode;
}
