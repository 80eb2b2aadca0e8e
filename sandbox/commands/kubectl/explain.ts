import type { Command } from './command.ts';
import { KubectlError, NoResourceMatch } from './errors.ts';
import { goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import type { Mapping } from './mapper.ts';
import { at, isRecord, text } from './objects.ts';

export const explain: Command = {
  name: 'explain',
  short: 'Get documentation for a resource',
  use: 'explain TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]',
  examples: `# What a pod is made of
kubectl explain pods

# All fields of a specification
kubectl explain deployment.spec --recursive`,
  flags: [
    { name: 'recursive', kind: 'bool', usage: 'Show the names of all fields below.' },
    { name: 'api-version', kind: 'string', usage: 'Group and version to use.' },
    { name: 'output', short: 'o', kind: 'string', default: 'plaintext', usage: 'Format: plaintext.' },
  ],
  run: runExplain,
};

type Schema = Record<string, unknown>;

async function runExplain(k: Kubectl): Promise<undefined> {
  if (k.args.length === 0) {
    throw new KubectlError(
      'You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.\n',
    );
  }
  if (k.args.length > 1) throw new KubectlError('We accept only this format: explain RESOURCE\n');
  const { mapping, path } = splitArgument(k, k.args[0] as string);
  const format = k.flags.text('output');
  if (format !== 'plaintext' && format !== 'plaintext-openapiv2') {
    throw new KubectlError(`unrecognized format: ${format}`);
  }
  const wanted = k.flags.text('api-version');
  const [version = '', group = ''] = wanted === '' ? [mapping.version, mapping.group] : wanted.split('/').reverse();
  const place = group === '' ? `api/${version}` : `apis/${group}/${version}`;
  const index = await k.client.json('GET', '/openapi/v3');
  const url = text(at(index, 'paths', place, 'serverRelativeURL'));
  if (url === '') {
    const shown = `${group === '' ? '' : group}/${version}, Resource=${mapping.resource}`;
    throw new KubectlError(`couldn't find resource for "${shown}"`);
  }
  const document = await k.client.json('GET', url);
  const explained = new Explainer(document);
  // The head is out before it turns out whether the field is there.
  if (group !== '') k.out(`GROUP:      ${group}\n`);
  k.out(`KIND:       ${mapping.kind}\nVERSION:    ${version}\n\n`);
  k.out(explained.render({ group, version, kind: mapping.kind }, path, k.flags.bool('recursive')));
  return undefined;
}

/** `deployments.apps.spec.replicas`: the longest beginning that names a kind, and the fields behind it. */
function splitArgument(k: Kubectl, argument: string): { mapping: Mapping; path: string[] } {
  const parts = argument.split('.').filter((part, index) => part !== '' || index === 0);
  if (k.flags.text('api-version') === '') {
    for (let count = parts.length; count > 1; count--) {
      const [name = '', ...group] = parts.slice(0, count);
      const found = k.mapper.all.find(
        (mapping) =>
          mapping.group === group.join('.') &&
          [mapping.resource, mapping.singular, ...mapping.shortNames].includes(name.toLowerCase()),
      );
      if (found) return { mapping: found, path: parts.slice(count) };
    }
  }
  const name = parts[0] as string;
  try {
    return { mapping: k.mapper.resource(name), path: parts.slice(1) };
  } catch (error) {
    if (!(error instanceof NoResourceMatch)) throw error;
    throw new KubectlError(error.message, { raw: true });
  }
}

class Explainer {
  readonly #document: Schema;

  constructor(document: Schema) {
    this.#document = document;
  }

  render(gvk: { group: string; version: string; kind: string }, path: string[], recursive: boolean): string {
    const schemas = at(this.#document, 'components', 'schemas');
    for (const schema of Object.values(isRecord(schemas) ? schemas : {})) {
      if (!isRecord(schema)) continue;
      const kinds = schema['x-kubernetes-group-version-kind'];
      const listed = Array.isArray(kinds) && kinds.some((each) => this.#same(each, gvk));
      if (!listed) continue;
      const content = this.#output(schema, path, recursive, new Set());
      if (content === '') throw new KubectlError(`error: field ${goQuote(path.at(-1) ?? '')} does not exist`);
      return `${content}\n`;
    }
    throw new KubectlError(
      `GVK map[group:${gvk.group} kind:${gvk.kind} version:${gvk.version}] not found in OpenAPI schema`,
    );
  }

  #same(value: unknown, gvk: { group: string; version: string; kind: string }): boolean {
    return (
      text(at(value, 'group')) === gvk.group && at(value, 'version') === gvk.version && at(value, 'kind') === gvk.kind
    );
  }

  #resolve(schema: Schema): Schema {
    const reference = text(schema.$ref);
    if (!reference.startsWith('#/')) return schema;
    const found = at(this.#document, ...reference.slice(2).split('/'));
    return isRecord(found) ? found : schema;
  }

  #output(schema: Schema, path: string[], recursive: boolean, seen: Set<string>): string {
    const reference = text(schema.$ref);
    const resolved = this.#resolve(schema);
    const [first, ...rest] = path;
    if (first === undefined) {
      const description = this.#description(resolved) || '<empty>';
      const fields = this.#fields(resolved, 1, recursive, new Set());
      return `DESCRIPTION:\n${indent(4, wrap(description, 76))}\n${fields === '' ? '' : `FIELDS:\n${fields}`}`;
    }
    if (reference !== '' && seen.has(reference)) return '';
    const history = new Set(reference === '' ? seen : [...seen, reference]);
    const member = at(resolved, 'properties', first);
    if (isRecord(member)) {
      let head = '';
      if (rest.length === 0) {
        head = `FIELD: ${first} <${this.#type(member)}>\n${enumeration(member, { long: true, limit: -1, indent: 0 })}\n\n`;
      }
      return head + this.#output(member, rest, recursive, new Set());
    }
    if (isRecord(resolved.items)) return this.#output(resolved.items, path, recursive, history);
    if (isRecord(resolved.additionalProperties)) {
      return this.#output(resolved.additionalProperties, path, recursive, history);
    }
    for (const part of Array.isArray(resolved.allOf) ? resolved.allOf : []) {
      const content = isRecord(part) ? this.#output(part, path, recursive, history) : '';
      if (content !== '') return content;
    }
    return '';
  }

  #description(schema: Schema): string {
    const resolved = this.#resolve(schema);
    let words = resolved.description ? `${text(resolved.description)}\n` : '';
    for (const part of Array.isArray(resolved.allOf) ? resolved.allOf : []) {
      if (isRecord(part)) words += this.#description(part);
    }
    if (isRecord(resolved.items)) words += this.#description(resolved.items);
    if (isRecord(resolved.additionalProperties)) words += this.#description(resolved.additionalProperties);
    return words;
  }

  #fields(schema: Schema, level: number, recursive: boolean, seen: Set<string>): string {
    const reference = text(schema.$ref);
    if (reference !== '' && seen.has(reference)) return '';
    const history = new Set(reference === '' ? seen : [...seen, reference]);
    const resolved = this.#resolve(schema);
    const properties = isRecord(resolved.properties) ? resolved.properties : {};
    let output = '';
    for (const name of Object.keys(properties).sort()) {
      const member = properties[name] as Schema;
      output += this.#field(resolved, name, member, level, recursive);
      if (recursive) output += this.#fields(member, level + 1, recursive, history);
    }
    for (const part of Array.isArray(resolved.allOf) ? resolved.allOf : []) {
      if (isRecord(part)) output += this.#fields(part, level, recursive, history);
    }
    if (isRecord(resolved.items)) output += this.#fields(resolved.items, level, recursive, history);
    if (isRecord(resolved.additionalProperties)) {
      output += this.#fields(resolved.additionalProperties, level, recursive, history);
    }
    return output;
  }

  #field(owner: Schema, name: string, member: Schema, level: number, short: boolean): string {
    const space = ' '.repeat(level * 2);
    const required = Array.isArray(owner.required) && owner.required.includes(name) ? ' -required-' : '';
    const choices = enumeration(member, { long: false, limit: 4, indent: level * 2 });
    const line = `${space}${name}\t<${this.#type(member)}>${required}${choices}\n`;
    if (short) return line;
    const description = text(member.description) || '<no description>';
    return `${line}${indent(level * 2 + 2, wrap(description, 78 - level * 2))}\n\n`;
  }

  #type(schema: Schema): string {
    if (isRecord(schema.items)) return `[]${this.#type(schema.items)}`;
    if (isRecord(schema.additionalProperties)) return `map[string]${this.#type(schema.additionalProperties)}`;
    if (Array.isArray(schema.allOf) && schema.allOf.length === 1 && !schema.properties) {
      return this.#type(schema.allOf[0] as Schema);
    }
    if (schema.$ref) {
      const target = this.#resolve(schema);
      if (target === schema || !target.type || target.type === 'object') {
        return text(schema.$ref).split('/').at(-1)?.split('.').at(-1) || 'Object';
      }
      return text(target.type);
    }
    return schema.type === 'object' || !schema.type ? 'Object' : text(schema.type);
  }
}

function enumeration(schema: Schema, options: { long: boolean; limit: number; indent: number }): string {
  if (!Array.isArray(schema.enum) || schema.enum.length === 0) return '';
  let output = options.long ? 'ENUM:' : `\n${' '.repeat(options.indent)}enum: `;
  for (const [index, value] of schema.enum.entries()) {
    if (options.limit > -1 && index >= options.limit) {
      output += ', ....';
      break;
    }
    if (index > 0 && !options.long) output += ', ';
    else if (options.long) output += '\n    ';
    output += value === '' ? '""' : text(value);
  }
  return output;
}

function indent(amount: number, content: string): string {
  const space = ' '.repeat(amount);
  return space + content.replaceAll('\n', `\n${space}`);
}

/** Breaks lines at spaces as go-wordwrap does; lines that are there stay. */
function wrap(content: string, limit: number): string {
  let output = '';
  let current = 0;
  let word = '';
  let space = '';
  for (const rune of content) {
    if (rune === '\n') {
      if (word === '') {
        if (current + space.length > limit) current = 0;
        else output += space;
      } else output += space + word;
      space = '';
      word = '';
      output += '\n';
      current = 0;
    } else if (/\s/.test(rune) && rune !== '\u00a0') {
      if (space === '' || word !== '') {
        current += space.length + word.length;
        output += space + word;
        space = '';
        word = '';
      }
      space += rune;
    } else {
      word += rune;
      if (current + word.length + space.length > limit && word.length < limit) {
        output += '\n';
        current = 0;
        space = '';
      }
    }
  }
  if (word === '') return current + space.length <= limit ? output + space : output;
  return output + space + word;
}
