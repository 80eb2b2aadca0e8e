import type { Json, JsonObject } from '../../kernel/json.ts';
import { described, equal, isObject, JqError } from './values.ts';

/** `+ - * / %` on any values. Throws `JqError`. */
export function arithmetic(operator: string, left: Json, right: Json): Json {
  switch (operator) {
    case '+':
      return add(left, right);
    case '-':
      if (typeof left === 'number' && typeof right === 'number') return left - right;
      if (Array.isArray(left) && Array.isArray(right))
        return left.filter((item) => !right.some((each) => equal(item, each)));
      throw new JqError(`${described(left)} and ${described(right)} cannot be subtracted`);
    case '*':
      return multiply(left, right);
    case '/':
      return divide(left, right);
    default:
      return modulo(left, right);
  }
}

function add(left: Json, right: Json): Json {
  if (left === null) return right;
  if (right === null) return left;
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  if (isObject(left) && isObject(right)) return { ...left, ...right };
  throw new JqError(`${described(left)} and ${described(right)} cannot be added`);
}

function multiply(left: Json, right: Json): Json {
  if (typeof left === 'number' && typeof right === 'number') return left * right;
  const [text, count] = typeof left === 'string' ? [left, right] : [right, left];
  if (typeof text === 'string' && typeof count === 'number') {
    return count <= 0 ? null : text.repeat(Math.max(1, Math.floor(count)));
  }
  if (isObject(left) && isObject(right)) return merge(left, right);
  throw new JqError(`${described(left)} and ${described(right)} cannot be multiplied`);
}

function merge(left: JsonObject, right: JsonObject): JsonObject {
  const result: JsonObject = { ...left };
  for (const [key, value] of Object.entries(right)) {
    const old = result[key];
    result[key] = old !== undefined && isObject(old) && isObject(value) ? merge(old, value) : value;
  }
  return result;
}

function divide(left: Json, right: Json): Json {
  if (typeof left === 'number' && typeof right === 'number') {
    if (right === 0)
      throw new JqError(`${described(left)} and ${described(right)} cannot be divided because the divisor is zero`);
    return left / right;
  }
  if (typeof left === 'string' && typeof right === 'string') return left === '' ? [] : left.split(right);
  throw new JqError(`${described(left)} and ${described(right)} cannot be divided`);
}

function modulo(left: Json, right: Json): Json {
  if (typeof left !== 'number' || typeof right !== 'number') {
    throw new JqError(`${described(left)} and ${described(right)} cannot be divided`);
  }
  const divisor = Math.abs(Math.trunc(right));
  if (divisor === 0)
    throw new JqError(`${described(left)} and ${described(right)} cannot be divided because the divisor is zero`);
  return (Math.trunc(left) % divisor) + 0;
}
