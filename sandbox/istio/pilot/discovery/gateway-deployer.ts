import { equalJson } from '../../../kernel/json.ts';
import type { Kernel } from '../../../kernel/kernel.ts';
import type { ApiClient, GroupVersionResource, KubernetesObject } from '../../../kubernetes/objects.ts';
import { readInjectorConfig, readMeshConfig } from '../../inject/config.ts';
import { kubeGatewayObjects } from '../../inject/kube-gateway.ts';
import { InjectionError } from '../../inject/types.ts';
import type { GatewaySpec } from '../api/gateway-api.ts';
import { classControllers, gatewayController, isManaged, managedName } from '../gateway-api/classes.ts';
import { watchedResources } from './watched-kinds.ts';

const owner = 'istiod-gateways';
const classesKey = 'classes';
/** ms of cluster time between a change and the reaction to it. */
const latency = 15;
const configMaps = { group: '', version: 'v1', resource: 'configmaps' };
const definitions = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };
const children: readonly GroupVersionResource[] = [
  { group: '', version: 'v1', resource: 'serviceaccounts' },
  { group: 'apps', version: 'v1', resource: 'deployments' },
  watchedResources.Service,
];
const managedLabel = 'gateway.istio.io/managed';
const versionAnnotation = 'gateway.istio.io/controller-version';
const controllerVersion = 5;

const descriptions: Readonly<Record<string, string>> = {
  [gatewayController]: 'The default Istio GatewayClass',
  'istio.io/unmanaged-gateway': 'Remote to this cluster. Does not deploy or affect configuration.',
};

interface GatewayObject extends KubernetesObject {
  spec: GatewaySpec & { infrastructure?: { labels?: Record<string, string>; annotations?: Record<string, string> } };
}

/**
 * Makes the GatewayClasses when their definition is there, and for each Gateway of class `istio` without addresses of its own a
 * ServiceAccount, a Deployment and a Service (pilot/pkg/config/kube/gatewaycommon). What the Gateway owns goes with it.
 */
export class GatewayDeployer {
  readonly #kernel: Kernel;
  readonly #client: ApiClient;
  readonly #namespace: string;
  readonly #running: () => boolean;

  constructor(options: { kernel: Kernel; client: ApiClient; namespace: string; running: () => boolean }) {
    this.#kernel = options.kernel;
    this.#client = options.client;
    this.#namespace = options.namespace;
    this.#running = options.running;
    const { client } = options;
    this.#kernel.timers.handle(owner, (key) => {
      if (!this.#running()) return;
      if (key === classesKey) this.#reconcileClasses();
      else this.#reconcile(key);
    });
    client.onChange(definitions, ({ object }) => {
      if (object.metadata.name === 'gatewayclasses.gateway.networking.k8s.io') this.#enqueue(classesKey);
    });
    client.onChange(watchedResources.GatewayClass, () => {
      this.#enqueue(classesKey);
      this.#enqueueAll();
    });
    client.onChange(watchedResources.KubernetesGateway, ({ object, old, type }) => {
      const { generation, labels, annotations } = object.metadata;
      const same =
        type === 'MODIFIED' &&
        old?.metadata.generation === generation &&
        equalJson([old?.metadata.labels, old?.metadata.annotations], [labels, annotations]);
      if (!same && type !== 'DELETED') this.#enqueue(keyOf(object));
    });
    for (const child of children) {
      client.onChange(child, ({ object }) => {
        if (object.metadata.labels?.[managedLabel] === undefined) return;
        for (const reference of object.metadata.ownerReferences ?? []) {
          if (reference.kind === 'Gateway') this.#enqueue(`${object.metadata.namespace}/${reference.name}`);
        }
      });
    }
    client.onChange(configMaps, ({ object: { metadata } }) => {
      if (metadata.namespace === this.#namespace && ['istio', 'istio-sidecar-injector'].includes(metadata.name)) {
        this.#enqueueAll();
      }
    });
  }

  /** Looks at everything; called when istiod begins to work. */
  resync(): void {
    this.#enqueue(classesKey);
    this.#enqueueAll();
  }

  #enqueueAll(): void {
    for (const gateway of this.#client.list(watchedResources.KubernetesGateway)) this.#enqueue(keyOf(gateway));
  }

  #enqueue(key: string): void {
    if (this.#running()) this.#kernel.timers.set(owner, key, this.#kernel.now() + latency);
  }

  #reconcileClasses(): void {
    const kind = watchedResources.GatewayClass;
    if (!this.#client.resources().some(({ group, resource }) => group === kind.group && resource === kind.resource)) {
      return;
    }
    for (const [name, controllerName] of Object.entries(classControllers)) {
      const description = descriptions[controllerName];
      if (description === undefined || this.#client.get(kind, undefined, name)) continue;
      this.#client.create(kind, {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'GatewayClass',
        metadata: { name },
        spec: { controllerName, description },
      });
    }
  }

  #reconcile(key: string): void {
    const [namespace, name = ''] = key.split('/');
    const kind = watchedResources.KubernetesGateway;
    const gateway = this.#client.get<GatewayObject>(kind, namespace, name);
    if (!gateway || gateway.metadata.deletionTimestamp !== undefined) return;
    const { gatewayClassName: className, listeners = [], infrastructure } = gateway.spec;
    const written = this.#client.get<KubernetesObject & { spec: { controllerName: string } }>(
      watchedResources.GatewayClass,
      undefined,
      className,
    );
    if ((written?.spec.controllerName ?? classControllers[className]) !== gatewayController) return;
    if (!isManaged(gateway.spec)) return;
    const { annotations = {}, labels = {} } = gateway.metadata;
    const known = annotations[versionAnnotation];
    if (known !== undefined && !(Number(known) <= controllerVersion)) return;
    const state = this.#configuration();
    if (!state) return;
    const usual = managedName(gateway.metadata.name, className);
    const ports = [{ name: 'status-port', port: 15021, appProtocol: 'tcp' }];
    for (const listener of listeners) {
      if (ports.slice(1).some(({ port }) => port === listener.port)) continue;
      const port = { port: listener.port, appProtocol: listener.protocol.toLowerCase() };
      ports.push({ name: listener.name.replaceAll('.', '-').slice(0, 63), ...port });
    }
    const address = gateway.spec.addresses?.[0]?.value;
    const objects = kubeGatewayObjects({
      gateway,
      className,
      name: annotations['gateway.istio.io/name-override'] || usual,
      serviceAccount: annotations['gateway.istio.io/service-account'] || usual,
      serviceType: annotations['networking.istio.io/service-type'] ?? 'LoadBalancer',
      ports,
      labels: infrastructure?.labels ? foreign(infrastructure.labels) : labels,
      annotations: infrastructure?.annotations ? foreign(infrastructure.annotations) : annotations,
      revision: 'default',
      ...state,
      ...(address ? { address } : {}),
    });
    if (known !== String(controllerVersion)) {
      const marked = { ...annotations, [versionAnnotation]: String(controllerVersion) };
      this.#client.update(kind, { ...gateway, metadata: { ...gateway.metadata, annotations: marked } });
    }
    const [accounts, deployments, services] = children as [
      GroupVersionResource,
      GroupVersionResource,
      GroupVersionResource,
    ];
    this.#apply(accounts, objects.serviceAccount);
    this.#apply(deployments, objects.deployment);
    this.#apply(services, objects.service);
  }

  /** Values and mesh config of the installation; undefined while its ConfigMaps are missing or cannot be read. */
  #configuration() {
    const data = (name: string) =>
      this.#client.get<KubernetesObject & { data?: Record<string, string> }>(configMaps, this.#namespace, name)?.data;
    const injector = data('istio-sidecar-injector');
    const mesh = data('istio');
    if (!injector || !mesh) return undefined;
    try {
      return { values: readInjectorConfig(injector).values, mesh: readMeshConfig(mesh) };
    } catch (error) {
      if (error instanceof InjectionError) return undefined;
      throw error;
    }
  }

  /** Writes what is wanted over what is there; an object of this name that istiod did not make is left alone. */
  #apply(resource: GroupVersionResource, wanted: KubernetesObject): void {
    const { namespace, name } = wanted.metadata;
    const present = this.#client.get(resource, namespace, name);
    if (!present) this.#client.create(resource, wanted);
    else if (present.metadata.labels?.[managedLabel] !== undefined) {
      const merged = laidOver(present, wanted) as KubernetesObject;
      if (!equalJson(merged, present)) this.#client.update(resource, merged);
    }
  }
}

function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Without the names that are the Gateway API's own. */
function foreign(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !key.startsWith('gateway.networking.k8s.io/')));
}

/** Fields that are not wanted in particular, such as defaults, stay. */
function laidOver(present: unknown, wanted: unknown): unknown {
  if (Array.isArray(present) && Array.isArray(wanted) && present.length === wanted.length) {
    return wanted.map((item, index) => laidOver(present[index], item));
  }
  if (!isRecord(present) || !isRecord(wanted)) return wanted;
  const merged: Record<string, unknown> = { ...present };
  for (const [key, value] of Object.entries(wanted)) merged[key] = laidOver(present[key], value);
  return merged;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
