import { calendar } from '../kernel/time.ts';

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** RFC 9110's date, as Go's servers and most others write it. */
export function httpDate(at: number): string {
  const { year, month, day, hour, minute, second, weekday } = calendar(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${days[weekday]}, ${two(day)} ${months[month - 1]} ${year} ${two(hour)}:${two(minute)}:${two(second)} GMT`;
}
