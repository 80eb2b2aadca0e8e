import type { Istioctl } from './command.ts';
import { askIstiods } from './pods.ts';

/** One proxy as istiod's `/debug/syncz` tells of it. */
export interface SyncStatus {
  cluster_id?: string;
  proxy?: string;
  proxy_type?: string;
  istio_version?: string;
  cluster_sent?: string;
  cluster_acked?: string;
  listener_sent?: string;
  listener_acked?: string;
  endpoint_sent?: string;
  endpoint_acked?: string;
  route_sent?: string;
  route_acked?: string;
  extensionconfig_sent?: string;
  extensionconfig_acked?: string;
}

/** What each istiod says of its proxies. */
export async function syncStatuses(ctl: Istioctl, revision?: string): Promise<(SyncStatus & { istiod: string })[]> {
  const statuses: (SyncStatus & { istiod: string })[] = [];
  for (const [istiod, text] of await askIstiods(ctl, '/debug/syncz', revision)) {
    const parsed = JSON.parse(text) as SyncStatus[] | null;
    for (const status of parsed ?? []) statuses.push({ ...status, istiod });
  }
  return statuses.sort((a, b) => ((a.proxy ?? '') < (b.proxy ?? '') ? -1 : 1));
}
