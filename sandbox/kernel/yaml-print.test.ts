import { describe, expect, it } from 'vitest';
import { printYaml } from './yaml-print.ts';

const words = (count: number) => Array.from({ length: count }, () => 'word').join(' ');

/** Expectations: `kubectl create configmap x --from-literal a=… --dry-run=client -o yaml`, version 1.35.2. */
const scalars: [string, string][] = [
  ['', '""'],
  ['plain words', 'plain words'],
  ['true', '"true"'],
  ['y', '"y"'],
  ['1', '"1"'],
  ['0123', '"0123"'],
  ['1_000', '"1_000"'],
  ['1e3', '"1e3"'],
  ['0x1F', '"0x1F"'],
  ['12:30', '"12:30"'],
  ['2020-01-01', '"2020-01-01"'],
  ['2020-13-01', '2020-13-01'],
  ['null', '"null"'],
  ['~', '"~"'],
  ['<<', '<<'],
  ['1.2.3', '1.2.3'],
  ['a: b', "'a: b'"],
  ["it's: x", "'it''s: x'"],
  ['- a', "'- a'"],
  ['-a', '-a'],
  ['[a', "'[a'"],
  ['*', "'*'"],
  ['a #b', "'a #b'"],
  [' a', "' a'"],
  ['\ttab', '"\\ttab"'],
  ['é 😀 x', '"é \\U0001F600 x"'],
  ['x\ny', '|-\n  x\n  y'],
  ['x\ny\n', '|\n  x\n  y'],
  ['x\n\n', '|+\n  x\n'],
  ['\n x\ny', '|2-\n\n   x\n  y'],
  ['x\ny ', '"x\\ny "'],
  [`${words(40)}`, `${words(16)}\n  ${words(16)}\n  ${words(8)}`],
];

describe('printYaml', () => {
  it.each(scalars)('prints %j', (text, printed) => {
    expect(printYaml({ a: text })).toBe(`a: ${printed}\n`);
  });

  it('sorts keys with numbers by their value and indents no sequences', () => {
    expect(printYaml({ k10: [], k9: {}, b: [{ y: 1, x: [['a'], { n: null }] }], a: undefined })).toBe(
      ['b:', '- x:', '  - - a', '  - "n": null', '  "y": 1', 'k9: {}', 'k10: []', ''].join('\n'),
    );
  });

  it('prints numbers as Go does', () => {
    expect(printYaml([1, 1.5, 1e21, 0.00001])).toBe('- 1\n- 1.5\n- 1e+21\n- 1e-05\n');
  });
});
