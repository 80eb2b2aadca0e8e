import { isRecord } from '../objects.ts';
import { JsonPathError, type Node, parseJsonPath, type SliceBound } from './parser.ts';

/** A parsed template that finds values in plain data (client-go/util/jsonpath/jsonpath.go). */
export class JsonPath {
  readonly #nodes: Node[];
  readonly #allowMissing: boolean;
  #beginRange = 0;
  #inRange = 0;
  #endRange = 0;
  #lastEnd: Node | undefined;

  constructor(template: string, options: { allowMissingKeys?: boolean } = {}) {
    this.#nodes = parseJsonPath(template);
    this.#allowMissing = options.allowMissingKeys ?? false;
  }

  /** What each piece of the template finds, in order. */
  find(data: unknown): unknown[][] {
    this.#beginRange = 0;
    this.#inRange = 0;
    this.#endRange = 0;
    this.#lastEnd = undefined;
    return this.#run(data, 0);
  }

  #run(data: unknown, from: number): unknown[][] {
    const nodes = this.#nodes;
    const found: unknown[][] = [];
    for (let index = from; index < nodes.length; index++) {
      const node = nodes[index] as Node;
      const results = this.#walk([data], node);
      if (this.#endRange > 0 && this.#endRange <= this.#inRange) {
        this.#endRange--;
        this.#lastEnd = node;
        break;
      }
      if (this.#beginRange > 0) {
        this.#beginRange--;
        this.#inRange++;
        // Without results the block is still walked, to find its end.
        for (const value of results) found.push(...this.#run(value, index + 1));
        if (results.length === 0) this.#run(null, index + 1);
        this.#inRange--;
        const end = this.#lastEnd ? nodes.indexOf(this.#lastEnd, index + 1) : -1;
        if (end >= 0) index = end;
        continue;
      }
      found.push(results);
    }
    return found;
  }

  #walk(input: unknown[], node: Node): unknown[] {
    switch (node.type) {
      case 'list':
        return this.#list(input, node.nodes);
      case 'text':
        return [node.text];
      case 'field':
        return this.#field(input, node.name);
      case 'identifier':
        return this.#identifier(input, node.name);
      case 'array':
        return input.flatMap((value) => (value === null ? [] : slice(value, node.bounds)));
      case 'literal':
        return input.map(() => node.value);
      case 'wildcard':
        return input.flatMap(members);
      case 'recursive':
        return input.flatMap(descend);
      case 'union':
        return node.members.flatMap((member) => this.#list(input, member));
      case 'filter':
        return input.flatMap((value) => this.#filter(value, node));
    }
  }

  #list(input: unknown[], nodes: Node[]): unknown[] {
    let current = input;
    for (const node of nodes) current = this.#walk(current, node);
    return current;
  }

  #field(input: unknown[], name: string): unknown[] {
    if (input.length === 0) return [];
    const found = input.flatMap((value) =>
      isRecord(value) && Object.hasOwn(value, name) && value[name] !== undefined ? [value[name]] : [],
    );
    if (found.length === 0 && !this.#allowMissing) throw new JsonPathError(`${name} is not found`);
    return found;
  }

  #identifier(input: unknown[], name: string): unknown[] {
    if (name === 'range') {
      this.#beginRange++;
      return input;
    }
    if (name !== 'end') throw new JsonPathError(`unrecognized identifier ${name}`);
    if (this.#inRange === 0) throw new JsonPathError('not in range, nothing to end');
    this.#endRange++;
    return [];
  }

  #filter(value: unknown, node: Node & { type: 'filter' }): unknown[] {
    if (!Array.isArray(value)) {
      throw new JsonPathError(`${goValue(value)} is not array or slice and cannot be filtered`);
    }
    return value.filter((item) => {
      if (node.operator === 'exists') {
        try {
          return this.#list([item], node.left).length > 0;
        } catch (error) {
          if (error instanceof JsonPathError) return false;
          throw error;
        }
      }
      const left = this.#list([item], node.left);
      if (left.length === 0) return false;
      if (left.length > 1) throw new JsonPathError('can only compare one element at a time');
      const right = this.#list([item], node.right);
      if (right.length === 0) return false;
      if (right.length > 1) throw new JsonPathError('can only compare one element at a time');
      return compare(left[0], right[0], node.operator);
    });
  }
}

function slice(value: unknown, [first, last, step]: [SliceBound, SliceBound, SliceBound]): unknown[] {
  if (!Array.isArray(value)) throw new JsonPathError(`${goType(value)} is not array or slice`);
  const { length } = value;
  let start = first.known ? first.value : 0;
  if (start < 0) start += length;
  let end = last.known ? last.value : length;
  if (end < 0 || (end === 0 && last.derived)) end += length;
  if (start === end) return [];
  if (start >= length || start < 0) {
    throw new JsonPathError(`array index out of bounds: index ${start}, length ${length}`);
  }
  if (end > length || end < 0) {
    throw new JsonPathError(`array index out of bounds: index ${end - 1}, length ${length}`);
  }
  if (start > end) throw new JsonPathError(`starting index ${start} is greater than ending index ${end}`);
  if (step.known && step.value <= 0) throw new JsonPathError('step must be > 0');
  return value.slice(start, end).filter((_, index) => index % (step.known ? step.value : 1) === 0);
}

/** Members of a map in the order of their keys, items of a list. */
function members(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (!isRecord(value)) return [];
  return Object.keys(value)
    .sort()
    .map((key) => value[key]);
}

function descend(value: unknown): unknown[] {
  const inner = members(value);
  return inner.length === 0 ? [] : [value, ...inner.flatMap(descend)];
}

function compare(left: unknown, right: unknown, operator: string): boolean {
  const kind = (value: unknown) =>
    typeof value === 'number' ? (Number.isInteger(value) ? 'int' : 'float') : typeof value;
  for (const value of [left, right]) {
    if (typeof value === 'object') throw new JsonPathError('invalid type for comparison');
  }
  if (kind(left) !== kind(right)) throw new JsonPathError('incompatible types for comparison');
  const [a, b] = [left as string, right as string];
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '>':
      return a > b;
    case '<=':
      return a <= b;
    case '>=':
      return a >= b;
    default:
      throw new JsonPathError(`unrecognized filter operator ${operator}`);
  }
}

/** The name Go gives the type of decoded JSON. */
export function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isRecord(value)) return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** Decoded JSON as Go's %v prints it. */
export function goValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`;
  if (!isRecord(value)) return String(value);
  return `map[${Object.keys(value)
    .sort()
    .map((key) => `${key}:${goValue(value[key])}`)
    .join(' ')}]`;
}
