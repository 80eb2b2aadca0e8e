import type { Kernel } from '../../kernel/kernel.ts';
import { formatSeconds } from '../../kernel/time.ts';
import { ApiError } from '../apiserver/errors.ts';
import type { ApiClient, KubernetesObject } from '../objects.ts';
import { kinds } from './context.ts';

export interface EventObject extends KubernetesObject {
  involvedObject: EventTarget;
  reason: string;
  message: string;
  type: 'Normal' | 'Warning';
  count?: number;
  firstTimestamp?: string | null;
  lastTimestamp?: string | null;
  source: { component?: string; host?: string };
}

interface EventTarget {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
  uid?: string;
  resourceVersion?: string;
  fieldPath?: string;
}

export interface NewEvent {
  object: KubernetesObject;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  component: string;
  /** The node it was seen on. */
  host?: string;
  /** `spec.containers{curl}`. */
  fieldPath?: string;
}

/** How long the API server keeps events (--event-ttl), ms. */
const lifetime = 3_600_000;

/**
 * Writes Events as client-go's recorder does: the same event of the same object again raises `count` and `lastTimestamp`
 * of the first (tools/record/events_cache.go). Looks for the first in the store, so nothing here has to be saved.
 */
export class EventRecorder {
  readonly #kernel: Kernel;
  readonly #client: ApiClient;

  constructor(kernel: Kernel, client: ApiClient) {
    this.#kernel = kernel;
    this.#client = client;
  }

  record(event: NewEvent): void {
    const { object } = event;
    const namespace = object.metadata.namespace ?? 'default';
    const now = formatSeconds(this.#kernel.now());
    const involvedObject = targetOf(object, event.fieldPath);
    try {
      const first = this.#seen(namespace, event, involvedObject);
      if (first) {
        this.#client.update(kinds.events, { ...first, count: (first.count ?? 1) + 1, lastTimestamp: now });
        return;
      }
      this.#client.create<EventObject>(kinds.events, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: `${object.metadata.name}.${this.#stamp()}`, namespace },
        involvedObject,
        reason: event.reason,
        message: event.message,
        type: event.type,
        count: 1,
        firstTimestamp: now,
        lastTimestamp: now,
        eventTime: null,
        source: { component: event.component, ...(event.host && { host: event.host }) },
        reportingComponent: event.component,
        reportingInstance: event.host ?? '',
      });
    } catch (error) {
      // Nobody's work stops for an event: in a namespace that is going away creation is forbidden.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** The same event seen before. On the way events go whose time is over. */
  #seen(namespace: string, event: NewEvent, target: EventTarget): EventObject | undefined {
    const expiry = formatSeconds(this.#kernel.now() - lifetime);
    let seen: EventObject | undefined;
    for (const other of [...this.#client.list<EventObject>(kinds.events, namespace)]) {
      if (other.lastTimestamp && other.lastTimestamp < expiry) {
        this.#client.delete(kinds.events, namespace, other.metadata.name);
      } else if (
        other.reason === event.reason &&
        other.involvedObject.uid === target.uid &&
        other.involvedObject.name === target.name &&
        other.involvedObject.fieldPath === target.fieldPath &&
        other.message === event.message &&
        other.type === event.type &&
        other.source.component === event.component
      ) {
        seen = other;
      }
    }
    return seen;
  }

  /** Nanoseconds since 1970 in hexadecimal, as client-go names events. */
  #stamp(): string {
    const nanos = BigInt(Math.floor(this.#kernel.now())) * 1_000_000n + BigInt(this.#kernel.random.int(1_000_000));
    return nanos.toString(16);
  }
}

function targetOf(object: KubernetesObject, fieldPath: string | undefined): EventTarget {
  const { namespace, name, uid, resourceVersion } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    ...(namespace !== undefined && { namespace }),
    name,
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(fieldPath !== undefined && { fieldPath }),
  };
}
