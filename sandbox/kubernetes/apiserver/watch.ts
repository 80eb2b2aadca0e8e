import type { Kernel } from '../../kernel/kernel.ts';
import { encode, Pipe } from '../../kernel/streams.ts';
import type { KubernetesObject } from '../objects.ts';
import { badRequest, expired } from './errors.ts';
import type { Matcher } from './selectors.ts';
import { inVersion, type Served } from './served.ts';
import type { Store, StoredChange } from './store.ts';

export interface WatchOptions {
  namespace?: string;
  matches: Matcher;
  /** Where to go on from; '' or '0': first everything there is. */
  resourceVersion: string;
  /** First everything there is, then a bookmark that says so (WatchList). */
  sendInitialEvents: boolean;
  allowBookmarks: boolean;
  timeoutSeconds?: number;
  /** How an object goes out: itself, or as a Table. `first`: of this watch. */
  render: (object: KubernetesObject, first: boolean) => unknown;
}

/** A watch as HTTP's body: one JSON event a line, until the reader hangs up or the time is over. */
export function watch(store: Store, kernel: Kernel, served: Served, options: WatchOptions): Pipe {
  const pipe = new HangUpPipe();
  let first = true;
  const send = (type: string, object: unknown) => {
    void pipe.write(encode(`${JSON.stringify({ type, object })}\n`)).catch(() => {});
  };
  const tell = (type: string, stored: KubernetesObject) => {
    send(type, options.render(inVersion(served, stored), first));
    first = false;
  };
  const inScope = (object: KubernetesObject) =>
    (!options.namespace || object.metadata.namespace === options.namespace) &&
    options.matches(inVersion(served, object));
  const follow = ({ type, object, old }: StoredChange) => {
    const is = type !== 'DELETED' && inScope(object);
    const was = old !== undefined && inScope(old);
    if (is) tell(was ? 'MODIFIED' : 'ADDED', object);
    else if (was) tell('DELETED', { ...object, metadata: { ...object.metadata } });
  };
  const { resourceVersion } = options;
  if (options.sendInitialEvents || resourceVersion === '' || resourceVersion === '0') {
    for (const object of store.list(served.table, options.namespace))
      if (options.matches(inVersion(served, object))) tell('ADDED', object);
    if (options.sendInitialEvents && options.allowBookmarks) send('BOOKMARK', bookmark(store, served));
  } else {
    for (const change of missed(store, served, resourceVersion))
      if (inScope(change.object)) tell(change.type, change.object);
  }
  pipe.onEnd(store.onChange(served.table, follow));
  if (options.timeoutSeconds !== undefined && options.timeoutSeconds > 0) {
    pipe.onEnd(kernel.wakeAt(kernel.now() + options.timeoutSeconds * 1000, () => pipe.close()));
  }
  return pipe;
}

function missed(store: Store, served: Served, resourceVersion: string): StoredChange[] {
  if (!/^\d+$/.test(resourceVersion))
    throw badRequest(`Invalid value: "${resourceVersion}": resourceVersion must be a number`);
  const changes = store.changesSince(served.table, Number(resourceVersion));
  if (!changes) throw expired(`too old resource version: ${resourceVersion} (${store.resourceVersion})`);
  return changes;
}

function bookmark(store: Store, served: Served) {
  return {
    kind: served.kind.kind,
    apiVersion: served.apiVersion,
    metadata: {
      resourceVersion: String(store.resourceVersion),
      creationTimestamp: null,
      annotations: { 'k8s.io/initial-events-end': 'true' },
    },
  };
}

/** A pipe that tells when either side is done with it. */
class HangUpPipe extends Pipe {
  #done: (() => void)[] = [];

  onEnd(callback: () => void): void {
    this.#done.push(callback);
  }

  override cancel(): void {
    super.cancel();
    this.#finish();
  }

  override close(): void {
    super.close();
    this.#finish();
  }

  #finish(): void {
    for (const callback of this.#done.splice(0)) callback();
  }
}
