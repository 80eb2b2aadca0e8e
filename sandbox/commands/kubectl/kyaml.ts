import { isRecord } from './objects.ts';

/** KYAML: YAML in flow style with quoted strings, as `-o kyaml` prints it. */
export function printKyaml(value: unknown): string {
  return `---\n${node(value, '')}\n`;
}

function node(value: unknown, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    if (value.every(isRecord)) return `[${value.map((item) => node(item, indent)).join(', ')}]`;
    return `[\n${value.map((item) => `${inner}${node(item, inner)},\n`).join('')}${indent}]`;
  }
  if (isRecord(value)) {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    if (keys.length === 0) return '{}';
    const members = keys.sort().map((key) => `${inner}${keyText(key)}: ${node(value[key], inner)},\n`);
    return `{\n${members.join('')}${indent}}`;
  }
  return JSON.stringify(value ?? null);
}

function keyText(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_./-]*$/.test(key) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(key)
    ? key
    : JSON.stringify(key);
}
