import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Schema } from '../../../sandbox/kubernetes/schema.ts';

const require = createRequire(import.meta.url);

interface ValidatorError {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
}

type Validator = ((data: unknown) => boolean) & { errors?: ValidatorError[] | null };

/** The compiled validator of a module's type. */
async function validatorOf(module: string): Promise<Validator> {
  const name = module.startsWith('@') ? module.split('/').slice(0, 2).join('/') : (module.split('/')[0] as string);
  const root = dirname(require.resolve(`${name}/package.json`));
  const text = readFileSync(join(root, `${module.slice(name.length + 1)}.js`), 'utf8');
  const target = /_schemas\/([A-Za-z0-9]+)/.exec(text)?.[1];
  if (!target) throw new Error(`${module}: no validator`);
  const loaded = (await import(pathToFileURL(join(root, '_schemas', `${target}.js`)).href)) as { validate: Validator };
  return loaded.validate;
}

/** More than any limit that occurs. */
const manyItems = 5000;
const longText = 'a'.repeat(70_000);
const manyMembers = Object.fromEntries(Array.from({ length: manyItems }, (_, index) => [`k${index}`, null]));

/** Values that break one rule each; what the validator says of them tells the rules. */
const probes: Record<string, unknown[]> = {
  number: ['x', 1e300, -1e300],
  string: [1, '', longText, '\u0001'],
  array: [[], new Array(manyItems).fill(null)],
  object: [manyMembers],
  boolean: [],
};

/**
 * Adds to `schema` what its validator knows. Parts that are a definition of their own are left to it. `sizes`: also asks
 * for limits on how long and how many, which only custom resources have.
 */
export async function addLimits(module: string, schema: Schema, sizes: boolean): Promise<void> {
  if (schema.type !== 'object' || !schema.properties) return;
  const validate = await validatorOf(module);
  const wraps: ((value: unknown) => unknown)[] = [];
  const ask = (pointer: string, value: unknown): ValidatorError[] => {
    const data = wraps.reduceRight((inner, wrap) => wrap(inner), value);
    validate(data);
    return (validate.errors ?? []).filter((error) => error.instancePath === pointer);
  };
  const visit = (node: Schema, pointer: string): void => {
    if (node.required) {
      const missing = ask(pointer, {}).filter((error) => error.keyword === 'required');
      node.required = missing.map((error) => error.params.missingProperty as string);
    }
    for (const probe of (sizes || node.type === 'number' || node.type === 'string'
      ? probes[node.type ?? '']
      : undefined) ?? []) {
      for (const error of ask(pointer, probe)) note(node, error);
    }
    const inside = (part: Schema, key: string, wrap: (value: unknown) => unknown) => {
      wraps.push(wrap);
      visit(part, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
      wraps.pop();
    };
    for (const [key, part] of Object.entries(node.properties ?? {})) inside(part, key, (value) => ({ [key]: value }));
    if (node.items) inside(node.items, '0', (value) => [value]);
    if (typeof node.additionalProperties === 'object')
      inside(node.additionalProperties, 'k', (value) => ({ k: value }));
  };
  visit(schema, '');
}

function note(node: Schema, { keyword, params }: ValidatorError): void {
  switch (keyword) {
    case 'type':
      if (params.type === 'integer') node.type = 'integer';
      break;
    case 'format':
      if (typeof params.format === 'string' && (node.type !== 'number' || params.format !== 'int-or-string')) {
        node.format = params.format;
      }
      break;
    case 'enum':
      if (node.enum) node.enum = params.allowedValues as unknown[];
      break;
    case 'maxLength':
    case 'minLength':
    case 'maxItems':
    case 'minItems':
    case 'maxProperties':
    case 'minProperties':
    case 'minimum':
    case 'maximum':
      node[keyword] = params.limit as number;
      break;
    case 'pattern':
      node.pattern = params.pattern as string;
  }
}
