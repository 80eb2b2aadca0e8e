import { describe, expect, it } from 'vitest';
import { jsonPathPrinter } from '../jsonpath-printer.ts';

const pods = {
  kind: 'List',
  items: [
    {
      metadata: { name: 'a', labels: { app: 'x', 'example.org/tier': 'front' } },
      spec: { containers: [{ name: 'c1', ports: [{ port: 80 }] }, { name: 'c2' }] },
      status: { phase: 'Running', ready: true, ratio: 1.5 },
    },
    { metadata: { name: 'b', labels: null }, spec: { containers: [{ name: 'c3' }] }, status: { phase: 'Pending' } },
  ],
};

const print = (template: string, allowMissingKeys = true) =>
  jsonPathPrinter(template, { asJson: false, allowMissingKeys })(pods);

/** What `kubectl get … -o jsonpath=…` 1.35.2 prints of the same data. */
const found: [string, string][] = [
  ['{.kind}', 'List'],
  ['{$.kind}', 'List'],
  ['{.items[*].metadata.name}', 'a b'],
  ['{.items[0].metadata.name}', 'a'],
  ['{.items[-1].metadata.name}', 'b'],
  ['{.items[0:2].metadata.name}', 'a b'],
  ['{.items[::2].metadata.name}', 'a'],
  ['{.items[0,1].metadata.name}', 'a b'],
  ["{.items[0]['metadata','kind']}", '{"labels":{"app":"x","example.org/tier":"front"},"name":"a"}'],
  ['{.items..port}', '80'],
  ['{.items[0].metadata.labels.example\\.org/tier}', 'front'],
  ["{.items[0].metadata.labels['app']}", 'x'],
  ['{.items[0].spec.containers}', '[{"name":"c1","ports":[{"port":80}]},{"name":"c2"}]'],
  ['{.items[?(@.status.phase=="Running")].metadata.name}', 'a'],
  ['{.items[?(@.status.phase!="Running")].metadata.name}', 'b'],
  ['{.items[*].spec.containers[?(@.ports)].name}', 'c1'],
  ['{.items[*].spec.containers[?(@.name=="c3")].name}', 'c3'],
  ['{.items[?(@.status.ratio>1.25)].metadata.name}', 'a'],
  ['{range .items[*]}{.metadata.name}{"\\t"}{.status.phase}{"\\n"}{end}', 'a\tRunning\nb\tPending\n'],
  ['{range .items[*]}[{range .spec.containers[*]}{.name},{end}]{end}!', '[c1,c2,][c3,]!'],
  ['{range .nosuch[*]}{.x}{end}after', 'after'],
  ['{.items[0].status.ready} {.items[0].status.ratio}', 'true 1.5'],
  ['{.items[1].metadata.labels}', 'null'],
  ['{.nosuch}', ''],
  ['{"it\'s"} {1} {true}', "it's 1 true"],
  ['plain text', 'plain text'],
  ['{.items[0].spec.containers[*].name}-{.kind}', 'c1 c2-List'],
  ['{.items[0:0].kind}', ''],
];

describe('jsonpath', () => {
  it.each(found)('%s', (template, text) => {
    expect(print(template)).toBe(text);
  });

  it('prints each result as an indented list with jsonpath-as-json', () => {
    const printer = jsonPathPrinter('{.items[*].metadata.name}', { asJson: true, allowMissingKeys: true });
    expect(printer(pods)).toBe('[\n    "a",\n    "b"\n]\n');
  });

  it.each([
    ['{.items[}', 'unterminated array'],
    ['{.items', 'unclosed action'],
    ['{"a', 'unterminated quoted string'],
    ['{%}', "unrecognized character in action: U+0025 '%'"],
    ['{.items[x]}', 'invalid array index x'],
    ['{.items[?(@.a}', 'unterminated filter'],
    ['{....a}', 'invalid multiple recursive descent'],
  ])('%s is refused', (template, reason) => {
    expect(() => print(template)).toThrow(`error parsing jsonpath ${template}, ${reason}`);
  });

  it.each([
    ['{.items[9].kind}', 'array index out of bounds: index 9, length 2'],
    ['{.kind[0]}', 'string is not array or slice'],
    ['{foo}', 'unrecognized identifier foo'],
    ['{end}', 'not in range, nothing to end'],
    ['{.items[?(@.status.phase==1)].kind}', 'incompatible types for comparison'],
    ['{.items[::-1].kind}', 'step must be > 0'],
  ])('%s fails', (template, reason) => {
    expect(() => print(template)).toThrow(`Error executing template: ${reason}.`);
  });

  it('complains of missing fields when told to', () => {
    expect(() => print('{.nosuch}', false)).toThrow('nosuch is not found');
  });
});
