import { resourcePath } from './client.ts';
import { Deadline } from './deadline.ts';
import { watchEvents } from './get-watch.ts';
import type { Kubectl } from './kubectl.ts';
import type { KubeObject } from './objects.ts';
import { type Info, listObjects } from './resources.ts';

/**
 * Follows one object until `decide` gives something else than undefined. It is asked with the object as it is (undefined
 * if there is none) and then with each change; `late` makes the error of a timeout (milliseconds).
 */
export async function watchObject<T>(
  k: Kubectl,
  info: Pick<Info, 'mapping' | 'namespace' | 'name'>,
  options: { timeout: number; late: () => Error },
  decide: (object: KubeObject | undefined, deleted: boolean) => T | undefined,
): Promise<T> {
  const { mapping, namespace, name } = info;
  const fieldSelector = `metadata.name=${name}`;
  const deadline = new Deadline(k, options.timeout);
  const { items, resourceVersion } = await listObjects(k, mapping, namespace, { fieldSelector });
  const first = decide(items[0], false);
  if (first !== undefined) return first;
  const query = { watch: 'true', resourceVersion, fieldSelector };
  const events = watchEvents(k, resourcePath(mapping, namespace), query);
  try {
    for (;;) {
      await k.flush();
      const next = await deadline.race(events.next(), options.late);
      if (next.done) throw options.late();
      const { type, object } = next.value;
      if (type === 'BOOKMARK') continue;
      const outcome = decide(object, type === 'DELETED');
      if (outcome !== undefined) return outcome;
    }
  } finally {
    deadline.end();
    // A pending read ends when the stream is cancelled, which `return` does once the generator is idle.
    void events.return(undefined);
  }
}
