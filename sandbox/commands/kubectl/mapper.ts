import type { Client } from './client.ts';
import { NoKindMatch, NoResourceMatch, StatusError } from './errors.ts';
import { goQuote } from './flags.ts';
import { isRecord, records, text } from './objects.ts';

/** A served kind: how its objects are named on the wire and on the command line. */
export interface Mapping {
  group: string;
  version: string;
  kind: string;
  /** Plural, lower case: `deployments`. */
  resource: string;
  singular: string;
  shortNames: string[];
  categories: string[];
  namespaced: boolean;
  verbs: string[];
  subresources: string[];
}

export interface Group {
  name: string;
  /** Preferred first. */
  versions: string[];
}

interface Discovery {
  groups: Group[];
  mappings: Mapping[];
}

/** What a server serves, read again only when its answer changed. One a kubectl program; it holds nothing else. */
export class DiscoveryCache {
  #texts: string[] = [];
  #discovery: Discovery | undefined;

  read(client: Client): Discovery {
    const texts: string[] = [];
    const accept = [
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
      'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
      'application/json',
    ].join(',');
    const fetch = (path: string, required = true): string => {
      const response = client.discover(path, accept);
      if (response.status >= 400) {
        if (!required) return '';
        throw new StatusError({ reason: 'NotFound', message: 'the server could not find the requested resource' });
      }
      texts.push(response.body ?? '');
      return response.body ?? '';
    };
    const core = fetch('/api');
    const groups = fetch('/apis');
    if (core.includes('"APIGroupDiscoveryList"')) {
      if (this.#same(texts)) return this.#discovery as Discovery;
      this.#discovery = aggregated([JSON.parse(core), JSON.parse(groups)]);
    } else {
      const listed: Group[] = [{ name: '', versions: ['v1'] }];
      for (const group of records(JSON.parse(groups).groups)) {
        const preferred = text((group.preferredVersion as Record<string, unknown> | undefined)?.version);
        const versions = records(group.versions).map((version) => text(version.version));
        listed.push({ name: text(group.name), versions: [...new Set([preferred, ...versions])].filter(Boolean) });
      }
      const lists = listed.flatMap((group) =>
        group.versions.map((version) => ({
          group: group.name,
          version,
          body: fetch(group.name === '' ? `/api/${version}` : `/apis/${group.name}/${version}`, false),
        })),
      );
      if (this.#same(texts)) return this.#discovery as Discovery;
      const mappings = lists.flatMap(({ group, version, body }) =>
        body === '' ? [] : legacy(group, version, JSON.parse(body)),
      );
      this.#discovery = { groups: listed, mappings };
    }
    this.#texts = texts;
    return this.#discovery;
  }

  #same(texts: string[]): boolean {
    return (
      this.#discovery !== undefined &&
      texts.length === this.#texts.length &&
      texts.every((each, index) => each === this.#texts[index])
    );
  }
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

function aggregated(documents: unknown[]): Discovery {
  const discovery: Discovery = { groups: [], mappings: [] };
  for (const document of documents) {
    for (const group of records(isRecord(document) ? document.items : [])) {
      const name = text((group.metadata as Record<string, unknown> | undefined)?.name);
      const versions = records(group.versions);
      discovery.groups.push({ name, versions: versions.map((version) => text(version.version)) });
      for (const version of versions) {
        for (const resource of records(version.resources)) {
          const served = isRecord(resource.responseKind) ? resource.responseKind : {};
          if (!served.kind) continue;
          discovery.mappings.push({
            group: name,
            version: text(version.version),
            kind: text(served.kind),
            resource: text(resource.resource),
            singular: text(resource.singularResource) || text(served.kind).toLowerCase(),
            shortNames: strings(resource.shortNames),
            categories: strings(resource.categories),
            namespaced: resource.scope === 'Namespaced',
            verbs: strings(resource.verbs),
            subresources: records(resource.subresources).map((sub) => text(sub.subresource)),
          });
        }
      }
    }
  }
  return discovery;
}

function legacy(group: string, version: string, list: unknown): Mapping[] {
  const resources = records(isRecord(list) ? list.resources : []);
  const mappings: Mapping[] = [];
  for (const resource of resources) {
    const name = text(resource.name);
    if (name.includes('/')) continue;
    mappings.push({
      group,
      version,
      kind: text(resource.kind),
      resource: name,
      singular: text(resource.singularName) || text(resource.kind).toLowerCase(),
      shortNames: strings(resource.shortNames),
      categories: strings(resource.categories),
      namespaced: resource.namespaced === true,
      verbs: strings(resource.verbs),
      subresources: resources.flatMap((other) =>
        text(other.name).startsWith(`${name}/`) ? [text(other.name).slice(name.length + 1)] : [],
      ),
    });
  }
  return mappings;
}

/** Finds kinds by what people write (client-go's RESTMapper with its expander of short names). */
export class Mapper {
  readonly #discovery: Discovery;
  readonly #warn: (text: string) => void;

  constructor(discovery: Discovery, warn: (text: string) => void) {
    this.#discovery = discovery;
    this.#warn = warn;
  }

  get groups(): readonly Group[] {
    return this.#discovery.groups;
  }

  /** Every served kind in every version, in the server's order. */
  get all(): readonly Mapping[] {
    return this.#discovery.mappings;
  }

  /** The kinds of each group in its preferred version only. */
  preferred(): Mapping[] {
    const seen = new Set<string>();
    const kept: Mapping[] = [];
    for (const mapping of this.#discovery.mappings) {
      const key = `${mapping.group}/${mapping.resource}`;
      if (seen.has(key)) continue;
      seen.add(key);
      kept.push(mapping);
    }
    return kept;
  }

  /** The names of a category's kinds, as arguments; undefined if there is no such category. */
  category(name: string): string[] | undefined {
    const members = this.#discovery.mappings.filter((mapping) => mapping.categories.includes(name));
    if (members.length === 0) return undefined;
    return [...new Set(members.map((each) => (each.group === '' ? each.resource : `${each.resource}.${each.group}`)))];
  }

  /** The kind behind `pods`, `po`, `Pod`, `deployments.apps`, `deployments.v1.apps`. */
  resource(argument: string): Mapping {
    const lower = argument.toLowerCase();
    const parts = lower.split('.');
    if (parts.length >= 3) {
      const exact = this.#find(parts[0] as string, parts.slice(2).join('.'), parts[1]);
      if (exact) return exact;
    }
    const [name = '', ...rest] = parts;
    const found = this.#find(name, rest.join('.'), undefined);
    if (found) return found;
    const [kind = '', ...tail] = argument.split('.');
    const byKind = this.#discovery.mappings.find(
      (mapping) =>
        mapping.kind === kind &&
        (tail.length === 0 ||
          mapping.group === tail.join('.') ||
          (mapping.version === tail[0] && mapping.group === tail.slice(1).join('.'))),
    );
    if (byKind) return byKind;
    throw new NoResourceMatch(name === lower ? argument : (argument.split('.')[0] as string));
  }

  /** The kind of a manifest. */
  kind(group: string, version: string, kind: string): Mapping {
    const found = this.#discovery.mappings.find(
      (mapping) => mapping.kind === kind && mapping.group === group && mapping.version === version,
    );
    if (found) return found;
    const shown = group === '' ? version : `${group}/${version}`;
    throw new NoKindMatch(`no matches for kind ${goQuote(kind)} in version ${goQuote(shown)}`);
  }

  #find(name: string, group: string, version: string | undefined): Mapping | undefined {
    const all = this.#discovery.mappings;
    const inVersion = (mapping: Mapping) => version === undefined || mapping.version === version;
    const named = (mapping: Mapping) => mapping.resource === name || mapping.singular === name;
    if (group !== '') {
      const matches = (mapping: Mapping) => named(mapping) || mapping.shortNames.includes(name);
      return (
        all.find((mapping) => matches(mapping) && mapping.group === group && inVersion(mapping)) ??
        (version === undefined ? all.find((mapping) => matches(mapping) && mapping.group.startsWith(group)) : undefined)
      );
    }
    const byName = all.find((mapping) => mapping.resource === name && inVersion(mapping));
    if (byName) return byName;
    const short = this.preferred().filter((mapping) => mapping.shortNames.includes(name) && inVersion(mapping));
    const [first, ...others] = short;
    if (first) {
      for (const other of others) {
        if (other.group === first.group && other.resource === first.resource) continue;
        const shown = other.group === '' ? other.resource : `${other.resource}.${other.group}`;
        this.#warn(`short name ${goQuote(name)} could also match lower priority resource ${shown}`);
      }
      return first;
    }
    return all.find((mapping) => mapping.singular === name && inVersion(mapping));
  }
}

/** `pods`, `deployments.apps`: the plural name with its group. */
export function qualifiedResource(mapping: Mapping): string {
  return mapping.group === '' ? mapping.resource : `${mapping.resource}.${mapping.group}`;
}

/** `pod`, `deployment.apps`: the kind in lower case with its group, as results name objects. */
export function qualifiedKind(mapping: Mapping): string {
  const kind = mapping.kind.toLowerCase();
  return mapping.group === '' ? kind : `${kind}.${mapping.group}`;
}
