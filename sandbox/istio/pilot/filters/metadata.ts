import type { Metadata } from '../../../envoy/xds/types.ts';
import { configPath } from '../model/config.ts';

/** Metadata that tells which object a resource was made from. */
export function configMetadata(config: { kind: string; namespace: string; name: string }): Metadata {
  return { filterMetadata: { istio: { config: configPath(config) } } };
}
