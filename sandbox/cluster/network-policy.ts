import { compilePolicies } from '../kubernetes/controllers/policy.ts';
import type { Pod } from '../kubernetes/controllers/types.ts';
import type { NetworkPolicy } from '../kubernetes/kinds/networkpolicy.ts';
import type { ApiClient } from '../kubernetes/objects.ts';
import type { FlowPolicy, Network } from '../network/network.ts';
import { flowPolicy } from '../network/policy.ts';

const policies = { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' };
const pods = { group: '', version: 'v1', resource: 'pods' };
const namespaces = { group: '', version: 'v1', resource: 'namespaces' };

/**
 * The network plugin's policy engine: keeps the network's rules equal to NetworkPolicies, pods and namespaces as they stand.
 * They are compiled when a flow is asked about after a change, so nothing is computed for changes that nobody notices,
 * and nothing is left to do after a restore.
 */
export class PolicyNetwork {
  readonly #client: ApiClient;
  readonly #exempt: ReadonlySet<string>;
  #compiled: FlowPolicy | undefined;

  /** `nodeAddress`: flows from and to the node are always free. */
  constructor(client: ApiClient, network: Network, nodeAddress: string) {
    this.#client = client;
    this.#exempt = new Set([nodeAddress]);
    for (const kind of [policies, pods, namespaces]) client.onChange(kind, () => this.sync());
    network.policy = (flow) => {
      this.#compiled ??= this.#compile();
      return this.#compiled(flow);
    };
  }

  /** Forgets what was compiled: the next flow sees the store as it is then. */
  sync(): void {
    this.#compiled = undefined;
  }

  #compile(): FlowPolicy {
    const client = this.#client;
    const present = client.list<NetworkPolicy>(policies);
    if (present.length === 0) return () => ({ allowed: true });
    const compiled = compilePolicies(present, client.list<Pod>(pods), client.list(namespaces));
    return flowPolicy(compiled, this.#exempt);
  }
}
