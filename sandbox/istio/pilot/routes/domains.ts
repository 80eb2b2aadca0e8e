import { unspecifiedAddress } from '../model/addresses.ts';
import type { Service } from '../registry/service.ts';

/**
 * Shorter forms of a host name that mean the same from where the proxy is, and the absolute one (networking/core/httproute.go).
 */
export function alternativeHosts(hostname: string, proxyDomain: string): string[] {
  const alternatives = /^[\d.]+$/.test(hostname) ? [] : [`${hostname}.`];
  const suffix = proxyDomain.slice(proxyDomain.indexOf('.svc.'));
  if (!proxyDomain.includes('.svc.') || !hostname.endsWith(suffix)) return alternatives;
  const withNamespace = hostname.slice(0, -suffix.length);
  const dot = withNamespace.indexOf('.');
  if (dot < 0) return alternatives;
  const sameNamespace = withNamespace.slice(dot + 1) === proxyDomain.slice(0, -suffix.length);
  return sameNamespace
    ? [...alternatives, withNamespace.slice(0, dot), `${withNamespace}.svc`, withNamespace]
    : [...alternatives, withNamespace, `${withNamespace}.svc`];
}

export interface Domains {
  all: string[];
  /** Those that are short forms: they give way to a service that is called exactly so. */
  alternative: ReadonlySet<string>;
}

/** Domains of a service's virtual host: its names with their short forms, its endpoints' names if it is headless, its address. */
export function serviceDomains(service: Service, proxyDomain: string, addresses: readonly string[]): Domains {
  const all: string[] = [];
  const alternative = new Set<string>();
  for (const hostname of [service.hostname, ...service.aliases.map((alias) => alias.hostname)]) {
    const short = alternativeHosts(hostname, proxyDomain);
    all.push(bracketed(hostname), ...short);
    for (const host of short) alternative.add(host);
  }
  if (service.resolution === 'Passthrough' && service.registry === 'Kubernetes') {
    all.push(...all.map((domain) => `*.${domain}`));
  }
  all.push(...addresses.filter((address) => address && address !== unspecifiedAddress).map(bracketed));
  return { all, alternative };
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
