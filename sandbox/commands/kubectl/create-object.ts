import { resourcePath } from './client.ts';
import type { StatusError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import type { KubeObject } from './objects.ts';
import { dryRun } from './printers.ts';
import type { Info } from './resources.ts';

/** POSTs an object to where its kind is served. */
export async function createObject(
  k: Kubectl,
  info: Pick<Info, 'mapping' | 'namespace'>,
  object: KubeObject,
  fieldValidation: string,
): Promise<KubeObject> {
  const query = {
    fieldManager: k.flags.text('field-manager'),
    fieldValidation,
    dryRun: dryRun(k) === 'server' ? 'All' : undefined,
  };
  return k.client.json('POST', resourcePath(info.mapping, info.namespace), { query, body: object });
}

/** `error when creating "STDIN": …`, before the server's words. */
export function withSource(error: StatusError, verb: string, source: string): StatusError {
  return source === '' ? error : error.withPrefix(`error when ${verb} "${source}": `);
}
