import {
  allNamespacesFlag,
  type Command,
  fieldSelectorFlag,
  filenameFlags,
  printFlags,
  selectorFlag,
} from './command.ts';
import { isNotFound, KubectlError, StatusError, throwAll } from './errors.ts';
import { goQuote } from './flags.ts';
import { goValue, JsonPath } from './jsonpath/evaluate.ts';
import { JsonPathError } from './jsonpath/parser.ts';
import { relaxedJsonPath } from './jsonpath-printer.ts';
import type { Kubectl } from './kubectl.ts';
import { at, isRecord, type KubeObject, records, text } from './objects.ts';
import { resultPrinter } from './printers.ts';
import { flagsOf, getObject, type Info, select } from './resources.ts';
import { watchObject } from './watch-object.ts';

export const wait: Command = {
  name: 'wait',
  short: 'Wait for a specific condition on one or many resources',
  use: "wait ([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]",
  examples: `# Until a pod is ready
kubectl wait --for=condition=Ready pod/busybox1

# Until a field has a value
kubectl wait --for=jsonpath='{.status.phase}'=Running pod/busybox1

# Until a pod is gone, a minute at most
kubectl wait --for=delete pod/busybox1 --timeout=60s`,
  flags: [
    ...printFlags,
    ...filenameFlags('that names the objects to wait for.'),
    selectorFlag,
    fieldSelectorFlag,
    allNamespacesFlag,
    { name: 'all', kind: 'bool', usage: 'Every object of the kinds in the namespace.' },
    { name: 'for', kind: 'string', usage: 'What to wait for.' },
    {
      name: 'timeout',
      kind: 'duration',
      default: '30s',
      usage: 'How long to wait; 0 checks once, negative is a week.',
    },
    { name: 'local', kind: 'bool', usage: 'Ask no server.' },
  ],
  run: runWait,
};

/** Whether the condition holds; undefined while it may still come. */
type Check = (object: KubeObject) => boolean;

async function runWait(k: Kubectl): Promise<undefined> {
  const print = resultPrinter(k);
  const condition = k.flags.text('for');
  const lower = condition.toLowerCase();
  const check = lower === 'delete' || lower === 'create' ? undefined : checkOf(condition);
  const given = k.flags.duration('timeout');
  const timeout = given < 0 ? 168 * 3_600_000 : given;
  const end = k.now() + timeout;
  if (lower === 'create') await waitForCreation(k, end);
  const selection = await select(k, { ...flagsOf(k), allowEmptySelector: false, latest: false });
  const errors = lower === 'delete' ? selection.errors.filter((error) => !isNotFound(error)) : selection.errors;
  for (const info of selection.infos) {
    try {
      const object =
        lower === 'create'
          ? await getObject(k, info)
          : check
            ? await waitFor(k, info, check, timeout === 0 ? 0 : end - k.now())
            : await waitForDeletion(k, info, timeout === 0 ? 0 : end - k.now());
      k.out(print(object, lower === 'create' ? 'condition met' : 'condition met'));
    } catch (error) {
      if (!(error instanceof StatusError) && !(error instanceof KubectlError)) throw error;
      errors.push(error);
    }
  }
  throwAll(errors);
  if (selection.infos.length === 0 && lower !== 'delete') throw new KubectlError('no matching resources found');
  return undefined;
}

function checkOf(condition: string): Check {
  if (condition.startsWith('condition=')) {
    const [name = '', ...rest] = condition.slice('condition='.length).split('=');
    return conditionCheck(name, rest.length > 0 ? rest.join('=') : 'true');
  }
  if (condition.startsWith('jsonpath=')) return jsonPathCheck(condition.slice('jsonpath='.length));
  throw new KubectlError(`unrecognized condition: ${goQuote(condition)}`);
}

function conditionCheck(name: string, status: string): Check {
  return (object) => {
    for (const condition of records(at(object, 'status', 'conditions'))) {
      if (text(condition.type).toLowerCase() !== name.toLowerCase()) continue;
      const observed = condition.observedGeneration ?? at(object, 'status', 'observedGeneration');
      if (observed !== undefined && Number(observed) < (object.metadata.generation ?? 0)) return false;
      return text(condition.status).toLowerCase() === status.toLowerCase();
    }
    return false;
  };
}

function jsonPathCheck(input: string): Check {
  const parts = input.split(/(?<!=)=(?!=)/);
  if (parts.length > 2) {
    throw new KubectlError(
      "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'",
    );
  }
  const expression = relaxedJsonPath(parts[0] as string);
  const wanted = parts[1]?.replace(/^['"]+|['"]+$/g, '');
  if (wanted === '') {
    throw new KubectlError(
      "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
    );
  }
  if (expression === '') throw new KubectlError('jsonpath expression cannot be empty');
  const path = guarded(() => new JsonPath(expression, { allowMissingKeys: true }));
  return (object) => {
    const found = guarded(() => path.find(object));
    if (found.length === 0 || (found[0] as unknown[]).length === 0) return false;
    if (found.length > 1) throw new KubectlError('given jsonpath expression matches more than one list');
    const values = found[0] as unknown[];
    if (values.length > 1) throw new KubectlError('given jsonpath expression matches more than one value');
    if (wanted === undefined) return true;
    if (isRecord(values[0]) || Array.isArray(values[0])) {
      throw new KubectlError('jsonpath leads to a nested object or list which is not supported');
    }
    return goValue(values[0]).trim() === wanted.trim();
  };
}

function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof JsonPathError) throw new KubectlError(error.message);
    throw error;
  }
}

function late(info: Info): KubectlError {
  return new KubectlError(`timed out waiting for the condition on ${info.mapping.resource}/${info.name}`);
}

async function waitFor(k: Kubectl, info: Info, check: Check, timeout: number): Promise<KubeObject> {
  if (timeout <= 0) {
    const object = await getObject(k, info);
    if (check(object)) return object;
    if (k.flags.duration('timeout') !== 0) throw late(info);
    throw new KubectlError(`condition not met for ${info.mapping.resource}/${info.name}`);
  }
  const { resource, group } = info.mapping;
  return watchObject(k, info, { timeout, late: () => late(info) }, (object, deleted) => {
    if (!object) {
      const kind = group === '' ? resource : `${resource}.${group}`;
      throw new StatusError({ reason: 'NotFound', message: `${kind} ${goQuote(info.name)} not found` });
    }
    return !deleted && check(object) ? object : undefined;
  });
}

async function waitForDeletion(k: Kubectl, info: Info, timeout: number): Promise<KubeObject> {
  const uid = info.object?.metadata.uid;
  const shown = info.object as KubeObject;
  if (timeout <= 0) {
    try {
      await getObject(k, info);
    } catch (error) {
      if (isNotFound(error)) return shown;
      throw error;
    }
    if (k.flags.duration('timeout') !== 0) throw late(info);
    throw new KubectlError(`condition not met for ${info.mapping.resource}/${info.name}`);
  }
  return watchObject(k, info, { timeout, late: () => late(info) }, (object, deleted) =>
    !object || deleted || (uid !== undefined && object.metadata.uid !== uid) ? shown : undefined,
  );
}

async function waitForCreation(k: Kubectl, end: number): Promise<void> {
  for (;;) {
    try {
      const { infos, errors } = await select(k, flagsOf(k));
      const [first] = errors;
      if (first && !isNotFound(first)) throw first;
      if (infos.length > 0) return;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    if (k.now() >= end) throw new KubectlError('timed out waiting for the condition');
    await k.process.sleep(Math.min(500, end - k.now()));
  }
}
