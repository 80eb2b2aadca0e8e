import type { Kernel } from '../../../kernel/kernel.ts';
import type { ApiClient, KubernetesObject } from '../../../kubernetes/objects.ts';

const owner = 'istiod-namespaces';
const namespaces = { group: '', version: 'v1', resource: 'namespaces' };
const configMaps = { group: '', version: 'v1', resource: 'configmaps' };
/** Where istiod leaves pods alone (pkg/kube/inject, IgnoredNamespaces). */
const ignored = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'];
const name = 'istio-ca-root-cert';
const key = 'root-cert.pem';
/** ms of cluster time between a change and the reaction to it. */
const latency = 15;

/**
 * Keeps the mesh's root certificate in ConfigMap `istio-ca-root-cert` of every namespace, where proxies mount it (istiod's
 * namespace controller, pilot/pkg/serviceregistry/kube/controller/namespacecontroller.go). Works only while istiod does.
 */
export class RootCertPublisher {
  readonly #kernel: Kernel;
  readonly #client: ApiClient;
  readonly #certificate: () => string;
  readonly #running: () => boolean;

  constructor(options: { kernel: Kernel; client: ApiClient; certificate: () => string; running: () => boolean }) {
    this.#kernel = options.kernel;
    this.#client = options.client;
    this.#certificate = options.certificate;
    this.#running = options.running;
    this.#kernel.timers.handle(owner, (namespace) => this.#reconcile(namespace));
    this.#client.onChange(namespaces, ({ type, object }) => {
      if (type !== 'DELETED') this.#enqueue(object.metadata.name);
    });
    this.#client.onChange(configMaps, ({ object }) => {
      if (object.metadata.name === name) this.#enqueue(object.metadata.namespace ?? '');
    });
  }

  /** Looks at every namespace; called when istiod begins to work. */
  resync(): void {
    for (const { metadata } of this.#client.list(namespaces)) this.#enqueue(metadata.name);
  }

  #enqueue(namespace: string): void {
    if (this.#running()) this.#kernel.timers.set(owner, namespace, this.#kernel.now() + latency);
  }

  #reconcile(namespace: string): void {
    if (!this.#running() || ignored.includes(namespace)) return;
    const found = this.#client.get(namespaces, undefined, namespace);
    if (!found || found.metadata.deletionTimestamp !== undefined) return;
    const data = { [key]: this.#certificate() };
    const present = this.#client.get<KubernetesObject & { data?: Record<string, string> }>(configMaps, namespace, name);
    if (!present) {
      const metadata = { name, namespace, labels: { 'istio.io/config': 'true' } };
      this.#client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    } else if (present.data?.[key] !== data[key]) {
      this.#client.update(configMaps, { ...present, data });
    }
  }
}
