import { KubectlError } from './errors.ts';
import { goQuote } from './flags.ts';
import { JsonPath } from './jsonpath/evaluate.ts';
import { JsonPathError } from './jsonpath/parser.ts';
import { isRecord } from './objects.ts';
import { indentedJson, valueText } from './output-template.ts';

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
