import type { JsonObject } from '../../kernel/json.ts';
import { Findings } from './findings.ts';
import { policySelector, targetFindings } from './policy.ts';
import { type IstioObject, isRecord, numberOf, objectsOf, textOf } from './spec.ts';

/** WasmPlugin (upstream ValidateWasmPlugin). */
export function validateWasmPlugin({ spec }: IstioObject): Findings {
  const findings = targetFindings(spec).add(wasmFindings(spec, 255));
  return findings.error(matchProblem(objectsOf(spec.match)));
}

/** TrafficExtension (upstream ValidateTrafficExtension). */
export function validateTrafficExtension({ spec }: IstioObject): Findings {
  const { wasm, lua } = spec;
  const findings = new Findings();
  if (isRecord(wasm) === isRecord(lua)) findings.error('exactly one of wasm or lua must be set');
  findings.add(targetFindings(spec));
  if (isRecord(lua)) {
    const length = textOf(lua.inlineCode).length;
    if (length === 0) findings.error('lua.inlineCode cannot be empty');
    else if (length > 65536) findings.error('lua.inlineCode exceeds maximum size of 64KB');
  }
  if (isRecord(wasm)) findings.add(wasmFindings(wasm, 256));
  return findings.error(matchProblem(objectsOf(spec.match)));
}

/** ProxyConfig (upstream ValidateProxyConfig). */
export function validateProxyConfig({ spec }: IstioObject): Findings {
  const findings = policySelector(spec.selector);
  if (numberOf(spec.concurrency) < 0) findings.error('concurrency must be greater than or equal to 0');
  return findings;
}

/** `saidLength`: how long upstream says that a name may be, which differs from what it checks. */
function wasmFindings(wasm: JsonObject, saidLength: number): Findings {
  const findings = new Findings();
  const url = textOf(wasm.url);
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase() ?? '';
  if (url === '') findings.error('url field needs to be set');
  else if (!['', 'file', 'http', 'https', 'oci'].includes(scheme)) {
    findings.error(`url contains unsupported scheme: ${scheme}`);
  }
  const sha = textOf(wasm.sha256);
  if (sha !== '' && sha.length !== 64) findings.error('sha256 field must be 64 characters long');
  else if (/[^a-f0-9]/.test(sha)) findings.error('sha256 field must match [a-f0-9]{64} pattern');
  if (textOf(wasm.imagePullSecret).length > 253) {
    findings.error('imagePullSecret field must be less than 253 characters long');
  }
  if (textOf(wasm.pluginName).length > 256) {
    findings.error(`pluginName field must be less than ${saidLength} characters long`);
  }
  return isRecord(wasm.vmConfig) ? findings.error(environmentProblem(objectsOf(wasm.vmConfig.env))) : findings;
}

function environmentProblem(environment: readonly JsonObject[]): string | undefined {
  const names = new Set<string>();
  for (const { name: given, valueFrom, value } of environment) {
    const name = textOf(given);
    if (name === '') return 'spec.vmConfig.env invalid';
    if (name.length > 256) return 'env.name field must be less than 255 characters long';
    if (names.has(name)) return 'duplicate env';
    names.add(name);
    if (!['', 'INLINE'].includes(textOf(valueFrom)) && value) return 'value may only be set when valueFrom is INLINE';
  }
  return undefined;
}

function matchProblem(selectors: readonly JsonObject[]): string | undefined {
  for (const [index, { ports }] of selectors.entries()) {
    for (const [at, port] of objectsOf(ports).entries()) {
      const number = numberOf(port.number);
      if (number <= 0 || number > 65535) return `spec.Match[${index}].Ports[${at}] is out of range: ${number}`;
    }
  }
  return undefined;
}
