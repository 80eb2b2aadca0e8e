import type { Site, SiteAnswer } from '../../../sandbox/internet/site.ts';
import { Random } from '../../../sandbox/kernel/random.ts';
import { decode } from '../../../sandbox/kernel/streams.ts';
import type { Document } from './transcript.ts';

/** Names that belong to samples, to Istio or to Kubernetes: a learner does not choose them (nor what is an everyday word in
 * the tools' own texts). */
const kept = /^(istio|curl$|sleep$|httpbin$|tcp-echo$|squid$|default$|mesh-default$|kubernetes|proxy$)/;

/** Tokens of a document that somebody chose (objects, namespaces, hosts), each with another one drawn by chance. */
export function drawNames(text: string, hosts: readonly string[], seed: number): Map<string, string> {
  const random = new Random(seed);
  const names = new Set<string>();
  for (const [, name = ''] of text.matchAll(/metadata:\n\s+name: ([a-z0-9-]+)\n/g))
    if (!kept.test(name)) names.add(name);
  for (const [, name = ''] of text.matchAll(/create (?:namespace|ns) ([a-z0-9-]+)/g))
    if (!kept.test(name)) names.add(name);
  const drawn = new Map<string, string>();
  // The first letter stays, so that lists keep their order.
  for (const name of names) drawn.set(name, `${name[0]}${random.suffix(6)}-${random.suffix(3)}`);
  for (const host of hosts) {
    if (text.includes(host)) drawn.set(host, `${host[0]}${random.suffix(5)}.${random.suffix(4)}.example`);
  }
  return drawn;
}

/** Replaces whole tokens, also where dots are escaped for a regular expression, and behind a glued `-n`. */
export function rename(text: string, names: ReadonlyMap<string, string>): string {
  const ordered = [...names].sort(([a], [b]) => b.length - a.length);
  const tokens = ordered.map(([name]) => name.split('.').map(RegExp.escape).join('\\\\?\\.'));
  const pattern = new RegExp(`(?:(?<![\\w-])|(?<=\\s-n))(?:${tokens.join('|')})(?![\\w-]|\\\\?\\.(?:com|org)\\b)`, 'g');
  return text.replace(pattern, (found) => {
    const plain = found.replaceAll('\\', '');
    const other = names.get(plain) as string;
    return found.includes('\\.') ? other.replaceAll('.', '\\.') : other;
  });
}

export function renameDocument(document: Document, names: ReadonlyMap<string, string>): Document {
  return JSON.parse(JSON.stringify(document), (_key, value: unknown) =>
    typeof value === 'string' ? rename(value, names) : value,
  ) as Document;
}

/** The same site under other names: it sees the old ones and what it says has the new ones. */
export function renameSite(site: Site, names: ReadonlyMap<string, string>): Site {
  const back = new Map([...names].map(([from, to]) => [to, from]));
  const forth = (text: string) => rename(text, names);
  const { certificate } = site;
  return {
    ...site,
    hosts: site.hosts.map((host) => ({
      ...host,
      name: forth(host.name),
      ...(host.cname && { cname: forth(host.cname) }),
    })),
    ...(certificate && {
      certificate: {
        ...certificate,
        subject: forth(certificate.subject),
        subjectAltNames: [...certificate.subjectAltNames, ...certificate.subjectAltNames.map(forth), ...names.values()],
      },
    }),
    handle: (request, context): SiteAnswer => {
      const answer = site.handle({ ...request, authority: rename(request.authority, back) }, context);
      const body = forth(typeof answer.body === 'string' ? answer.body : decode(answer.body));
      const headers = answer.headers.map(
        ([name, value]) => [name, name === 'content-length' ? value : forth(value)] as const,
      );
      const length = new TextEncoder().encode(body).length;
      return {
        ...answer,
        body,
        headers: headers.map(([name, value]) => [
          name,
          name === 'content-length' && body !== '' ? String(length) : value,
        ]),
      };
    },
  };
}
