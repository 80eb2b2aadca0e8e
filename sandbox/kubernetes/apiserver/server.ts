import type { Stateful } from '../../kernel/json.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { cloneJson } from '../json.ts';
import type { CustomResourceDefinition } from '../kinds/crd.ts';
import { kinds as builtIn } from '../kinds/index.ts';
import type { ApiClient, KubernetesObject } from '../objects.ts';
import { definition } from '../schemas/index.ts';
import { validateBuiltIn, validateCustomResource } from '../validation/validate.ts';
import { AdmissionChain } from './admission-chain.ts';
import type { NodeBackend, WebhookBackend } from './backends.ts';
import { InternalClient } from './client.ts';
import { customKind } from './custom-resources.ts';
import { ApiError, internalError } from './errors.ts';
import type { ApiRequest, ApiResponse } from './http.ts';
import { refuse } from './respond.ts';
import { Rest } from './rest.ts';
import { route } from './routes.ts';
import { ServedKinds, toStorage } from './served.ts';
import { Store, type StoreState } from './store.ts';
import { Webhooks } from './webhooks.ts';

const crdTable = 'apiextensions.k8s.io/customresourcedefinitions';

export interface ApiServerOptions {
  kernel: Kernel;
  /** `v1.35.2` */
  version: string;
  /** What `/version` says of the build; told from `version` where it is left out. */
  build?: VersionInfo;
  nodes?: NodeBackend;
  webhooks?: WebhookBackend;
  /** Objects handed out throw when somebody changes them (for tests). */
  freeze?: boolean;
}

/** version.Info of k8s.io/apimachinery. */
export interface VersionInfo {
  major: string;
  minor: string;
  gitVersion: string;
  [field: string]: string;
}

/** kube-apiserver: one function from requests to answers, and its store. */
export class ApiServer implements Stateful<StoreState> {
  readonly kernel: Kernel;
  readonly version: string;
  readonly build: VersionInfo | undefined;
  /** Where logs and exec go on to; set when the cluster is put together. */
  nodes: NodeBackend | undefined;
  /** Who answers admission webhooks; set when the cluster is put together. */
  webhooks: WebhookBackend | undefined;
  readonly store: Store;
  readonly kinds: ServedKinds;
  readonly rest: Rest;

  constructor(options: ApiServerOptions) {
    this.kernel = options.kernel;
    this.version = options.version;
    this.build = options.build;
    this.nodes = options.nodes;
    this.webhooks = options.webhooks;
    this.store = new Store(options.freeze);
    this.kinds = new ServedKinds(builtIn);
    this.rest = new Rest({
      kernel: this.kernel,
      store: this.store,
      kinds: this.kinds,
      admission: new AdmissionChain(
        this.store,
        this.kernel,
        new Webhooks(this.store, this.kernel, () => this.webhooks),
      ),
      validateSchema: (served, object, old) => {
        const { schema } = served.version;
        if (typeof schema !== 'string') return validateCustomResource(schema, object, old);
        return validateBuiltIn(definition(schema), object);
      },
    });
    this.store.onChange(crdTable, ({ type, object }) => {
      this.#serveCustomKinds();
      if (type === 'DELETED') this.#removeInstances(object as CustomResourceDefinition);
    });
  }

  /** Answers at once; only streams wait. Never throws: a defect of ours is a Status 500 too. */
  handle(request: ApiRequest): ApiResponse {
    try {
      return route(this, request);
    } catch (error) {
      if (error instanceof ApiError) return refuse(error);
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return refuse(internalError(text));
    }
  }

  /** The API as somebody inside the cluster uses it: `system:kube-controller-manager`, `system:node:…`. */
  client(user: string): ApiClient {
    return new InternalClient(user, this);
  }

  /**
   * Puts objects into the store exactly as they are (addresses, status, uid, times): no defaults, no admission, no
   * validation. For clusters that are given as files.
   */
  loadObjects(objects: readonly KubernetesObject[]): void {
    for (const object of objects) {
      const served = this.kinds.byKind(object.apiVersion, object.kind);
      if (!served) throw new Error(`no kind "${object.kind}" is served in ${object.apiVersion}`);
      this.store.put(served.table, toStorage(served, cloneJson(object)));
    }
  }

  save(): StoreState {
    return this.store.save();
  }

  load(state: StoreState): void {
    this.store.load(state);
    this.#serveCustomKinds();
  }

  /** With a CustomResourceDefinition go the objects of its kind. */
  #removeInstances({ spec }: CustomResourceDefinition): void {
    const table = `${spec.group}/${spec.names.plural}`;
    for (const object of this.store.list(table)) this.store.remove(table, object);
  }

  /** CustomResourceDefinitions in the store are kinds that are served. */
  #serveCustomKinds(): void {
    const crds = this.store.list(crdTable) as readonly CustomResourceDefinition[];
    this.kinds.setCustom(crds.filter((crd) => !crd.metadata.deletionTimestamp).map(customKind));
  }
}
