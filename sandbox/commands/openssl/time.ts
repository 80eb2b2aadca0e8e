import { calendar } from '../../kernel/time.ts';

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** As OpenSSL's ASN1_TIME_print: `Nov 21 08:28:04 2026 GMT`. */
export function certificateTime(at: number): string {
  const { year, month, day, hour, minute, second } = calendar(at);
  const clock = [hour, minute, second].map((part) => String(part).padStart(2, '0')).join(':');
  return `${months[month - 1]} ${String(day).padStart(2)} ${clock} ${year} GMT`;
}
