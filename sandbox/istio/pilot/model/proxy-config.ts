import { parse } from 'yaml';
import type { ProxyConfig } from '../api/mesh.ts';

export const proxyConfigAnnotation = 'proxy.istio.io/config';

/** The mesh's proxy config with what a pod's annotation (YAML) sets. What cannot be read sets nothing. */
export function proxyConfigWith(defaults: ProxyConfig, annotation: string): ProxyConfig {
  try {
    const own: unknown = parse(annotation);
    return isFields(own) ? (merge(defaults, own) as ProxyConfig) : defaults;
  } catch {
    return defaults;
  }
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merge(target: Record<string, unknown>, own: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...target };
  for (const [name, value] of Object.entries(own)) {
    const present = merged[name];
    merged[name] = isFields(present) && isFields(value) ? merge(present, value) : value;
  }
  return merged;
}
