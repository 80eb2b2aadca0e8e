import { istio1303 } from './istio-1.30/index.ts';
import { kubernetes1352 } from './kubernetes-1.35.ts';
import type { IstioRelease, KubernetesRelease, Release } from './types.ts';

export { releaseFiles } from './files.ts';
export type { IstioRelease, KubernetesRelease, Release } from './types.ts';

const istioReleases: readonly IstioRelease[] = [istio1303];
const kubernetesReleases: readonly KubernetesRelease[] = [kubernetes1352];

/**
 * The release for versions such as `1.30`, `1.30.3`, `1.35` or `1.35.2`; the newest where nothing is said.
 * Any other version is an error that lists what exists.
 */
export function findRelease(wanted: { istio?: string; kubernetes?: string } = {}): Release {
  return {
    istio: find('Istio', istioReleases, wanted.istio),
    kubernetes: find('Kubernetes', kubernetesReleases, wanted.kubernetes),
  };
}

function find<T extends { version: string; minor: string }>(
  product: string,
  releases: readonly T[],
  wanted?: string,
): T {
  const version = wanted?.replace(/^v/, '');
  const found =
    version === undefined ? releases[0] : releases.find((one) => one.version === version || one.minor === version);
  if (found) return found;
  const known = releases.map((one) => `${one.minor} (${one.version})`).join(', ');
  throw new Error(`${product} ${wanted} is not available here; available: ${known}`);
}
