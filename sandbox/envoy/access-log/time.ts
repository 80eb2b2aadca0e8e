import { calendar, formatMillis } from '../../kernel/time.ts';

/** An instant as Envoy's START_TIME prints it: ISO 8601 with milliseconds, or by a strftime format with %f, %3f, %s and so on. */
export function formatTime(at: number, format?: string): string {
  if (!format) return formatMillis(at);
  const { year, month, day, hour, minute, second, millisecond } = calendar(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const micros = String(millisecond * 1000 + Math.floor((at % 1) * 1000)).padStart(6, '0');
  const values: Record<string, string> = {
    Y: String(year),
    m: two(month),
    d: two(day),
    H: two(hour),
    M: two(minute),
    S: two(second),
    F: `${year}-${two(month)}-${two(day)}`,
    T: `${two(hour)}:${two(minute)}:${two(second)}`,
    z: '+0000',
    Z: 'UTC',
    s: String(Math.floor(at / 1000)),
    f: `${micros}000`,
  };
  return format.replace(/%(\d)?([A-Za-z%])/g, (whole, digits: string | undefined, letter: string) => {
    if (letter === '%') return '%';
    if (letter === 'f' && digits) return `${micros}000`.slice(0, Number(digits));
    return values[letter] ?? whole;
  });
}
