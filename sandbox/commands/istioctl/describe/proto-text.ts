import { parseDuration } from '../../../istio/pilot/model/duration.ts';
import { isRecord } from '../../../istio/validate/spec.ts';

/** A message as protobuf's text format on one line, as Go's `String()` prints it: `fixed_delay:{seconds:7}`. */
export function protoText(message: Record<string, unknown>): string {
  return Object.entries(message)
    .flatMap(([key, value]) => fieldText(key, value))
    .join(' ');
}

function fieldText(key: string, value: unknown): string[] {
  const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (Array.isArray(value)) return value.flatMap((item) => fieldText(key, item));
  if (key === 'fixedDelay') return [`${name}:{${duration(String(value))}}`];
  if (key === 'sourceLabels' && isRecord(value)) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return entries.map((entry) => `${name}:{key:${JSON.stringify(entry[0])} value:${JSON.stringify(entry[1])}}`);
  }
  if (isRecord(value)) return [`${name}:{${protoText(value)}}`];
  return [`${name}:${typeof value === 'string' ? JSON.stringify(value) : String(value)}`];
}

function duration(text: string): string {
  const whole = parseDuration(text) ?? 0;
  const [seconds, nanos] = [Math.floor(whole / 1e9), whole % 1e9];
  return [...(seconds > 0 ? [`seconds:${seconds}`] : []), ...(nanos > 0 ? [`nanos:${nanos}`] : [])].join(' ');
}
