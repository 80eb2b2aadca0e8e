import type { JsonObject } from '../../kernel/json.ts';
import { Findings } from './findings.ts';
import { durationProblem, quote } from './names.ts';
import { policySelector, targetFindings } from './policy.ts';
import { type IstioObject, isRecord, labelsOf, numberOf, objectsOf, recordOf, textOf, textsOf } from './spec.ts';

/** PeerAuthentication (upstream ValidatePeerAuthentication). */
export function validatePeerAuthentication({ spec }: IstioObject): Findings {
  const findings = new Findings();
  const ports = Object.keys(recordOf(spec.portLevelMtls));
  const labels = labelsOf(recordOf(spec.selector).matchLabels);
  if (Object.keys(labels).length === 0 && ports.length > 0) {
    findings.error('mesh/namespace peer authentication cannot have port level mTLS');
  }
  for (const port of ports) {
    if (numberOf(port) <= 0 || numberOf(port) > 65535) findings.error('port must be in range 1..65535');
  }
  return findings.add(policySelector(spec.selector));
}

/** RequestAuthentication (upstream ValidateRequestAuthentication). */
export function validateRequestAuthentication({ spec }: IstioObject): Findings {
  const findings = targetFindings(spec);
  for (const rule of objectsOf(spec.jwtRules)) findings.add(jwtRule(rule)).add(privateKeys(textOf(rule.jwks)));
  return findings;
}

function jwtRule(rule: JsonObject): Findings {
  const findings = new Findings();
  const list = (wrong: boolean, message: string) => wrong && findings.listed(message);
  for (const audience of textsOf(rule.audiences)) list(audience === '', 'audience must be non-empty string');
  list(!rule.issuer && !rule.jwksUri, 'issuer or jwksUri must be non-empty string');
  const uri = rule.jwksUri ? jwksUriProblem(textOf(rule.jwksUri)) : undefined;
  if (uri) findings.listed(uri);
  const keys = rule.jwks ? keySetProblem(textOf(rule.jwks)) : undefined;
  if (keys) findings.listed(`jwks parse error: ${keys}`);
  for (const { name } of objectsOf(rule.fromHeaders)) list(!name, 'location header name must be non-empty string');
  for (const name of textsOf(rule.fromParams)) list(name === '', 'location query must be non-empty string');
  for (const name of textsOf(rule.fromCookies)) list(name === '', 'cookie name must be non-empty string');
  for (const { claim, header } of objectsOf(rule.outputClaimToHeaders)) {
    if (!claim || !header) {
      findings.listed('outputClaimToHeaders header and claim value must be non-empty string');
    } else list(!/^[-_A-Za-z0-9]+$/.test(String(header)), `header name ${String(header)} is not a valid header name`);
  }
  const timeout = rule.timeout === undefined ? undefined : durationProblem(textOf(rule.timeout));
  if (timeout) findings.listed(timeout);
  return findings;
}

function jwksUriProblem(uri: string): string | undefined {
  const port = /^\w+:\/\/[^/?#]*:([^/?#\]]*)(?:[/?#]|$)/.exec(uri)?.[1];
  if (port !== undefined && !/^\d*$/.test(port)) {
    return `parse ${quote(uri)}: invalid port ${quote(`:${port}`)} after host`;
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(uri)?.[1]?.toLowerCase() ?? '';
  return scheme === 'http' || scheme === 'https' ? undefined : `URI scheme ${quote(scheme)} is not supported`;
}

const privateFields: Record<string, string> = { RSA: 'd', EC: 'd', OKP: 'd', oct: 'k' };

function privateKeys(text: string): Findings {
  const findings = new Findings();
  const set = readKeySet(text);
  const keys = Array.isArray(set?.keys) ? objectsOf(set.keys) : set ? [set] : [];
  for (const [index, key] of keys.entries()) {
    const field = privateFields[textOf(key.kty)];
    if (field && key[field]) {
      findings.warn(
        `jwks key at index ${index} contains private key material; only public keys are used for verification`,
      );
    }
  }
  return findings;
}

function readKeySet(text: string): JsonObject | undefined {
  try {
    const set: unknown = JSON.parse(text);
    return isRecord(set) ? set : undefined;
  } catch {
    return undefined;
  }
}

function keySetProblem(text: string): string | undefined {
  if (readKeySet(text)) return undefined;
  return `failed to unmarshal JWK set: ${firstFlaw(text.trim())}`;
}

/** encoding/json's words for a text that does not even begin as an object. */
function firstFlaw(text: string): string {
  const first = text[0];
  const literal = ['true', 'false', 'null'].find((word) => word[0] === first);
  if (literal) {
    for (let at = 1; at < literal.length; at++) {
      if (text[at] === undefined) return 'unexpected end of JSON input';
      if (text[at] !== literal[at]) {
        return `invalid character ${quoteCharacter(text[at] as string)} in literal ${literal} (expecting '${literal[at]}')`;
      }
    }
  }
  if (first === undefined || '{["-0123456789'.includes(first)) return 'unexpected end of JSON input';
  return `invalid character ${quoteCharacter(first)} looking for beginning of value`;
}

function quoteCharacter(character: string): string {
  if (character === "'") return `'\\''`;
  return character === '"' ? `'"'` : `'${JSON.stringify(character).slice(1, -1)}'`;
}
