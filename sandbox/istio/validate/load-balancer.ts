import { Findings } from './findings.ts';
import { durationProblem } from './names.ts';
import { isRecord, numberOf, objectsOf, recordOf, textOf, textsOf } from './spec.ts';

/** Load balancing of a traffic policy (upstream validateLoadBalancer). */
export function loadBalancerFindings(settings: unknown, outlier: unknown): Findings {
  const findings = new Findings();
  if (!isRecord(settings)) return findings;
  if (isRecord(settings.consistentHash)) findings.add(consistentHash(settings.consistentHash));
  if (isRecord(settings.localityLbSetting)) findings.add(locality(settings.localityLbSetting, isRecord(outlier)));
  const { warmup } = settings;
  if (!isRecord(warmup)) return findings;
  findings.error(warmup.duration === undefined ? 'duration is required' : durationProblem(textOf(warmup.duration)));
  if (numberOf(warmup.minimumPercent) > 100) {
    findings.error('minimumPercent value should be less than or equal to 100');
  }
  if (warmup.aggression !== undefined && numberOf(warmup.aggression) < 1) {
    findings.error('aggression should be greater than or equal to 1');
  }
  return findings;
}

function consistentHash(hash: Record<string, unknown>): Findings {
  const findings = new Findings();
  if (isRecord(hash.httpCookie)) {
    if (!hash.httpCookie.name) findings.error('name required for HttpCookie');
    const names = new Set<string>();
    for (const { name } of objectsOf(hash.httpCookie.attributes)) {
      const key = textOf(name);
      if (key === '') findings.error('cookie attribute name cannot be empty');
      else if (names.has(key)) findings.error(`duplicate cookie attribute name: ${key}`);
      names.add(key);
    }
  }
  if (numberOf(hash.minimumRingSize) !== 0) {
    findings.warn(
      "consistent hash MinimumRingSize is deprecated, use ConsistentHashLB's RingHash configuration instead",
    );
    if (isRecord(hash.ringHash) || isRecord(hash.maglev)) {
      findings.error('only one of MinimumRingSize or Maglev/Ringhash can be specified');
    }
  }
  if (isRecord(hash.maglev)) {
    const size = numberOf(hash.maglev.tableSize);
    if (size === 0) findings.error('tableSize must be set for maglev');
    if (size >= 5000011) findings.error('tableSize must be less than 5000011 for maglev');
    if (!isPrime(size)) findings.error('tableSize must be a prime number for maglev');
  }
  return findings;
}

function isPrime(number: number): boolean {
  if (number !== 0 && number < 4) return true;
  if (number % 2 === 0) return false;
  for (let factor = 3; factor * factor <= number; factor += 2) if (number % factor === 0) return false;
  return true;
}

/** Locality weights and failover (upstream ValidateLocalityLbSetting). */
function locality(setting: Record<string, unknown>, outlier: boolean): Findings {
  const findings = new Findings();
  const [distribute, failover] = [objectsOf(setting.distribute), objectsOf(setting.failover)];
  const priority = textsOf(setting.failoverPriority);
  if (distribute.length > 0 && failover.length > 0) {
    return findings.error("can not simultaneously specify 'distribute' and 'failover'");
  }
  const topology = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'];
  const conflict = failover.length > 0 ? priority.find((label) => topology.includes(label)) : undefined;
  if (conflict) {
    return findings.error(
      `can not simultaneously set 'failover' and topology label '${conflict}' in 'failover_priority'`,
    );
  }
  for (const { to } of distribute) {
    const weights = recordOf(to);
    const values = Object.values(weights).map(numberOf);
    if (values.some((weight) => weight <= 0 || weight > 100)) {
      return findings.error('locality weight must be in range [1, 100]');
    }
    const total = values.reduce((sum, weight) => sum + weight, 0);
    if (total !== 100) return findings.error(`total locality weight ${total} != 100`);
    findings.error(localitiesProblem(Object.keys(weights)));
  }
  findings.error(localitiesProblem(distribute.map(({ from }) => textOf(from))));
  if ((failover.length > 0 || priority.length > 0) && !outlier) {
    findings.warn('outlier detection policy must be provided for failover');
  }
  for (const entry of failover) {
    const [from, to] = [textOf(entry.from), textOf(entry.to)];
    if (from === to) findings.error('locality lb failover settings must specify different regions');
    if (from.includes('/') || to.includes('/')) findings.error('locality lb failover only specify region');
    if (from.includes('*') || to.includes('*')) {
      findings.error("locality lb failover region should not contain '*' wildcard");
    }
  }
  return findings;
}

function localitiesProblem(localities: readonly string[]): string | undefined {
  const seen: string[][] = [];
  for (const locality of localities) {
    const stars = locality.split('*').length - 1;
    if (stars > 1 || (stars === 1 && !locality.endsWith('*'))) {
      return `locality ${locality} wildcard '*' number can not exceed 1 and must be in the end`;
    }
    if (seen.some(([region]) => region === '*')) return `locality ${locality} overlap with previous specified ones`;
    const parts = locality.split('/');
    if (parts.slice(0, 3).includes('')) return `locality ${locality} must not contain empty region/zone/subzone info`;
    const overlaps = seen.some((other) => {
      const common = Math.min(other.length, parts.length);
      return other.slice(0, common).every((part, index) => part === parts[index] || part === '*');
    });
    if (overlaps) return `locality ${locality} overlap with previous specified ones`;
    seen.push(parts);
  }
  return undefined;
}
