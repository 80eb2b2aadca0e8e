import type { AuthorizationRule } from '../api/policies.ts';

const defaultDomain = 'cluster.local';

/**
 * A rule whose principals and trust domains stand for the aliases of the mesh's trust domain, too; `cluster.local` always means
 * the mesh's own (security/trustdomain). `domains`: the mesh's trust domain, then its aliases.
 */
export function withAliases(rule: AuthorizationRule, domains: readonly string[]): AuthorizationRule {
  const principals = (values: readonly string[]) => values.flatMap((value) => principalAliases(value, domains));
  const trusted = (values: readonly string[]) => [
    ...new Set(values.flatMap((value) => (domains.includes(value) ? domains : [value]))),
  ];
  const change = <T extends object>(target: T, names: readonly (keyof T)[], by: (values: string[]) => string[]): T => {
    const changed = { ...target };
    for (const name of names) {
      const values = target[name];
      if (Array.isArray(values)) Object.assign(changed, { [name]: by(values) });
    }
    return changed;
  };
  return {
    ...rule,
    ...(rule.from && {
      from: rule.from.map(({ source, ...rest }) => ({
        ...rest,
        ...(source && {
          source: change(
            change(source, ['principals', 'notPrincipals'], principals),
            ['trustDomains', 'notTrustDomains'],
            trusted,
          ),
        }),
      })),
    }),
    ...(rule.when && {
      when: rule.when.map((condition) => {
        if (condition.key === 'source.principal') return change(condition, ['values', 'notValues'], principals);
        if (condition.key === 'source.trustDomain') return change(condition, ['values', 'notValues'], trusted);
        return condition;
      }),
    }),
  };
}

function principalAliases(principal: string, domains: readonly string[]): string[] {
  const [domain = '', ...rest] = principal.split('/');
  if (rest.length !== 4 || domain === '*') return [principal];
  if (domain !== defaultDomain && !domains.some((each) => overlaps(domain, each))) return [principal];
  const replaced = domains.map((each) => (hasSuffix(each, domain) ? principal : [each, ...rest].join('/')));
  return [...new Set(replaced)];
}

/** Whether two patterns, with a star in front or at the end, can mean the same. */
function overlaps(a: string, b: string): boolean {
  return a === b || b === '*' || hasPrefix(a, b) || hasPrefix(b, a) || hasSuffix(a, b) || hasSuffix(b, a);
}

function hasPrefix(text: string, pattern: string): boolean {
  return pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1));
}

function hasSuffix(text: string, pattern: string): boolean {
  return pattern.startsWith('*') && text.endsWith(pattern.slice(1));
}
