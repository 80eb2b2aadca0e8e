import { canonicalService } from '../../istio/pilot/model/labels.ts';
import { parseProtocol } from '../../istio/pilot/model/protocol.ts';
import { typeProblem, unknownField } from '../../istio/validate/decode.ts';
import { labelsOf, objectsOf, recordOf, textOf } from '../../istio/validate/spec.ts';
import { objectFindings, validatedKinds } from '../../istio/validate/validate.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { goQuote } from '../kubectl/flags.ts';
import { readYaml, YamlSyntaxError } from '../kubectl/yaml-read.ts';
import type { Command, Istioctl } from './command.ts';
import { IstioctlError, UsageError } from './errors.ts';
import { filesAt, isManifest, statProblem } from './manifest-files.ts';
import { multierror } from './multierror.ts';

const requirements = 'https://istio.io/v1.30/docs/ops/deployment/requirements/';
const protocolSelection = 'https://istio.io/v1.30/docs/ops/configuration/traffic-management/protocol-selection/';

/** `istioctl validate`. All it says goes to standard error. */
export const validateCommand: Command = {
  name: 'validate',
  aliases: ['v'],
  use: '-f FILENAME [options]',
  short: 'Validate Istio policy and rules files',
  flags: [
    { name: 'filename', short: 'f', kind: 'slice', usage: 'Inputs of files to validate' },
    { name: 'referential', short: 'x', kind: 'bool', default: 'true', hidden: true, usage: '' },
  ],
  run,
};

interface Findings {
  errors: string[];
  warnings: string[];
}

async function run(ctl: Istioctl): Promise<number> {
  const [extra] = ctl.args;
  if (extra !== undefined) throw new UsageError(`unknown command ${goQuote(extra)} for ${goQuote(ctl.path)}`);
  const names = ctl.flags.list('filename');
  if (names.length === 0) {
    const examples = "Example resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'";
    throw new IstioctlError(`error: you must specify resources by --filename.\n${examples}`);
  }
  const errors: string[] = [];
  const warnings = new Map<string, string[]>();
  for (const name of names) {
    for (const path of await pathsOf(ctl, name, errors)) {
      const found = await validateFile(ctl, path);
      errors.push(...found.errors);
      warnings.set(path, found.warnings);
    }
  }
  for (const [path, found] of warnings) await report(ctl, path, found, errors.length > 0);
  if (errors.length > 0) throw new IstioctlError(multierror(errors));
  return 0;
}

async function pathsOf(ctl: Istioctl, name: string, errors: string[]): Promise<string[]> {
  if (name === '-') return [name];
  try {
    const { paths, directory } = filesAt(ctl, name);
    return directory ? paths.filter(isManifest) : paths;
  } catch (error) {
    errors.push(`cannot stat file ${goQuote(name)}: ${statProblem(name, error)}`);
    return [];
  }
}

async function report(ctl: Istioctl, path: string, warnings: readonly string[], failed: boolean): Promise<void> {
  const list = `\n\t${warnings.map((warning) => `* ${warning}`).join('\n\t')}\n`;
  if (warnings.length > 0) await ctl.err(path === '-' ? list : `${goQuote(path)} has warnings: ${list}\n`);
  else if (!failed) await ctl.err(path === '-' ? 'validation succeed\n' : `${goQuote(path)} is valid\n`);
}

async function validateFile(ctl: Istioctl, path: string): Promise<Findings> {
  const found: Findings = { errors: [], warnings: [] };
  for (const text of (await ctl.readFile(path)).split(/^---.*$/m)) {
    let object: unknown;
    try {
      object = readYaml(text);
    } catch (error) {
      if (!(error instanceof YamlSyntaxError)) throw error;
      const problem = `error converting YAML to JSON: yaml: ${error.message}`;
      found.errors.push(`failed to decode file ${path}:  ${problem}`);
      continue;
    }
    if (object === null || object === undefined) continue;
    const whole = recordOf(object);
    const { namespace, name } = recordOf(whole.metadata);
    const prefix = `${textOf(whole.kind)}/${textOf(namespace)}/${textOf(name)}:`;
    const { errors, warnings } = await validateResource(ctl, whole);
    found.errors.push(...errors.map((error) => `${prefix} ${error}`));
    found.warnings.push(...warnings.map((warning) => `${prefix} ${warning}`));
  }
  return found;
}

const topFields = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

async function validateResource(ctl: Istioctl, object: JsonObject): Promise<Findings> {
  const [kind, apiVersion] = [textOf(object.kind), textOf(object.apiVersion)];
  if (validatedKinds.includes(kind) && /^[a-z]+\.istio\.io\//.test(apiVersion)) {
    const unknown = typeProblem(object) ?? unknownField(object);
    if (unknown !== undefined) return failure(`cannot parse proto message: ${unknown}`);
    const extra = Object.keys(object).filter((field) => !topFields.includes(field));
    if (extra.length > 0) return failure(...extra.map((field) => `unknown field ${goQuote(field)}`));
    return objectFindings(object, ctl.namespace);
  }
  const items = kind === 'List' ? objectsOf(object.items) : [object];
  const errors: string[] = [];
  for (const item of items) {
    if (recordOf(item.metadata).namespace === ctl.istioNamespace) continue;
    if (item.kind === 'Service') errors.push(...portProblems(item));
    if (item.kind === 'Deployment') await warnOfLabels(ctl, item);
  }
  return failure(...errors);
}

const failure = (...errors: string[]): Findings => ({ errors, warnings: [] });

const place = (object: JsonObject, end: string) => {
  const { name, namespace } = recordOf(object.metadata);
  return goQuote(`${textOf(name)}/${textOf(namespace)}${end}`);
};

/** Ports whose protocol Istio cannot tell. */
function portProblems(service: JsonObject): string[] {
  const named = `service ${place(service, '/:')}`;
  const isUnknown = (protocol: string) => parseProtocol(protocol) === 'UnsupportedProtocol';
  return objectsOf(recordOf(service.spec).ports).flatMap(({ name, protocol, appProtocol }) => {
    if (textOf(protocol).toUpperCase() === 'UDP') return [];
    if (appProtocol !== undefined && appProtocol !== null) {
      if (!isUnknown(textOf(appProtocol))) return [];
      return `${named} doesn't follow Istio protocol selection. This is not recommended, See ${protocolSelection}`;
    }
    if (name === undefined || name === null)
      return `${named} has an unnamed port. This is not recommended, See ${requirements}`;
    if (!isUnknown(textOf(name).split('-')[0] as string)) return [];
    return `${named} port ${goQuote(textOf(name))} does not follow the Istio naming convention. See ${requirements}`;
  });
}

/** Telemetry names a workload by its labels. */
async function warnOfLabels(ctl: Istioctl, deployment: JsonObject): Promise<void> {
  const labels = labelsOf(recordOf(recordOf(recordOf(deployment.spec).template).metadata).labels);
  const missing = '\0';
  const { name, revision } = canonicalService(labels, missing);
  const versioned =
    revision !== 'latest' || canonicalService({ ...labels, version: missing }, missing).revision !== missing;
  if (name !== missing && versioned) return;
  const keys = Object.keys(labels).sort();
  const map = `map[${keys.map((key) => `${goQuote(key)}:${goQuote(labels[key] as string)}`).join(' ')}]`;
  const what = `may not provide Istio metrics and telemetry labels: ${map}`;
  await ctl.err(`deployment ${place(deployment, ':')} ${what}. See ${requirements}\n`);
}
