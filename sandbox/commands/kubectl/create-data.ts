import { toBase64 } from '../../kernel/base64.ts';
import { FileError } from '../../kernel/files.ts';
import { basename } from '../../kernel/paths.ts';
import { decode, encode } from '../../kernel/streams.ts';
import { KubectlError } from './errors.ts';
import { type Flag, goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';

export const dataFlags: readonly Flag[] = [
  { name: 'from-file', kind: 'slice', usage: 'File (path or key=path) or directory of files to take in.' },
  { name: 'from-literal', kind: 'array', usage: 'Key and value (key=value) to take in.' },
  { name: 'from-env-file', kind: 'slice', usage: 'File with lines of key=value.' },
  { name: 'append-hash', kind: 'bool', usage: 'Append a hash of the content to the name.' },
];

/** What the --from-… flags give, by key. `kind` is named in complaints. */
export function readData(k: Kubectl, kind: 'ConfigMap' | 'Secret', name: string): Map<string, Uint8Array> {
  const { flags } = k;
  const data = new Map<string, Uint8Array>();
  if (
    flags.list('from-env-file').length > 0 &&
    (flags.list('from-file').length > 0 || flags.list('from-literal').length > 0)
  ) {
    throw new KubectlError('from-env-file cannot be combined with from-file or from-literal');
  }
  const add = (key: string, bytes: Uint8Array) => {
    if (!/^[-._a-zA-Z0-9]+$/.test(key) || key.length > 253) {
      const words =
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
      throw new KubectlError(
        kind === 'ConfigMap'
          ? `${goQuote(key)} is not a valid key name for a ConfigMap: ${words}`
          : `${goQuote(key)} is not valid key name for a Secret ${words}`,
      );
    }
    if (data.has(key)) {
      throw new KubectlError(
        kind === 'ConfigMap'
          ? `cannot add key ${goQuote(key)}, another key by that name already exists in Data for ConfigMap ${goQuote(name)}`
          : `cannot add key ${key}, another key by that name already exists`,
      );
    }
    data.set(key, bytes);
  };
  for (const literal of flags.list('from-literal')) {
    const equal = literal.indexOf('=');
    if (equal <= 0) throw new KubectlError(`invalid literal source ${literal}, expected key=value`);
    add(literal.slice(0, equal), encode(unquote(literal.slice(equal + 1))));
  }
  for (const source of flags.list('from-file')) readFileSource(k, source, add);
  for (const path of flags.list('from-env-file')) readEnvFile(k, path, add);
  return data;
}

/** One pair of quotes around a literal is taken off. */
function unquote(value: string): string {
  return value.length >= 2 && /^(['"]).*\1$/s.test(value) ? value.slice(1, -1) : value;
}

function readFileSource(k: Kubectl, source: string, add: (key: string, bytes: Uint8Array) => void): void {
  const parts = source.split('=');
  if (parts.length > 2) {
    throw new KubectlError("key names or file paths cannot contain '='");
  }
  const [key, path] = parts.length === 2 ? (parts as [string, string]) : [undefined, source];
  if (key === '') throw new KubectlError(`key name for file path ${path} missing`);
  if (path === '') throw new KubectlError(`file path for key name ${key} missing`);
  const { files } = k.process.machine;
  const absolute = k.process.resolve(path);
  if (!files.exists(absolute)) throw new KubectlError(`error reading ${path}: no such file or directory`);
  if (files.stat(absolute).type !== 'directory') {
    add(key ?? basename(path), read(k, path));
    return;
  }
  if (key !== undefined) throw new KubectlError('cannot give a key name for a directory path');
  for (const entry of files.readDirectory(absolute)) {
    if (files.stat(`${absolute}/${entry}`).type === 'file') add(entry, files.readFile(`${absolute}/${entry}`));
  }
}

export function read(k: Kubectl, path: string): Uint8Array {
  try {
    return k.process.machine.files.readFile(k.process.resolve(path));
  } catch (error) {
    if (error instanceof FileError) throw new KubectlError(`open ${path}: ${error.message.toLowerCase()}`);
    throw error;
  }
}

function readEnvFile(k: Kubectl, path: string, add: (key: string, bytes: Uint8Array) => void): void {
  const lines = decode(read(k, path)).split('\n');
  lines.forEach((raw, index) => {
    const line = (index === 0 ? raw.replace(/^\uFEFF/, '') : raw).replace(/\r$/, '').trimStart();
    if (line === '' || line.startsWith('#')) return;
    const equal = line.indexOf('=');
    const key = equal < 0 ? line : line.slice(0, equal);
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(key)) {
      throw new KubectlError(
        `${goQuote(key)} is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')`,
      );
    }
    // A key alone takes its value from the environment.
    add(key, encode(equal < 0 ? (k.process.env.get(key) ?? '') : line.slice(equal + 1)));
  });
}

export function base64Data(data: Map<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries([...data].map(([key, bytes]) => [key, toBase64(bytes)]));
}

/** Bytes as text, or undefined where they are no UTF-8. */
export function asText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
