import type { JsonObject } from '../../../kernel/json.ts';
import { IstioctlError } from '../errors.ts';
import { objects } from './output.ts';

/** What Envoy's admin interface answers to `/config_dump`: one section a kind of resource. */
export interface ConfigDump {
  configs: JsonObject[];
}

export function parseConfigDump(textOfDump: string): ConfigDump {
  let value: unknown;
  try {
    value = JSON.parse(textOfDump);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new IstioctlError(`error unmarshalling config dump response from Envoy: ${problem}`);
  }
  return { configs: objects((value as JsonObject | null)?.configs) };
}

/** The section of a type such as `ClustersConfigDump`, or an error in upstream's words. */
export function section(dump: ConfigDump, type: string): JsonObject {
  const found = dump.configs.find((config) => String(config['@type']).endsWith(`.${type}`));
  if (!found)
    throw new IstioctlError(`config dump has no configuration type type.googleapis.com/envoy.admin.v3.${type}`);
  return found;
}

/** A resource without the type that it carries in the dump. */
export function untyped(resource: unknown): JsonObject {
  const { '@type': _, ...rest } = resource as JsonObject;
  return rest;
}
