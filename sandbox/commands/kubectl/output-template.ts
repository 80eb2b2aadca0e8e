import { KubectlError } from './errors.ts';
import { goQuote } from './flags.ts';
import { JsonPath } from './jsonpath/evaluate.ts';
import { JsonPathError } from './jsonpath/parser.ts';
import { escapeHtml, sortedJson } from './manifests.ts';
import { isRecord } from './objects.ts';

/** `metadata.name`, `.metadata.name`, `{metadata.name}` → `{.metadata.name}`. */
export function relaxedJsonPath(expression: string): string {
  if (expression === '') return expression;
  const match = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/.exec(expression);
  if (!match) {
    throw new KubectlError(
      "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
    );
  }
  return `{.${match[1] ?? match[2]}}`;
}

/** The printer behind -o jsonpath=… and jsonpath-as-json=…. */
export function jsonPathPrinter(
  template: string,
  options: { asJson: boolean; allowMissingKeys: boolean },
): (data: unknown) => string {
  let path: JsonPath;
  try {
    path = new JsonPath(template, options);
  } catch (error) {
    if (error instanceof JsonPathError) {
      throw new KubectlError(`error parsing jsonpath ${template}, ${error.message}`);
    }
    throw error;
  }
  return (data) => {
    try {
      return path
        .find(data)
        .map((results) =>
          options.asJson ? `${indentedJson(results)}\n` : results.map((value) => valueText(value)).join(' '),
        )
        .join('');
    } catch (error) {
      if (!(error instanceof JsonPathError)) throw error;
      throw new KubectlError(
        `error executing jsonpath ${goQuote(template)}: Error executing template: ${error.message}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${template}\n\tobject given to jsonpath engine was:\n\t\t${goSyntax(data)}\n\n\n`,
      );
    }
  };
}

/** A found value as text: lists and maps as JSON, the rest as Go prints it. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'object') return sortedJson(value);
  if (typeof value === 'number') return goNumber(value);
  return String(value);
}

/** A number as Go's %v prints it. */
export function goNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < (Number.isInteger(value) ? 2 ** 63 : 1e21))) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/** JSON with sorted keys, indented by four spaces: kubectl's -o json, without the last newline. */
export function indentedJson(value: unknown, indent = '', keepOrder = false): string {
  const inner = `${indent}    `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[\n${value.map((item) => inner + indentedJson(item ?? null, inner, keepOrder)).join(',\n')}\n${indent}]`;
  }
  if (!isRecord(value)) return escapeHtml(JSON.stringify(value ?? null));
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  if (keys.length === 0) return '{}';
  if (!keepOrder) keys.sort();
  const members = keys.map(
    (key) => `${inner}${escapeHtml(JSON.stringify(key))}: ${indentedJson(value[key], inner, keepOrder)}`,
  );
  return `{\n${members.join(',\n')}\n${indent}}`;
}

/** Decoded JSON as Go's %#v prints it. */
function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (typeof value === 'string') return goQuote(value);
  if (!isRecord(value)) return String(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${goQuote(key)}:${goSyntax(value[key])}`);
  return `map[string]interface {}{${members.join(', ')}}`;
}
