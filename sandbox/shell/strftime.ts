import { calendar } from '../kernel/time.ts';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October'];
months.push('November', 'December');

/** strftime(3) in the C locale and UTC, with GNU's flags `-`, `_`, `0`, `^`. `at`: ms since 1970. */
export function strftime(format: string, at: number): string {
  return format.replace(/%([-_0^]?)(\d*)(:{0,2}[A-Za-z%+])/g, (whole, flag: string, width: string, letter: string) => {
    const value = conversion(letter, at);
    if (value === undefined) return whole;
    if (typeof value === 'string') {
      const text = flag === '^' ? value.toUpperCase() : value;
      return text.padStart(Number(width), ' ');
    }
    const [number, digits, fill] = value;
    if (flag === '-') return String(number);
    return String(number).padStart(Number(width) || digits, flag === '_' ? ' ' : flag === '0' ? '0' : fill);
  });
}

/** A text, or a number with its width and what fills it. */
function conversion(letter: string, at: number): string | [number, number, string] | undefined {
  const time = calendar(at);
  const again = (format: string) => strftime(format, at);
  const day = days[time.weekday] as string;
  const month = months[time.month - 1] as string;
  switch (letter) {
    case '%':
      return '%';
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'Y':
      return [time.year, 4, '0'];
    case 'C':
      return [Math.floor(time.year / 100), 2, '0'];
    case 'y':
      return [time.year % 100, 2, '0'];
    case 'm':
      return [time.month, 2, '0'];
    case 'd':
      return [time.day, 2, '0'];
    case 'e':
      return [time.day, 2, ' '];
    case 'H':
      return [time.hour, 2, '0'];
    case 'k':
      return [time.hour, 2, ' '];
    case 'I':
      return [time.hour % 12 || 12, 2, '0'];
    case 'l':
      return [time.hour % 12 || 12, 2, ' '];
    case 'M':
      return [time.minute, 2, '0'];
    case 'S':
      return [time.second, 2, '0'];
    case 'N':
      return [Math.round((at - Math.floor(at / 1000) * 1000) * 1e6), 9, '0'];
    case 'j':
      return [dayOfYear(at), 3, '0'];
    case 's':
      return [Math.floor(at / 1000), 1, '0'];
    case 'u':
      return [time.weekday || 7, 1, '0'];
    case 'w':
      return [time.weekday, 1, '0'];
    case 'U':
      return [Math.floor((dayOfYear(at) + 6 - time.weekday) / 7), 2, '0'];
    case 'W':
      return [Math.floor((dayOfYear(at) + 6 - ((time.weekday + 6) % 7)) / 7), 2, '0'];
    case 'V':
    case 'G':
      return isoWeek(letter, at);
    case 'A':
      return day;
    case 'a':
      return day.slice(0, 3);
    case 'B':
      return month;
    case 'b':
    case 'h':
      return month.slice(0, 3);
    case 'p':
      return time.hour < 12 ? 'AM' : 'PM';
    case 'P':
      return time.hour < 12 ? 'am' : 'pm';
    case 'Z':
      return 'UTC';
    case 'z':
      return '+0000';
    case ':z':
      return '+00:00';
    case '::z':
      return '+00:00:00';
    case 'D':
    case 'x':
      return again('%m/%d/%y');
    case 'F':
      return again('%Y-%m-%d');
    case 'T':
    case 'X':
      return again('%H:%M:%S');
    case 'R':
      return again('%H:%M');
    case 'r':
      return again('%I:%M:%S %p');
    case 'c':
      return again('%a %b %e %H:%M:%S %Y');
    default:
      return undefined;
  }
}

function dayOfYear(at: number): number {
  const { month, day, year } = calendar(at);
  const lengths = [31, leap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return lengths.slice(0, month - 1).reduce((sum, length) => sum + length, 0) + day;
}

function leap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(letter: string, at: number): [number, number, string] {
  const thursday = at + (3 - ((calendar(at).weekday + 6) % 7)) * 86_400_000;
  if (letter === 'G') return [calendar(thursday).year, 4, '0'];
  return [Math.floor((dayOfYear(thursday) - 1) / 7) + 1, 2, '0'];
}
