import type { NamedAny } from '../../../envoy/xds/types.ts';
import type { JwtRule } from '../api/policies.ts';

/** Key of which nobody has the private half: what istiod writes where it cannot fetch `jwksUri`. */
const modulus = [
  '0xObjM0UvS_oaazjpEYlAbwctEJ4L8pH3OuTb7qth7gUwqet-EzQB4dgFdvSdMgrLnSncQGRjpEYz3F3viIbH-3EN3TxSlPNviHxeOdyiBVfumN8dMxbLvVJUpfN',
  'OnvmMxJcl-8NNjAwcOjk4otSALaYgYYyOPyvKtgVdrQr-FoubWX4yrjxW-MJ2-7OBeepUUNOsVwGV23YX03sVkkyvY3otRflkBcY3_HKpBxJl9wk2GyOShN4_PNUF',
  '9-vwfnvOXMbCDX-w4PTef4geeb_GiT40YCKHTKMSPVanGRn5GExIWmki-mmqh94-mPTJyBR74ShspL3BxPZitDL574T1w',
].join('');
const unreachableKeys = JSON.stringify({ keys: [{ kty: 'RSA', e: 'AQAB', n: modulus }] }, undefined, 2);

interface JwtOptions {
  clearRouteCache: boolean;
  /** The key set (JSON) at an address, if it can be fetched. */
  fetchKeys: (uri: string) => string | undefined;
}

/** The jwt_authn filter: a request may come without a token, but not with a bad one (security/authn/policy_applier.go). */
export function jwtFilter(rules: readonly JwtRule[], options: JwtOptions): NamedAny | undefined {
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

function provider(rule: JwtRule, options: JwtOptions): Record<string, unknown> {
  const keys = rule.jwks || (rule.jwksUri && options.fetchKeys(rule.jwksUri)) || unreachableKeys;
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
