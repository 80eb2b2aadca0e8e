import { parse } from 'yaml';
import type { JsonObject } from '../../kernel/json.ts';
import { isObject } from '../install/values-map.ts';
import { InjectionError, type InjectorConfig } from './types.ts';

/** Reads the data of ConfigMap istio-sidecar-injector. */
export function readInjectorConfig(data: Record<string, string>): { config: InjectorConfig; values: JsonObject } {
  const config = parseObject(data.config ?? '', 'failed to unmarshal injection template');
  const values = parseObject(data.values ?? '{}', 'could not parse configuration values');
  const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
  const texts = (value: unknown): Record<string, string> =>
    isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)])) : {};
  const defaults = Array.isArray(config.defaultTemplates) ? config.defaultTemplates.map(String) : [];
  return {
    values,
    config: {
      policy: String(config.policy ?? ''),
      defaultTemplates: defaults.length > 0 ? defaults : ['sidecar'],
      templates: texts(config.templates),
      alwaysInjectSelector: objects(config.alwaysInjectSelector),
      neverInjectSelector: objects(config.neverInjectSelector),
      injectedAnnotations: texts(config.injectedAnnotations),
    },
  };
}

/** Reads the mesh config of ConfigMap `istio`, key `mesh`. */
export function readMeshConfig(data: Record<string, string>): JsonObject {
  return parseObject(data.mesh ?? '', 'failed to read mesh configuration');
}

function parseObject(text: string, problem: string): JsonObject {
  let value: unknown;
  try {
    // The charts write these as JSON, which its own parser reads many times faster than YAML's.
    value = text.startsWith('{') ? parseJson(text) : parse(text);
  } catch (error) {
    throw new InjectionError(`${problem}: ${(error as Error).message.split('\n')[0]}`);
  }
  return isObject(value) ? value : {};
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parse(text);
  }
}
