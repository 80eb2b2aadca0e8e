import { parseAllDocuments } from 'yaml';
import type { JsonObject } from '../../kernel/json.ts';
import type { IstioRelease } from '../../releases/types.ts';
import { getPath, getString, isObject, mergeFrom, SetFlagError, setPath, setSpecPath } from './values-map.ts';

/** A refusal in istioctl's words, without `Error: `. */
export class InstallError extends Error {
  override name = 'InstallError';
}

/** What `istioctl install` and `manifest generate` are told. */
export interface OperatorInputs {
  /** The texts of the files given by `-f`, in order. */
  files?: readonly string[];
  /** The values of `--set`, in order. */
  set?: readonly string[];
}

/**
 * One IstioOperator of profile, files and flags, with hub, tag, revision and meshConfig moved into `spec.values` where the
 * charts look for them (upstream operator/pkg/render/manifest.go, MergeInputs). Precedence: default < profile < files < flags.
 */
export function mergeInputs(release: IstioRelease, inputs: OperatorInputs): JsonObject {
  const user: JsonObject = {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    metadata: {},
    spec: {},
  };
  for (const text of inputs.files ?? []) mergeFrom(user, parseOperatorFile(text));
  try {
    for (const flag of inputs.set ?? []) setSpecPath(user, flag);
  } catch (error) {
    if (error instanceof SetFlagError) throw new InstallError(`merge inputs: ${error.message}`);
    throw error;
  }
  const merged = readProfile(release, getString(user, 'spec.profile') || 'default');
  const userValues = getPath(user, 'spec.values');
  mergeFrom(merged, user);
  moveIntoValues(merged);
  if (isObject(userValues)) mergeFrom(merged, { spec: { values: userValues } });
  return merged;
}

function readProfile(release: IstioRelease, name: string): JsonObject {
  const profile = release.operatorProfiles[name];
  if (!profile) {
    throw new InstallError(
      `merge inputs: profile ${JSON.stringify(name)} not found: open profiles/${name}.yaml: file does not exist`,
    );
  }
  const merged = structuredClone(release.operatorProfiles.default as JsonObject);
  return name === 'default' ? merged : mergeFrom(merged, profile);
}

function parseOperatorFile(text: string): JsonObject {
  const objects: JsonObject[] = [];
  for (const document of parseAllDocuments(text)) {
    if (!('toJS' in document)) continue;
    const error = document.errors[0];
    if (error) {
      const line = error.linePos?.[0]?.line ?? 1;
      throw new InstallError(
        `merge inputs: unable to parse file: error converting YAML to JSON: yaml: line ${line}: ${error.code}`,
      );
    }
    const value: unknown = document.toJS();
    if (value === null || value === undefined) continue;
    if (!isObject(value)) {
      throw new InstallError(
        'merge inputs: unable to parse file: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ' +
          `${typeof value} into Go value of type map[string]interface {}`,
      );
    }
    if (typeof value.kind !== 'string' || value.kind === '') {
      throw new InstallError(
        'merge inputs: unable to parse file: error unmarshaling JSON: while decoding JSON: ' +
          `Object 'Kind' is missing in '${goJson(value)}'`,
      );
    }
    objects.push(value);
  }
  if (objects.length > 1) {
    throw new InstallError('merge inputs: contains multiple IstioOperator CRs, only one per file is supported');
  }
  const object = objects[0] ?? {};
  if (object.spec === null) delete object.spec;
  return object;
}

/** `json.Marshal` of Go: keys sorted, no blanks. */
function goJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${goJson(value[key])}`).join(',')}}`;
}

function moveIntoValues(merged: JsonObject): void {
  for (const [from, to] of [
    ['hub', 'global.hub'],
    ['tag', 'global.tag'],
    ['revision', 'revision'],
    ['compatibilityVersion', 'compatibilityVersion'],
  ]) {
    const value = getPath(merged, `spec.${from}`);
    if (value !== undefined && value !== null) setPath(merged, `spec.values.${to}`, value);
  }
  const meshConfig = getPath(merged, 'spec.meshConfig');
  if (isObject(meshConfig)) mergeFrom(merged, { spec: { values: { meshConfig } } });
  setPath(merged, 'spec.values.pilot.enabled', getPath(merged, 'spec.components.pilot.enabled') === true);
  setPath(merged, 'spec.values.pilot.cni.enabled', getPath(merged, 'spec.components.cni.enabled') === true);
  const namespace = getString(merged, 'spec.values.global.istioNamespace');
  if (namespace) setPath(merged, 'metadata.namespace', namespace);
}
