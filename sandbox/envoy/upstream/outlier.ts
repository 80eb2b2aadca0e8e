import type { Random } from '../../kernel/random.ts';
import { milliseconds } from '../duration.ts';
import type { Cluster, Host } from './cluster.ts';

/** What outlier detection remembers of one host. */
export interface OutlierRecord {
  consecutive5xx: number;
  consecutiveGateway: number;
  consecutiveLocal: number;
  /** How often it was ejected. */
  ejections: number;
  /** ms since 1970. */
  ejectedUntil?: number;
}

interface OutlierDetection {
  consecutive5xx?: number;
  consecutiveGatewayFailure?: number;
  consecutiveLocalOriginFailure?: number;
  enforcingConsecutive5xx?: number;
  enforcingConsecutiveGatewayFailure?: number;
  enforcingConsecutiveLocalOriginFailure?: number;
  splitExternalLocalOriginErrors?: boolean;
  baseEjectionTime?: string;
  interval?: string;
  maxEjectionPercent?: number;
}

export type Outcome = { status: number } | 'local-failure';

/** Counts an answer of a host and ejects it when its cluster says so (source/common/upstream/outlier_detection_impl.cc). */
export function recordOutcome(
  cluster: Cluster,
  hosts: readonly Host[],
  host: Host,
  records: Record<string, OutlierRecord>,
  outcome: Outcome,
  now: number,
  random: Random,
): void {
  const settings = cluster.config.outlierDetection as OutlierDetection | undefined;
  if (!settings) return;
  const record = records[host.key] ?? {
    consecutive5xx: 0,
    consecutiveGateway: 0,
    consecutiveLocal: 0,
    ejections: 0,
  };
  records[host.key] = record;
  const split = settings.splitExternalLocalOriginErrors ?? false;
  const local = outcome === 'local-failure';
  const status = local ? 503 : outcome.status;
  if (local && split) record.consecutiveLocal++;
  else if (split) record.consecutiveLocal = 0;
  if (!(local && split)) {
    record.consecutive5xx = status >= 500 ? record.consecutive5xx + 1 : 0;
    record.consecutiveGateway = status >= 502 && status <= 504 ? record.consecutiveGateway + 1 : 0;
  }
  const limits: [count: number, limit: number, enforcing: number][] = [
    [record.consecutive5xx, settings.consecutive5xx ?? 5, settings.enforcingConsecutive5xx ?? 100],
    [
      record.consecutiveGateway,
      settings.consecutiveGatewayFailure ?? 5,
      settings.enforcingConsecutiveGatewayFailure ?? 0,
    ],
    [
      record.consecutiveLocal,
      settings.consecutiveLocalOriginFailure ?? 5,
      split ? (settings.enforcingConsecutiveLocalOriginFailure ?? 100) : 0,
    ],
  ];
  for (const [count, limit, enforcing] of limits) {
    if (limit === 0 || count === 0 || count % limit !== 0 || random.int(100) >= enforcing) continue;
    eject(settings, hosts, record, records, now);
    return;
  }
}

function eject(
  settings: OutlierDetection,
  hosts: readonly Host[],
  record: OutlierRecord,
  records: Record<string, OutlierRecord>,
  now: number,
): void {
  const ejected = hosts.filter((host) => isEjected(records[host.key], now)).length;
  const maximum = settings.maxEjectionPercent ?? 10;
  // At least one host may always go.
  if (ejected > 0 && ((ejected + 1) * 100) / hosts.length > maximum) return;
  record.ejections++;
  record.consecutive5xx = 0;
  record.consecutiveGateway = 0;
  record.consecutiveLocal = 0;
  const base = milliseconds(settings.baseEjectionTime) ?? 30_000;
  const interval = milliseconds(settings.interval) ?? 10_000;
  // Hosts come back at the first sweep after their time.
  record.ejectedUntil = now + Math.ceil((base * Math.min(record.ejections, 10)) / interval) * interval;
}

export function isEjected(record: OutlierRecord | undefined, now: number): boolean {
  return record?.ejectedUntil !== undefined && now < record.ejectedUntil;
}
