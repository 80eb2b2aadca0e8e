import { equalJson } from '../../kernel/json.ts';
import { decode } from '../../kernel/streams.ts';
import { resourcePath } from './client.ts';
import { type Command, dryRunFlag, fieldManagerFlag, filenameFlags, printFlags } from './command.ts';
import { KubectlError, StatusError, throwAll } from './errors.ts';
import { goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { sortedJson } from './manifests.ts';
import { applyMergePatch } from './merge-patch.ts';
import type { KubeObject } from './objects.ts';
import { dryRun, resultPrinter } from './printers.ts';
import { flagsOf, select } from './resources.ts';
import { readYaml, YamlSyntaxError } from './yaml-read.ts';

const types: Record<string, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

export const patch: Command = {
  name: 'patch',
  short: 'Update fields of a resource',
  use: 'patch (-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]',
  examples: `# Merge fields into a node
kubectl patch node k8s-node-1 -p '{"spec":{"unschedulable":true}}'

# Replace a field by a JSON patch
kubectl patch pod valid-pod --type='json' -p='[{"op": "replace", "path": "/spec/containers/0/image", "value":"new image"}]'`,
  flags: [
    ...printFlags,
    ...filenameFlags('that names the object to patch.'),
    dryRunFlag,
    fieldManagerFlag('kubectl-patch'),
    { name: 'patch', short: 'p', kind: 'string', usage: 'The patch, JSON or YAML.' },
    { name: 'patch-file', kind: 'string', usage: 'File with the patch.' },
    { name: 'type', kind: 'string', default: 'strategic', usage: 'Type of the patch: json, merge or strategic.' },
    { name: 'subresource', kind: 'string', usage: 'Subresource to patch.' },
    { name: 'local', kind: 'bool', usage: 'Patch the file only; ask no server.' },
  ],
  run: runPatch,
};

async function runPatch(k: Kubectl): Promise<undefined> {
  const { flags } = k;
  const [inline, file] = [flags.text('patch'), flags.text('patch-file')];
  if (inline !== '' && file !== '') throw new KubectlError('cannot specify --patch and --patch-file together');
  if (inline === '' && file === '') {
    throw new KubectlError('must specify --patch or --patch-file containing the contents of the patch');
  }
  if (flags.bool('local') && k.args.length > 0) {
    throw new KubectlError('cannot specify --local and server resources');
  }
  const type = flags.text('type').toLowerCase();
  const contentType = types[type];
  if (!contentType) {
    throw new KubectlError(`--type must be one of [json merge strategic], not ${goQuote(flags.text('type'))}`);
  }
  const print = resultPrinter(k);
  const value = parsePatch(file === '' ? inline : readPatch(k, file), inline);
  const subresource = flags.text('subresource');
  const { infos, errors } = await select(k, { ...flagsOf(k), subresource });
  for (const info of infos) {
    try {
      const before = info.object as KubeObject;
      let after: KubeObject;
      if (flags.bool('local') || dryRun(k) === 'client') after = patchHere(type, before, value);
      else {
        after = await k.client.json('PATCH', resourcePath(info.mapping, info.namespace, info.name, subresource), {
          query: { fieldManager: flags.text('field-manager'), dryRun: dryRun(k) === 'server' ? 'All' : undefined },
          contentType,
          body: sortedJson(value),
        });
      }
      k.out(print(after, equalJson(before, after) ? 'patched (no change)' : 'patched'));
    } catch (error) {
      if (!(error instanceof StatusError) && !(error instanceof KubectlError)) throw error;
      errors.push(unsupported(error, contentType, info.mapping));
    }
  }
  throwAll(errors);
  if (infos.length === 0) throw new KubectlError('no objects passed to patch');
  return undefined;
}

function unsupported(error: Error, type: string, mapping: { group: string; version: string; kind: string }): Error {
  if (!(error instanceof StatusError) || error.reason !== 'UnsupportedMediaType') return error;
  const version = mapping.group === '' ? `/${mapping.version}` : `${mapping.group}/${mapping.version}`;
  return new KubectlError(`${type} is not supported by ${version}, Kind=${mapping.kind}: ${error.message}`);
}

function readPatch(k: Kubectl, path: string): string {
  const { files } = k.process.machine;
  const absolute = k.process.resolve(path);
  if (!files.exists(absolute)) {
    throw new KubectlError(`unable to read patch file: open ${path}: no such file or directory`);
  }
  return decode(files.readFile(absolute));
}

function parsePatch(text: string, shown: string): unknown {
  if (/^\s*\{/.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // Sent as it is; the server says what is wrong with it.
      throw new StatusError({ reason: 'BadRequest', code: 400, message: jsonError(text) });
    }
  }
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    throw new KubectlError(`unable to parse ${goQuote(shown)}: yaml: ${error.message}`);
  }
}

/** encoding/json's words for the first flaw. */
function jsonError(text: string): string {
  let reason = 'unexpected end of JSON input';
  try {
    JSON.parse(text);
  } catch (error) {
    const place = /position (\d+)/.exec(error instanceof Error ? error.message : '');
    const at = place ? Number(place[1]) : text.length;
    const character = text[at];
    if (character !== undefined) {
      const quoted = character === "'" ? `'\\''` : `'${character}'`;
      const before = text.slice(0, at).trimEnd().at(-1) ?? '';
      const where =
        before === '{' || (before === ',' && character !== '"')
          ? 'looking for beginning of object key string'
          : before === ':' || before === '['
            ? 'looking for beginning of value'
            : 'after object key:value pair';
      reason = `invalid character ${quoted} ${where}`;
    }
  }
  return `error decoding patch: ${reason}`;
}

/** What the patch makes of the object, without a server. Strategic patches are merged as plain ones here. */
function patchHere(type: string, object: KubeObject, value: unknown): KubeObject {
  if (type === 'json') return applyJsonPatch(object, value) as KubeObject;
  return applyMergePatch(object, value) as KubeObject;
}

/** RFC 6902. */
function applyJsonPatch(object: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations))
    throw new KubectlError('json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  let document = structuredClone(object);
  for (const each of operations as { op: string; path: string; from?: string; value?: unknown }[]) {
    document = applyOperation(document, each);
  }
  return document;
}

function applyOperation(
  document: unknown,
  operation: { op: string; path: string; from?: string; value?: unknown },
): unknown {
  const steps = operation.path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = steps.pop();
  if (last === undefined) return operation.value;
  let target = document as Record<string, unknown>;
  for (const step of steps) {
    target = target?.[step] as Record<string, unknown>;
    if (typeof target !== 'object' || target === null) {
      throw new KubectlError(
        `${operation.op} operation does not apply: doc is missing path: ${goQuote(operation.path)}: missing value`,
      );
    }
  }
  const present = Array.isArray(target) ? Number(last) < target.length : Object.hasOwn(target, last);
  if (operation.op === 'test') {
    if (!equalJson(target[last], operation.value))
      throw new KubectlError(`testing value ${operation.path} failed: test failed`);
    return document;
  }
  if ((operation.op === 'replace' || operation.op === 'remove') && !present) {
    throw new KubectlError(
      `${operation.op} operation does not apply: doc is missing key: ${operation.path}: missing value`,
    );
  }
  if (operation.op === 'remove') {
    if (Array.isArray(target)) target.splice(Number(last), 1);
    else delete target[last];
  } else if (operation.op === 'add' && Array.isArray(target)) {
    target.splice(last === '-' ? target.length : Number(last), 0, operation.value);
  } else target[last] = operation.value;
  return document;
}
