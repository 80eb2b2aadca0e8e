import type { JsonObject } from '../../kernel/json.ts';
import type { ApiClient, KubernetesObject } from '../../kubernetes/objects.ts';
import { applyObject } from './apply.ts';
import { deactivateInjection, defaultTagWebhooks, tagService } from './istiod-webhooks.ts';
import {
  type ComponentManifest,
  type ComponentName,
  type GenerateOptions,
  generateManifests,
  type Manifests,
} from './manifest.ts';
import { InstallError } from './operator.ts';
import { type InstallTarget, installedKinds, namespaceResource, resourceOf } from './target.ts';
import { getPath, getString } from './values-map.ts';

/** Components in the order in which an installation gets to them: gateways come after istiod, istiod after the base. */
export const componentOrder: readonly ComponentName[] = ['Base', 'Pilot', 'IngressGateways', 'EgressGateways'];

/** What `istioctl` and reports call a component. */
export const userFacingNames: Record<ComponentName, string> = {
  Base: 'Istio core',
  Pilot: 'Istiod',
  IngressGateways: 'Ingress gateways',
  EgressGateways: 'Egress gateways',
  Cni: 'CNI',
  Ztunnel: 'Ztunnel',
};

/**
 * Installs Istio without waiting or printing, for a session that starts with it. Controllers do the rest.
 * Throws `InstallError` where istioctl would refuse.
 */
export function installIstio(client: ApiClient, options: GenerateOptions): Manifests {
  const manifests = generateManifests(options);
  const installation = new Installation(clientTarget(client), manifests, options.release.version);
  installation.createNamespace();
  for (const component of installation.components) installation.apply(component);
  installation.prune();
  installation.deployDefaultTag(options);
  return manifests;
}

/** One installation, step by step, so that istioctl can report and wait between the steps. */
export class Installation {
  readonly #target: InstallTarget;
  readonly #manifests: Manifests;
  readonly #version: string;

  constructor(target: InstallTarget, manifests: Manifests, version: string) {
    this.#target = target;
    this.#manifests = manifests;
    this.#version = version;
  }

  /** The components to install, dependencies first. */
  get components(): ComponentManifest[] {
    const place = ({ component }: ComponentManifest) => componentOrder.indexOf(component);
    return [...this.#manifests.components].sort((a, b) => place(a) - place(b));
  }

  get #namespace(): string {
    return getString(this.#manifests.operator, 'metadata.namespace') || 'istio-system';
  }

  get #revision(): string {
    return getString(this.#manifests.operator, 'spec.values.revision');
  }

  createNamespace(): void {
    const name = this.#namespace;
    if (this.#target.get(namespaceResource, undefined, name)) return;
    const network = getString(this.#manifests.operator, 'spec.values.global.network');
    const labels: Record<string, string> = network ? { 'topology.istio.io/network': network } : {};
    this.#target.create(namespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  }

  /** Labels by which an installation finds what it made. */
  #ownerLabels(component?: ComponentName): Record<string, string> {
    return {
      'operator.istio.io/managed': 'Reconcile',
      'operator.istio.io/version': this.#version,
      'install.operator.istio.io/owning-resource-namespace': this.#namespace,
      'istio.io/rev': this.#revision || 'default',
      ...(component ? { 'operator.istio.io/component': component } : {}),
    };
  }

  apply({ component, objects }: ComponentManifest): void {
    for (const object of objects) this.applyOne(component, object);
  }

  applyOne(component: ComponentName, object: KubernetesObject): void {
    const { kind, metadata } = object;
    const labels = { ...metadata.labels, ...this.#ownerLabels(component) };
    try {
      applyObject(this.#target, { ...object, metadata: { ...metadata, labels } });
    } catch (error) {
      const id = `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
      throw new InstallError(
        `failed to update resource with server-side apply for obj ${id}: ${(error as Error).message}`,
      );
    }
  }

  /** What of a component is not ready yet: `Deployment/istio-system/istiod`. */
  notReady({ objects }: ComponentManifest): string[] {
    return objects.flatMap((object) => {
      if (object.kind !== 'Deployment') return [];
      const { namespace, name } = object.metadata;
      const deployment = this.#target.get(resourceOf(object), namespace, name);
      return deployment && isAvailable(deployment) ? [] : [`Deployment/${namespace}/${name}`];
    });
  }

  /** Removes what an earlier installation of this revision made and this one does not want. Answers what it removed. */
  prune(): KubernetesObject[] {
    const wanted = new Map<string, Set<string>>();
    for (const { component, objects } of this.#manifests.components) wanted.set(component, new Set(objects.map(idOf)));
    const removed: KubernetesObject[] = [];
    for (const kind of installedKinds) {
      if (kind.kind === 'CustomResourceDefinition' || !this.#target.serves(kind)) continue;
      const selector = { ...this.#ownerLabels(), 'operator.istio.io/component': '*' };
      for (const object of this.#target.list(kind, selector)) {
        const labels = object.metadata.labels ?? {};
        const component = labels['operator.istio.io/component'] ?? '';
        if (wanted.get(component)?.has(idOf({ ...object, kind: kind.kind }))) continue;
        if (labels['install.operator.istio.io/owning-resource-not-pruned'] === 'true') continue;
        if (!componentOrder.includes(component as ComponentName)) continue;
        // What a controller made carries its owner's labels; it goes with its owner.
        if (object.metadata.ownerReferences?.some((owner) => owner.controller)) continue;
        this.#target.delete(kind, object.metadata.namespace, object.metadata.name);
        removed.push(object);
      }
    }
    return removed;
  }

  /** Points the tag `default` at this revision unless another revision has it already. */
  deployDefaultTag({ release }: Pick<GenerateOptions, 'release'>): void {
    const { operator, components } = this.#manifests;
    const mutating = installedKinds.find((one) => one.kind === 'MutatingWebhookConfiguration');
    if (!mutating || !this.#target.serves(mutating)) return;
    if (!components.some(({ component }) => component === 'Pilot')) return;
    if (getPath(operator, 'spec.values.global.operatorManageWebhooks') === true) return;
    const revision = this.#revision;
    const exists = this.#target.list(mutating, { app: 'sidecar-injector', 'istio.io/tag': 'default' }).length > 0;
    if (revision !== '' && exists) return;
    const default_ = this.#target.list(mutating, { app: 'sidecar-injector', 'istio.io/rev': 'default' });
    for (const webhook of default_) {
      if (webhook.metadata.labels?.['istio.io/tag'] !== undefined) continue;
      this.#target.update(mutating, {
        ...webhook,
        webhooks: deactivateInjection((webhook.webhooks as JsonObject[]) ?? []),
      });
    }
    const options = { revision, namespace: this.#namespace, labels: this.#ownerLabels() };
    for (const object of [...defaultTagWebhooks(release, options), tagService(release, options)]) {
      applyObject(this.#target, object);
    }
  }
}

function idOf(object: KubernetesObject): string {
  return `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** A Deployment whose newest ReplicaSet is ready (upstream operator/pkg/install/wait.go). */
function isAvailable({ spec, status, metadata }: KubernetesObject): boolean {
  const wanted = Number((spec as JsonObject).replicas ?? 1);
  const now = (status ?? {}) as JsonObject;
  if (Number(now.observedGeneration ?? 0) < Number(metadata.generation ?? 0)) return false;
  const updated = Number(now.updatedReplicas ?? 0);
  const old = Number(now.replicas ?? 0) - updated;
  return updated >= wanted && Number(now.readyReplicas ?? 0) - Math.max(0, old) >= wanted;
}

/** The cluster behind a client of its API server. */
export function clientTarget(client: ApiClient): InstallTarget {
  const served = new Set(client.resources().map(({ group, resource }) => `${group}/${resource}`));
  return {
    serves: ({ group, resource }) => served.has(`${group}/${resource}`),
    get: (resource, namespace, name) => client.get(resource, namespace, name),
    list: (resource, labels) =>
      client
        .list(resource)
        .filter(({ metadata }) =>
          Object.entries(labels).every(([key, value]) =>
            value === '*' ? metadata.labels?.[key] !== undefined : metadata.labels?.[key] === value,
          ),
        ),
    create: (resource, object) => void client.create(resource, object),
    update: (resource, object) => void client.update(resource, object),
    delete: (resource, namespace, name) =>
      client.delete(resource, namespace, name, { propagationPolicy: 'Foreground' }),
  };
}
