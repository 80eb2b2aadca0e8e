import { note } from '../context.ts';
import { requestHeader } from '../headers.ts';
import { type HttpStream, localReply, type Response } from '../http/stream.ts';
import { queryParameters, routeMatches } from '../match/route.ts';
import type { RouteMatch } from '../xds/types.ts';
import type { HttpFilterFactory } from './filter.ts';
import { type Jwt, parseJwt, parseKeys, verifySignature } from './jwt-verify.ts';

interface Provider {
  issuer?: string;
  audiences?: string[];
  localJwks?: { inlineString?: string };
  forward?: boolean;
  fromHeaders?: { name: string; valuePrefix?: string }[];
  fromParams?: string[];
  fromCookies?: string[];
  forwardPayloadHeader?: string;
  payloadInMetadata?: string;
  normalizePayloadInMetadata?: { spaceDelimitedClaims?: string[] };
  claimToHeaders?: { headerName: string; claimName: string }[];
  clearRouteCache?: boolean;
}

interface Requirement {
  providerName?: string;
  requiresAny?: { requirements: Requirement[] };
  requiresAll?: { requirements: Requirement[] };
  allowMissing?: object;
  allowMissingOrFailed?: object;
}

const metadataNamespace = 'envoy.filters.http.jwt_authn';
const missing = 'Jwt is missing';
const wrongAudience = 'Audiences in Jwt are not allowed';
/** Seconds that clocks may differ. */
const clockSkew = 60;

/** envoy.filters.http.jwt_authn with local keys; istiod fetches remote ones. */
export const jwtAuthn: HttpFilterFactory = (config) => {
  const providers = (config.providers ?? {}) as Record<string, Provider>;
  const rules = (config.rules ?? []) as { match: RouteMatch; requires?: Requirement }[];
  for (const [name, provider] of Object.entries(providers)) {
    if (!provider.localJwks) throw new Error(`jwt_authn: provider ${name} has no local JWKS`);
  }
  return {
    onRequest(stream) {
      const { head, context } = stream;
      if (config.bypassCorsPreflight && isPreflight(stream)) return undefined;
      const input = {
        path: head.path,
        method: head.method,
        header: (name: string) => requestHeader(head, name),
        dynamicMetadata: {},
        random: () => context.kernel.random.float(),
      };
      const rule = rules.find(({ match }) => routeMatches(match, input));
      const problem = rule?.requires && check(rule.requires, providers, stream);
      if (problem === undefined) return undefined;
      note(context, stream.trace, 'http-filter', 'jwt-denied', { reason: problem });
      return deny(stream, problem);
    },
  };
};

function isPreflight({ head }: HttpStream): boolean {
  const { headers } = head;
  return head.method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method');
}

/** What is wrong, or undefined where the requirement is met. */
function check(requirement: Requirement, providers: Record<string, Provider>, stream: HttpStream): string | undefined {
  if (requirement.requiresAny) {
    let problem: string | undefined;
    for (const option of requirement.requiresAny.requirements) {
      const found = check(option, providers, stream);
      if (found === undefined) return undefined;
      // A token that is there and bad says more than one that is not.
      if (problem === undefined || problem === missing) problem = found;
    }
    return problem;
  }
  if (requirement.requiresAll) {
    for (const part of requirement.requiresAll.requirements) {
      const problem = check(part, providers, stream);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (requirement.allowMissingOrFailed) return undefined;
  if (requirement.allowMissing) {
    const bad = Object.values(providers).flatMap((provider) => tokensOf(provider, stream)).length > 0;
    return bad ? missing : undefined;
  }
  const provider = providers[requirement.providerName ?? ''];
  return provider ? checkProvider(provider, stream) : undefined;
}

interface FoundToken {
  token: string;
  /** Takes it out of the request. */
  remove: () => void;
}

function tokensOf(provider: Provider, { head }: HttpStream): FoundToken[] {
  const named = provider.fromHeaders || provider.fromParams || provider.fromCookies;
  const fromHeaders = provider.fromHeaders ?? (named ? [] : [{ name: 'Authorization', valuePrefix: 'Bearer ' }]);
  const fromParams = provider.fromParams ?? (named ? [] : ['access_token']);
  const tokens: FoundToken[] = [];
  for (const { name, valuePrefix = '' } of fromHeaders) {
    const value = head.headers.get(name.toLowerCase());
    const start = value?.indexOf(valuePrefix) ?? -1;
    if (value === undefined || start < 0) continue;
    const token = value.slice(start + valuePrefix.length).trim();
    tokens.push({ token, remove: () => head.headers.remove(name.toLowerCase()) });
  }
  const parameters = queryParameters(head.path);
  for (const name of fromParams) {
    const token = parameters.get(name);
    if (token !== undefined) tokens.push({ token, remove: () => {} });
  }
  for (const name of provider.fromCookies ?? []) {
    const token = new RegExp(`(?:^|;\\s*)${name}=([^;]*)`).exec(head.headers.get('cookie') ?? '')?.[1];
    if (token !== undefined) tokens.push({ token, remove: () => {} });
  }
  return tokens;
}

function checkProvider(provider: Provider, stream: HttpStream): string | undefined {
  const tokens = tokensOf(provider, stream);
  if (tokens.length === 0) return missing;
  for (const { token, remove } of tokens) {
    const jwt = parseJwt(token);
    if (typeof jwt === 'string') return jwt;
    const problem = checkToken(provider, jwt, stream.context.kernel.now() / 1000);
    if (problem !== undefined) return problem;
    if (!provider.forward) remove();
    accept(provider, jwt, stream);
  }
  return undefined;
}

function checkToken(provider: Provider, jwt: Jwt, now: number): string | undefined {
  const { iss, nbf, exp, aud } = jwt.claims;
  if (provider.issuer && iss !== provider.issuer) return 'Jwt issuer is not configured';
  if (typeof nbf === 'number' && nbf > now + clockSkew) return 'Jwt not yet valid';
  if (typeof exp === 'number' && exp < now - clockSkew) return 'Jwt is expired';
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (provider.audiences && !provider.audiences.some((audience) => audiences.includes(audience))) return wrongAudience;
  const keys = parseKeys(provider.localJwks?.inlineString ?? '');
  return keys ? verifySignature(jwt, keys) : "Jwks doesn't have any valid public key";
}

/** Leaves what the token says for filters, routes and the application. */
function accept(provider: Provider, jwt: Jwt, stream: HttpStream): void {
  const { head, info } = stream;
  if (provider.forwardPayloadHeader) head.headers.set(provider.forwardPayloadHeader.toLowerCase(), jwt.payload);
  for (const { headerName, claimName } of provider.claimToHeaders ?? []) {
    const claim = claimName.split('.').reduce<unknown>(member, jwt.claims);
    if (claim !== undefined && (typeof claim !== 'object' || claim === null)) {
      head.headers.add(headerName.toLowerCase(), String(claim));
    }
  }
  if (provider.payloadInMetadata) {
    const claims = { ...jwt.claims };
    for (const name of provider.normalizePayloadInMetadata?.spaceDelimitedClaims ?? []) {
      const value = claims[name];
      if (typeof value === 'string') claims[name] = value.split(' ');
    }
    info.dynamicMetadata[metadataNamespace] = {
      ...info.dynamicMetadata[metadataNamespace],
      [provider.payloadInMetadata]: claims,
    };
  }
  if (provider.clearRouteCache) stream.clearRoute();
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function deny(stream: HttpStream, problem: string): Response {
  const { head } = stream;
  const realm = `Bearer realm="${head.scheme}://${head.authority}${head.path.replace(/\?.*$/, '')}"`;
  const value = problem === missing ? realm : `${realm}, error="invalid_token"`;
  return localReply(stream, problem === wrongAudience ? 403 : 401, problem, {
    details: `jwt_authn_access_denied{${problem}}`,
    headers: [['www-authenticate', value]],
  });
}
