/** Formatting and parsing of instants. The only file of the sandbox that touches `Date`, and never to ask the time. */

/** RFC 3339 in UTC with milliseconds: `2026-01-31T10:00:00.000Z`. `at`: ms since 1970. */
export function formatMillis(at: number): string {
  return new Date(at).toISOString();
}

/** RFC 3339 in UTC with seconds, Kubernetes' metav1.Time: `2026-01-31T10:00:00Z`. */
export function formatSeconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 in UTC with microseconds, Kubernetes' MicroTime and klog: `2026-01-31T10:00:00.000000Z`. */
export function formatMicros(at: number): string {
  const micros = Math.round((at - Math.floor(at)) * 1000);
  return `${new Date(at).toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}Z`;
}

/** The calendar fields of an instant in UTC; `weekday` 0 is Sunday, `month` 1–12. */
export function calendar(at: number) {
  const date = new Date(at);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
    weekday: date.getUTCDay(),
  };
}

/** Milliseconds since 1970 of an RFC 3339 text, or undefined if it is none. */
export function parseTime(text: string): number | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
