import type { NamedAny } from '../../../envoy/xds/types.ts';
import type { JwtRule } from '../api/policies.ts';

/** A key set nothing can be verified with: what istiod writes where it cannot fetch `jwksUri`. */
const unreachableKeys = '{ "keys":[ {"e":"AQAB","kid":"unknown","kty":"RSA","n":""}]}';

/** The jwt_authn filter: a request may come without a token, but not with a bad one (security/authn/policy_applier.go). */
export function jwtFilter(
  rules: readonly JwtRule[],
  options: { clearRouteCache: boolean; fetchKeys?: (uri: string) => string | undefined },
): NamedAny | undefined {
  if (rules.length === 0) return undefined;
  const names = rules.map((_, index) => `origins-${index}`);
  const optional = names.map((providerName) => ({
    requiresAny: { requirements: [{ providerName }, { allowMissing: {} }] },
  }));
  const requires =
    optional.length === 1
      ? optional[0]
      : {
          requiresAny: {
            requirements: [
              ...names.map((providerName) => ({ providerName })),
              { requiresAll: { requirements: optional } },
            ],
          },
        };
  return {
    name: 'envoy.filters.http.jwt_authn',
    typedConfig: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication',
      providers: Object.fromEntries(rules.map((rule, index) => [`origins-${index}`, provider(rule, options)])),
      rules: [{ match: { prefix: '/' }, requires }],
      bypassCorsPreflight: true,
    },
  };
}

function provider(
  rule: JwtRule,
  options: { clearRouteCache: boolean; fetchKeys?: (uri: string) => string | undefined },
): Record<string, unknown> {
  const keys = rule.jwks || (rule.jwksUri && options.fetchKeys?.(rule.jwksUri)) || unreachableKeys;
  const list = <T>(name: string, items: readonly T[] | undefined) => (items?.length ? { [name]: items } : {});
  return {
    ...(rule.issuer ? { issuer: rule.issuer } : {}),
    ...list('audiences', rule.audiences),
    localJwks: { inlineString: keys },
    ...(rule.forwardOriginalToken ? { forward: true } : {}),
    ...list(
      'fromHeaders',
      rule.fromHeaders?.map(({ name, prefix }) => ({ name, ...(prefix ? { valuePrefix: prefix } : {}) })),
    ),
    ...list('fromParams', rule.fromParams),
    ...list('fromCookies', rule.fromCookies),
    ...(rule.outputPayloadToHeader ? { forwardPayloadHeader: rule.outputPayloadToHeader } : {}),
    payloadInMetadata: 'payload',
    normalizePayloadInMetadata: { spaceDelimitedClaims: spaceDelimited(rule) },
    ...list(
      'claimToHeaders',
      rule.outputClaimToHeaders?.map(({ header, claim }) => ({ headerName: header, claimName: claim })),
    ),
    ...(options.clearRouteCache ? { clearRouteCache: true } : {}),
  };
}

function spaceDelimited({ spaceDelimitedClaims }: JwtRule): string[] {
  return [...new Set(['permission', 'scope', ...(spaceDelimitedClaims ?? [])])].sort();
}
