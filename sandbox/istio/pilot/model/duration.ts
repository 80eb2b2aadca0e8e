/** Durations as Istio's manifests write them (Go's format) and as protobuf prints them. */

const units: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** Nanoseconds of `1h2m0.5s`, `500ms`, `3s`; undefined if it is none. */
export function parseDuration(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === '0') return 0;
  const parts = /^[-+]?((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(text)
    ? text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)
    : undefined;
  if (!parts) return undefined;
  let total = 0;
  for (const [, number = '0', unit = 's'] of parts) total += Number(number) * (units[unit] as number);
  return text.startsWith('-') ? -total : Math.round(total);
}

/** Protobuf's form: whole seconds, or 3, 6 or 9 digits after the point. Undefined stays; what is no duration stays as it is. */
export function protoDuration(text: string): string;
export function protoDuration(text: string | undefined): string | undefined;
export function protoDuration(text: string | undefined): string | undefined {
  const nanoseconds = parseDuration(text);
  if (nanoseconds === undefined) return text;
  const seconds = Math.floor(nanoseconds / 1e9);
  const rest = nanoseconds - seconds * 1e9;
  if (rest === 0) return `${seconds}s`;
  const digits = String(Math.round(rest)).padStart(9, '0');
  const short = digits.endsWith('000000') ? 3 : digits.endsWith('000') ? 6 : 9;
  return `${seconds}.${digits.slice(0, short)}s`;
}

/** Whole seconds of a duration, as fields that count seconds want them. */
export function wholeSeconds(text: string | undefined): number | undefined {
  const nanoseconds = parseDuration(text);
  return nanoseconds === undefined ? undefined : Math.floor(nanoseconds / 1e9);
}
