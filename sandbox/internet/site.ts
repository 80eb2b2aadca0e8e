import type { HttpRequest } from '../network/http.ts';
import type { CertificateChain, HeaderField } from '../network/socket.ts';

/** A part of the world outside the cluster: some host names, the addresses behind them and what answers there. */
export interface Site {
  /** Name of the room in the network, such as `edition.cnn.com`. */
  id: string;
  hosts: readonly SiteHost[];
  /** More addresses at which the same servers answer, though no name leads there today. */
  aliases?: readonly string[];
  /** One way from the cluster, ms. */
  latency: number;
  /** What the server on port 443 shows; sites without it speak plain HTTP only. */
  certificate?: SiteCertificate;
  /** What port 443 sends to who speaks without TLS, before it hangs up; nothing if absent. `now`: ms since 1970. */
  plaintextAnswer?(now: number): string;
  handle(request: HttpRequest, context: SiteContext): SiteAnswer;
}

export interface SiteHost {
  name: string;
  /** The name leads to that one's addresses (CNAME). */
  cname?: string;
  ipv4?: readonly string[];
  ipv6?: readonly string[];
}

export type SiteCertificate = Pick<CertificateChain, 'subject' | 'issuer' | 'subjectAltNames' | 'root'> & {
  /** Days it has been valid, and days it will be, when the session starts. */
  age: number;
  left: number;
};

export interface SiteContext {
  /** ms since 1970. */
  now: number;
  /** Who asks, as the site sees it. */
  client: string;
  /** The address that was connected to. */
  server: string;
  /** Over TLS? */
  secure: boolean;
  /** Hexadecimal digits that differ from request to request. */
  hex(digits: number): string;
}

export interface SiteAnswer {
  status: number;
  /** Names in lower case; on HTTP/1.1 they travel in title case. */
  headers: HeaderField[];
  body: string | Uint8Array;
  /** ms of cluster time until the answer. */
  delay?: number;
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** RFC 9110's date: `Thu, 15 Jan 2026 09:00:00 GMT`. */
export function httpDate(fields: {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  weekday: number;
}): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const { year, month, day, hour, minute, second, weekday } = fields;
  return `${days[weekday]}, ${two(day)} ${months[month - 1]} ${year} ${two(hour)}:${two(minute)}:${two(second)} GMT`;
}

/** `content-type` → `Content-Type`: how servers that speak HTTP/1.1 usually write names. */
export function titleCase(name: string): string {
  return name.toLowerCase().replace(/(^|-)\w/g, (letter) => letter.toUpperCase());
}
