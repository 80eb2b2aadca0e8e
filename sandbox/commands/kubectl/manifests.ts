import { FileError } from '../../kernel/files.ts';
import { descriptorOf, readPath } from '../../kernel/open-path.ts';
import { decode } from '../../kernel/streams.ts';
import { KubectlError } from './errors.ts';
import { goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { isRecord, type KubeObject } from './objects.ts';
import { readYaml, YamlSyntaxError } from './yaml-read.ts';

/** A manifest that cannot be read. */
export class ManifestError extends Error {
  override name = 'ManifestError';
}

/** A document of a file, or what is wrong with it. After a syntax error a file has no more documents. */
export interface ManifestDocument {
  source: string;
  object?: KubeObject;
  error?: Error;
}

export interface FilenameOptions {
  filenames: string[];
  recursive: boolean;
  kustomize?: string;
  /** Complain about missing apiVersion and kind in the words of the validation. */
  validate: boolean;
}

/** Reads the documents of -f in order; lists are taken apart. */
export async function readManifests(k: Kubectl, options: FilenameOptions): Promise<ManifestDocument[]> {
  const documents: ManifestDocument[] = [];
  const missing: Error[] = [];
  for (const name of options.filenames) {
    if (name === '-') {
      documents.push(...parseManifests(decode(await k.process.readAll(0)), 'STDIN', options.validate));
      continue;
    }
    if (/^https?:\/\//.test(name)) {
      const host = /^https?:\/\/([^/:]*)/.exec(name)?.[1] ?? '';
      throw new KubectlError(
        `unable to read URL ${goQuote(name)}, this kubectl has no way out to ${host || 'the network'}`,
      );
    }
    const paths = expand(k, name, options.recursive);
    if (paths.length === 0) missing.push(new ManifestError(`the path ${goQuote(name)} does not exist`));
    for (const { path, shown } of paths) {
      try {
        const content = decode(await readPath(k.process, path));
        documents.push(...parseManifests(content, shown, options.validate));
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        documents.push({ source: shown, error: new ManifestError(`open ${shown}: ${error.message.toLowerCase()}`) });
      }
    }
  }
  if (missing.length > 0) return missing.map((error) => ({ source: '', error }));
  return documents;
}

/** The files behind a name: itself, the manifests in a directory, or what a pattern matches. */
function expand(k: Kubectl, name: string, recursive: boolean): { path: string; shown: string }[] {
  const { files } = k.process.machine;
  const path = k.process.resolve(name);
  if (descriptorOf(path) !== undefined) return [{ path, shown: name }];
  if (!files.exists(path)) return glob(k, name);
  if (files.stat(path).type !== 'directory') return [{ path, shown: name }];
  const found: { path: string; shown: string }[] = [];
  const walk = (directory: string, shown: string, top: boolean) => {
    for (const entry of files.readDirectory(directory)) {
      const child = `${directory === '/' ? '' : directory}/${entry}`;
      const label = `${shown.replace(/\/$/, '')}/${entry}`;
      if (files.stat(child).type === 'directory') {
        if (recursive) walk(child, label, false);
      } else if (/\.(?:json|yaml|yml)$/.test(entry)) found.push({ path: child, shown: label });
    }
    if (top && found.length === 0) {
      throw new KubectlError(`error reading [${name}]: recognized file extensions are [.json .yaml .yml]`);
    }
  };
  walk(path, name.replace(/^\.\//, ''), true);
  return found;
}

function glob(k: Kubectl, name: string): { path: string; shown: string }[] {
  const slash = name.lastIndexOf('/');
  const pattern = name.slice(slash + 1);
  if (!/[*?[]/.test(pattern)) return [];
  const directory = k.process.resolve(slash < 0 ? '.' : name.slice(0, slash + 1));
  const { files } = k.process.machine;
  if (!files.exists(directory)) return [];
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  const matches = new RegExp(`^${source}$`);
  return files
    .readDirectory(directory)
    .filter((entry) => matches.test(entry))
    .map((entry) => ({ path: `${directory}/${entry}`, shown: name.slice(0, slash + 1) + entry }));
}

/** The documents of a text, JSON or YAML. */
export function parseManifests(content: string, source: string, validate: boolean): ManifestDocument[] {
  const documents: ManifestDocument[] = [];
  const fail = (message: string) => documents.push({ source, error: new ManifestError(message) });
  const take = (value: unknown) => {
    if (value === null || value === undefined) return;
    try {
      for (const object of decodeObjects(value, source, validate)) documents.push({ source, object });
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      documents.push({ source, error });
    }
  };
  const text = content.replace(/^\uFEFF/, '');
  if (/^\s*\{/.test(text)) {
    const json = readJsonStream(text);
    if (json) {
      json.forEach(take);
      return documents;
    }
  }
  for (const chunk of splitDocuments(text)) {
    if (chunk.separator !== undefined) {
      fail(`error parsing ${source}: invalid Yaml document separator: ${chunk.separator}`);
      break;
    }
    let value: unknown;
    try {
      value = readYaml(chunk.text);
    } catch (error) {
      if (!(error instanceof YamlSyntaxError)) throw error;
      const json = /^\s*\{/.test(text) ? jsonWords(text) : undefined;
      fail(`error parsing ${source}: ${json ?? `error converting YAML to JSON: yaml: ${error.message}`}`);
      break;
    }
    take(value);
  }
  return documents;
}

/** apimachinery's YAMLReader: a line `---` ends a document that has begun. */
function* splitDocuments(text: string): Generator<{ text: string; separator?: string }> {
  if (!text.includes('---')) {
    if (text !== '') yield { text };
    return;
  }
  let start = 0;
  let buffer = '';
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? text.length : end + 1);
    start += line.length;
    if (line.startsWith('---')) {
      const after = line.slice(3).trim();
      if (after !== '' && !after.startsWith('#')) {
        yield { text: '', separator: after };
        return;
      }
      if (buffer !== '') {
        yield { text: buffer };
        buffer = '';
        continue;
      }
    }
    buffer += line;
  }
  if (buffer !== '') yield { text: buffer };
}

/** A stream of JSON values, or undefined if it is none. */
function readJsonStream(text: string): unknown[] | undefined {
  try {
    return [JSON.parse(text) as unknown];
  } catch {
    if (!/\}\s*\{/.test(text)) return undefined;
  }
  try {
    return JSON.parse(`[${text.replace(/\}\s*\n\s*\{/g, '},{')}]`) as unknown[];
  } catch {
    return undefined;
  }
}

/** encoding/json's words for the first flaw of a text that begins like JSON. */
function jsonWords(text: string): string | undefined {
  const opened = [...text].filter((each) => each === '{').length;
  const closed = [...text].filter((each) => each === '}').length;
  return opened > closed ? 'unexpected EOF' : undefined;
}

function* decodeObjects(value: unknown, source: string, validate: boolean): Generator<KubeObject> {
  const shown = goQuote(source);
  if (!isRecord(value)) {
    const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    if (validate) {
      throw new ManifestError(
        `error validating ${shown}: error validating data: invalid object to validate; ${validationHint}`,
      );
    }
    throw new ManifestError(
      `unable to decode ${shown}: json: cannot unmarshal ${type} into Go value of type unstructured.detector`,
    );
  }
  if (validate) {
    const problems: string[] = [];
    if (value.apiVersion === undefined || value.apiVersion === null) problems.push('apiVersion not set');
    else if (typeof value.apiVersion !== 'string') problems.push("apiVersion isn't string type");
    if (value.kind === undefined || value.kind === null) problems.push('kind not set');
    else if (typeof value.kind !== 'string') problems.push("kind isn't string type");
    if (problems.length > 0) {
      const all = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
      throw new ManifestError(`error validating ${shown}: error validating data: ${all}; ${validationHint}`);
    }
  }
  if (value.kind === undefined || value.kind === null || value.kind === '') {
    throw new ManifestError(`unable to decode ${shown}: Object 'Kind' is missing in '${sortedJson(value)}'`);
  }
  checkTypes(value, shown);
  if (((value.apiVersion as string | undefined) ?? '').split('/').length > 2) {
    throw new ManifestError(`unable to decode ${shown}: Object 'Kind' is missing in '${sortedJson(value)}'`);
  }
  if (value.items !== undefined && value.items !== null && !Array.isArray(value.items)) {
    const type = isRecord(value.items) ? 'object' : typeof value.items === 'boolean' ? 'bool' : typeof value.items;
    throw new ManifestError(
      `unable to decode ${shown}: json: cannot unmarshal ${type} into Go struct field decodeList.items of type []json.RawMessage`,
    );
  }
  if (Array.isArray(value.items) && /List$/.test(value.kind as string)) {
    for (const item of value.items) yield* decodeObjects(item, source, validate);
    return;
  }
  yield {
    ...value,
    apiVersion: (value.apiVersion as string) ?? '',
    kind: value.kind as string,
    metadata: metadataOf(value),
  };
}

const validationHint = 'if you choose to ignore these errors, turn validation off with --validate=false';

function metadataOf(value: Record<string, unknown>): KubeObject['metadata'] {
  return (isRecord(value.metadata) ? value.metadata : {}) as unknown as KubeObject['metadata'];
}

/** What Go's decoder says of members whose type cannot be right. */
function checkTypes(value: Record<string, unknown>, shown: string): void {
  const complain = (found: unknown, field: string, type: string) => {
    const name = Array.isArray(found) ? 'array' : typeof found === 'boolean' ? 'bool' : typeof found;
    return new ManifestError(
      `unable to decode ${shown}: json: cannot unmarshal ${name} into Go struct field ${field} of type ${type}`,
    );
  };
  if (typeof value.apiVersion !== 'string' && value.apiVersion !== undefined && value.apiVersion !== null) {
    throw complain(value.apiVersion, 'metadataOnlyObject.TypeMeta.apiVersion', 'string');
  }
  if (typeof value.kind !== 'string') throw complain(value.kind, 'metadataOnlyObject.TypeMeta.kind', 'string');
  const { metadata } = value;
  if (metadata === undefined || metadata === null) return;
  if (!isRecord(metadata)) throw complain(metadata, 'metadataOnlyObject.metadata', 'v1.ObjectMeta');
  for (const key of ['annotations', 'labels'] as const) {
    const map = metadata[key];
    if (map === undefined || map === null) continue;
    if (!isRecord(map)) throw complain(map, `ObjectMeta.metadata.${key}`, 'map[string]string');
    for (const each of Object.values(map)) {
      if (typeof each !== 'string' && each !== null) throw complain(each, `ObjectMeta.metadata.${key}`, 'string');
    }
  }
  for (const key of ['generateName', 'name', 'namespace'] as const) {
    const member = metadata[key];
    if (member !== undefined && member !== null && typeof member !== 'string') {
      throw complain(member, `ObjectMeta.metadata.${key}`, 'string');
    }
  }
}

/** JSON with sorted keys and no spaces, as Go marshals a map. */
export function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => sortedJson(item ?? null)).join(',')}]`;
  if (!isRecord(value)) return escapeHtml(JSON.stringify(value ?? null));
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${escapeHtml(JSON.stringify(key))}:${sortedJson(value[key])}`);
  return `{${members.join(',')}}`;
}

/** encoding/json writes the signs of HTML as escapes. */
export function escapeHtml(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
