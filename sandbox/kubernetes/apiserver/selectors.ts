import type { KubernetesObject } from '../objects.ts';
import { labelValueErrors, qualified } from '../validation/names.ts';
import { badRequest } from './errors.ts';
import type { Served } from './served.ts';

export type Matcher = (object: KubernetesObject) => boolean;

interface Requirement {
  key: string;
  operator: 'in' | 'notin' | 'exists' | 'absent' | 'gt' | 'lt';
  values: string[];
}

/** `labelSelector` of a query (k8s.io/apimachinery/pkg/labels): `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`. */
export function parseLabelSelector(text: string | undefined): Matcher | undefined {
  if (!text || text.trim() === '') return undefined;
  const requirements = parseRequirements(text);
  return ({ metadata }) => requirements.every((requirement) => matches(requirement, metadata.labels ?? {}));
}

function parseRequirements(text: string): Requirement[] {
  const tokens = text.match(/==|!=|[=!(),<>]|[^\s=!(),<>]+/g) ?? [];
  const requirements: Requirement[] = [];
  let at = 0;
  const fail = (found: string | undefined, expected: string): never => {
    const what = found ?? '';
    throw badRequest(`unable to parse requirement: found '${what}', expected: ${expected}`);
  };
  const isWord = (token: string | undefined): token is string =>
    token !== undefined && !/^(==|!=|[=!(),<>])$/.test(token);
  const list = (): string[] => {
    if (tokens[at++] !== '(') fail(tokens[at - 1], "'('");
    const values: string[] = [];
    for (;;) {
      const token = tokens[at++];
      if (token === ')') return values.length === 0 ? [''] : values;
      if (token === ',') continue;
      if (!isWord(token)) return fail(token, "',', ')' or identifier");
      values.push(token);
    }
  };
  while (at < tokens.length) {
    const absent = tokens[at] === '!';
    if (absent) at++;
    const key = tokens[at++];
    if (!isWord(key)) return fail(key, 'identifier');
    const errors = qualified(key);
    if (errors.length > 0)
      throw badRequest(`unable to parse requirement: <nil>: Invalid value: "${key}": ${errors.join('; ')}`);
    const operator = tokens[at];
    if (absent || operator === undefined || operator === ',') {
      requirements.push({ key, operator: absent ? 'absent' : 'exists', values: [] });
    } else if (operator === 'in' || operator === 'notin') {
      at++;
      requirements.push({ key, operator, values: list() });
    } else if (['=', '==', '!=', '>', '<'].includes(operator)) {
      at++;
      const value = isWord(tokens[at]) ? (tokens[at++] as string) : '';
      const wrong = labelValueErrors(value);
      if (wrong.length > 0) {
        throw badRequest(
          `unable to parse requirement: values[0][${key}]: Invalid value: "${value}": ${wrong.join('; ')}`,
        );
      }
      const name = operator === '!=' ? 'notin' : operator === '>' ? 'gt' : operator === '<' ? 'lt' : 'in';
      requirements.push({ key, operator: name, values: [value] });
    } else fail(operator, 'in, notin, =, ==, !=, gt, lt');
    if (at < tokens.length && tokens[at++] !== ',') fail(tokens[at - 1], "',' or 'end of string'");
  }
  return requirements;
}

function matches({ key, operator, values }: Requirement, labels: Record<string, string>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
      return value !== undefined && values.includes(value);
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case 'absent':
      return value === undefined;
    case 'gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'lt':
      return value !== undefined && Number(value) < Number(values[0]);
  }
}

/** `fieldSelector` of a query: equalities of the fields that the kind allows. */
export function parseFieldSelector(text: string | undefined, served: Served): Matcher | undefined {
  if (!text) return undefined;
  const tests = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^([^!=]+)(==|!=|=)(.*)$/s.exec(part);
      if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
      const [, field = '', operator = '', value = ''] = match;
      const read = fieldReader(served, field);
      return (object: KubernetesObject) => (read(object) === value) === (operator !== '!=');
    });
  return (object) => tests.every((test) => test(object));
}

function fieldReader(served: Served, field: string): (object: KubernetesObject) => string {
  if (field === 'metadata.name') return ({ metadata }) => metadata.name;
  if (field === 'metadata.namespace' && served.kind.namespaced) return ({ metadata }) => metadata.namespace ?? '';
  const own = served.kind.fields;
  const read = own && Object.hasOwn(own, field) ? own[field] : undefined;
  if (read) return read;
  throw badRequest(`field label not supported: ${field}`);
}
