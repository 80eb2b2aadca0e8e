import { equalJson } from '../../../kernel/json.ts';
import { cloneJson, isObject, setMember } from '../../json.ts';
import { ApiError, badRequest } from '../errors.ts';

interface Operation {
  op: string;
  path: string;
  from?: string;
  value?: unknown;
}

/** RFC 6902. What cannot be applied is refused in the words of evanphx/json-patch, which the API server uses. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${isObject(patch) ? 'object' : typeof patch} into Go value of type jsonpatch.Patch`,
    );
  }
  let result = cloneJson(document);
  for (const operation of patch) result = applyOne(result, operation as Operation);
  return result;
}

/** The API server keeps the reason to itself. */
function unprocessable(_why: string): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

function applyOne(document: unknown, operation: Operation): unknown {
  if (!isObject(operation) || typeof operation.path !== 'string') throw unprocessable('operation has no path');
  const path = pointer(operation.path);
  switch (operation.op) {
    case 'add':
      return add(document, path, operation.value);
    case 'remove':
      return change(document, path, 'remove', operation.path);
    case 'replace':
      return add(change(document, path, 'remove', operation.path), path, operation.value);
    case 'move': {
      const from = pointer(operation.from ?? '');
      const value = read(document, from, operation.from ?? '');
      return add(change(document, from, 'remove', operation.from ?? ''), path, value);
    }
    case 'copy':
      return add(document, path, cloneJson(read(document, pointer(operation.from ?? ''), operation.from ?? '')));
    case 'test':
      if (equalJson(maybeRead(document, path), operation.value)) return document;
      throw unprocessable(`testing value ${operation.path} failed: test failed`);
    default:
      throw unprocessable(`Unexpected kind: ${operation.op}`);
  }
}

function pointer(text: string): string[] {
  return text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function maybeRead(document: unknown, path: string[]): unknown {
  let here: unknown = document;
  for (const key of path) {
    if (Array.isArray(here)) here = here[Number(key)];
    else if (isObject(here) && Object.hasOwn(here, key)) here = here[key];
    else return undefined;
  }
  return here;
}

function read(document: unknown, path: string[], text: string): unknown {
  const value = maybeRead(document, path);
  if (value === undefined) throw unprocessable(`the path "${text}" does not exist: missing value`);
  return value;
}

function add(document: unknown, path: string[], value: unknown): unknown {
  if (path.length === 0) return value;
  const parent = maybeRead(document, path.slice(0, -1));
  const key = path.at(-1) as string;
  if (Array.isArray(parent)) {
    const at = key === '-' ? parent.length : Number(key);
    if (!Number.isInteger(at) || at < 0 || at > parent.length) {
      throw unprocessable(
        `add operation does not apply: doc is missing path: "/${path.join('/')}": invalid index referenced`,
      );
    }
    parent.splice(at, 0, value);
  } else if (isObject(parent)) setMember(parent, key, value);
  else throw unprocessable(`add operation does not apply: doc is missing path: "/${path.join('/')}": missing value`);
  return document;
}

function change(document: unknown, path: string[], word: string, text: string): unknown {
  const parent = maybeRead(document, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  if (Array.isArray(parent) && Number(key) < parent.length && /^\d+$/.test(key)) parent.splice(Number(key), 1);
  else if (isObject(parent) && Object.hasOwn(parent, key)) delete parent[key];
  else throw unprocessable(`${word} operation does not apply: doc is missing path: "${text}": missing value`);
  return document;
}
