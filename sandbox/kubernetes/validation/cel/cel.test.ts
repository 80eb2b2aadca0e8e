import { expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import { CelSyntaxError, parseCel } from './parse.ts';
import { toCel } from './rules.ts';
import { CelError } from './values.ts';

const run = (expression: string, self: unknown = null) => evaluate(parseCel(expression), { self: toCel(self) });

test.each<[string, unknown, unknown]>([
  ['1 + 2 * 3 == 7', null, true],
  ['"a" + "b" == \'ab\' && !false', null, true],
  ['self.size() == 0 ? "none" : self[0]', ['x'], 'x'],
  ['has(self.a) && !has(self.b)', { a: 1 }, true],
  ['self.all(k, k.matches("^[a-z]+$"))', { abc: 1, d: 2 }, true],
  ['self.exists_one(x, x == 2)', [1, 2, 3], true],
  ['self.filter(x, x > 1).map(x, x * 2) == [4, 6]', [1, 2, 3], true],
  ['self in ["", "HTTP"]', 'HTTP', true],
  ["duration(self) >= duration('1ms')", '0s', false],
  ["duration(self) >= duration('1ms')", '1h30m', true],
  ['url(self).getScheme() in ["http", "https"]', 'https://a.b:80/c', true],
  ['isURL(self)', 'foo.com', false],
  ['self.substring(7, 8) == "/"', 'unix:///x', true],
  ['int(self) < 65536', '80', true],
  ['self.x == 1 || true', {}, true],
])('%s of %j', (expression, self, value) => {
  expect(run(expression, self)).toEqual(value);
});

test.each([
  ['self.value', {}, 'no such key: value'],
  ["duration(self) > duration('1s')", 'x', "type conversion error from 'string' to 'google.protobuf.Duration'"],
  ['int(self) > 0', 'x', "type conversion error from 'string' to 'int'"],
  ['self + 1 == 2', 'x', 'no such overload'],
])('%s fails', (expression, self, message) => {
  expect(() => run(expression, self)).toThrow(new CelError(message));
});

test('what is no expression is told', () => {
  for (const text of ['self.', '1 +', '(a', 'a b', '"x']) expect(() => parseCel(text)).toThrow(CelSyntaxError);
});
