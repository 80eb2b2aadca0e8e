import type { Json, JsonObject } from '../../kernel/json.ts';
import type { IstioRelease } from '../../releases/types.ts';
import { InstallError } from './operator.ts';
import { getObject, getPath, getString, isObject } from './values-map.ts';

const operatorFields = ['apiVersion', 'kind', 'metadata', 'spec'];
const specFields = [
  'profile',
  'installPackagePath',
  'hub',
  'tag',
  'namespace',
  'revision',
  'compatibilityVersion',
  'meshConfig',
  'components',
  'values',
  'unvalidatedValues',
];
const componentsFields = ['base', 'pilot', 'cni', 'ztunnel', 'istiodRemote', 'ingressGateways', 'egressGateways'];
const componentFields = ['enabled', 'namespace', 'hub', 'tag', 'k8s'];
const gatewayFields = [...componentFields, 'name', 'label'];
const kubernetesFields = [
  'affinity',
  'env',
  'hpaSpec',
  'imagePullPolicy',
  'nodeSelector',
  'podDisruptionBudget',
  'podAnnotations',
  'priorityClassName',
  'readinessProbe',
  'replicaCount',
  'resources',
  'service',
  'strategy',
  'tolerations',
  'serviceAnnotations',
  'securityContext',
  'volumes',
  'volumeMounts',
  'overlays',
];

/**
 * Refuses an IstioOperator that upstream's operator/pkg/apis/validation refuses: unknown fields, wrong types, bad addresses and
 * ports. An unknown field of meshConfig is let through, as there.
 */
export function checkOperator(release: IstioRelease, operator: JsonObject): void {
  checkFields(operator, operatorFields);
  checkFields(getObject(operator, 'spec'), specFields);
  checkComponents(getObject(operator, 'spec.components'));
  checkValues(release, getObject(operator, 'spec.values'));
  const revision = getString(operator, 'spec.revision');
  if (revision && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(revision)) {
    throw new InstallError(`invalid revision specified: ${revision}`);
  }
}

function checkFields(object: JsonObject, known: readonly string[]): void {
  for (const key of Object.keys(object).sort()) {
    if (!known.includes(key)) throw new InstallError(`could not unmarshal: json: unknown field ${JSON.stringify(key)}`);
  }
}

function checkComponents(components: JsonObject): void {
  checkFields(components, componentsFields);
  for (const [name, component] of Object.entries(components)) {
    const gateways = name === 'ingressGateways' || name === 'egressGateways';
    for (const one of gateways && Array.isArray(component) ? component : [component]) {
      if (!isObject(one)) continue;
      checkFields(one, gateways ? gatewayFields : componentFields);
      if (one.enabled !== undefined && typeof one.enabled !== 'boolean') {
        const found = typeof one.enabled === 'object' ? 'object' : typeof one.enabled;
        throw new InstallError(`could not unmarshal: json: cannot unmarshal ${found} into Go value of type bool`);
      }
      if (isObject(one.k8s)) checkFields(one.k8s, kubernetesFields);
      if (gateways) checkGatewayPorts(one);
    }
  }
}

/** A port below 1024 in the pod needs root, which gateways are not. */
function checkGatewayPorts(gateway: JsonObject): void {
  const ports = getPath(gateway, 'k8s.service.ports');
  for (const port of Array.isArray(ports) ? ports : []) {
    if (!isObject(port) || typeof port.targetPort === 'string') continue;
    const target = typeof port.targetPort === 'number' ? port.targetPort : 0;
    const number = typeof port.port === 'number' ? port.port : 0;
    if (target >= 1024 || (target === 0 && number > 1024)) continue;
    const name = typeof gateway.name === 'string' ? gateway.name : '';
    throw new InstallError(
      `port ${String(port.name ?? '')}/${number} in gateway ${name} invalid: targetPort is set to ${target}, which requires root. ` +
        `Set targetPort to be greater than 1024 or configure values.gateways.${name}.runAsRoot=true`,
    );
  }
}

function checkValues(release: IstioRelease, values: JsonObject): void {
  const decoding = 'could not unmarshal: error unmarshaling JSON: while decoding JSON: ';
  checkMessage(release.valuesSchema, 'Values', values, (problem) => new InstallError(decoding + problem));
  for (const field of ['includeIPRanges', 'excludeIPRanges']) {
    const ranges = getString(values, `global.proxy.${field}`);
    if (ranges === '' || ranges === '*') continue;
    for (const range of ranges.split(',')) {
      const problem = cidrProblem(range);
      if (problem) throw new InstallError(`global.proxy.${field} ${problem}`);
    }
  }
  for (const field of ['includeInboundPorts', 'excludeInboundPorts']) {
    for (const port of getString(values, `global.proxy.${field}`).split(',')) {
      if (port === '' || port === '*') continue;
      const path = `global.proxy.${field}`;
      if (!/^[+-]?\d+$/.test(port)) {
        throw new InstallError(`${path} : strconv.ParseInt: parsing ${JSON.stringify(port)}: invalid syntax`);
      }
      if (Number(port) < 0 || Number(port) > 65535) {
        throw new InstallError(`value ${path}:${port} falls outside range [0, 65535]`);
      }
    }
  }
}

/** What netip.ParsePrefix of Go says, or undefined if `text` is a prefix. */
function cidrProblem(text: string): string | undefined {
  const quoted = JSON.stringify(text);
  const slash = text.lastIndexOf('/');
  if (slash < 0) return `netip.ParsePrefix(${quoted}): no '/'`;
  const address = text.slice(0, slash);
  const bits = text.slice(slash + 1);
  const four = /^\d{1,3}(\.\d{1,3}){3}$/.test(address) && address.split('.').every((part) => Number(part) <= 255);
  const six = address.includes(':') && /^[0-9a-fA-F:.]+$/.test(address);
  if (!four && !six) {
    return `netip.ParsePrefix(${quoted}): ParseAddr(${JSON.stringify(address)}): unable to parse IP`;
  }
  if (!/^\d+$/.test(bits)) return `netip.ParsePrefix(${quoted}): bad bits after slash: ${JSON.stringify(bits)}`;
  if (Number(bits) > (four ? 32 : 128)) return `netip.ParsePrefix(${quoted}): prefix length out of range`;
  return undefined;
}

type Schema = Record<string, Record<string, string>>;

function checkMessage(schema: Schema, message: string, value: JsonObject, fail: (problem: string) => Error): void {
  const fields = schema[message] ?? {};
  for (const key of Object.keys(value).sort()) {
    const type = fields[key];
    if (type === undefined) throw fail(`unknown field ${JSON.stringify(key)} in istio.operator.v1alpha1.${message}`);
    checkField(schema, type, value[key] as Json, fail);
  }
}

function checkField(schema: Schema, type: string, value: Json, fail: (problem: string) => Error): void {
  if (value === null || type === 'any') return;
  if (type.startsWith('[]')) {
    if (!Array.isArray(value))
      throw fail(`json: cannot unmarshal ${jsonType(value)} into Go value of type []json.RawMessage`);
    for (const item of value) checkField(schema, type.slice(2), item, fail);
    return;
  }
  const wanted = { string: 'string', bool: 'bool', number: 'number' }[type];
  if (wanted) {
    const fits =
      wanted === jsonType(value) ||
      (wanted === 'number' && typeof value === 'string' && value !== '' && !Number.isNaN(Number(value)));
    if (!fits)
      throw fail(
        `json: cannot unmarshal ${jsonType(value)} into Go value of type ${wanted === 'number' ? 'uint32' : wanted}`,
      );
    return;
  }
  if (!isObject(value)) {
    throw fail(`json: cannot unmarshal ${jsonType(value)} into Go value of type map[string]json.RawMessage`);
  }
  if (schema[type]) checkMessage(schema, type, value, fail);
}

function jsonType(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
}
