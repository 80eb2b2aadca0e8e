import type { JwtRule, RequestAuthentication } from '../api/policies.ts';
import { type Config, compareText, groupBy, listConfigs, type ObjectSource } from '../model/config.ts';
import type { Labels } from '../model/labels.ts';
import { attaches } from './attachment.ts';

export class RequestAuthentications {
  readonly #byNamespace: Map<string, Config<RequestAuthentication>[]>;
  readonly #rootNamespace: string;

  constructor(source: ObjectSource, rootNamespace: string) {
    this.#rootNamespace = rootNamespace;
    this.#byNamespace = groupBy(
      listConfigs<RequestAuthentication>(source, 'RequestAuthentication'),
      ({ namespace }) => namespace,
    );
  }

  /** Rules of all policies for a workload, by issuer. */
  rulesFor(workload: { namespace: string; labels: Labels }): JwtRule[] {
    const namespaces = [...new Set([workload.namespace, this.#rootNamespace])];
    return namespaces
      .flatMap((namespace) => this.#byNamespace.get(namespace) ?? [])
      .filter(({ spec, namespace }) => attaches(spec, namespace, workload))
      .flatMap(({ spec }) => spec.jwtRules ?? [])
      .sort((a, b) => compareText(a.issuer ?? '', b.issuer ?? ''));
  }
}
