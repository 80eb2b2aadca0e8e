/** Milliseconds of a protobuf duration in JSON ("0.500s"); undefined where there is none. */
export function milliseconds(duration: unknown): number | undefined {
  if (typeof duration !== 'string') return undefined;
  const seconds = Number.parseFloat(duration);
  return Number.isNaN(seconds) ? undefined : seconds * 1000;
}
