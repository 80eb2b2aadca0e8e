import { KubectlError } from './errors.ts';
import { goValue, JsonPath } from './jsonpath/evaluate.ts';
import { JsonPathError } from './jsonpath/parser.ts';
import { relaxedJsonPath } from './jsonpath-printer.ts';
import { goNumber } from './output-template.ts';
import { TabWriter } from './tab-writer.ts';

/** The printer behind -o custom-columns=HEADER:path,… */
export function customColumnsPrinter(spec: string, noHeaders: boolean): (objects: unknown[]) => string {
  if (spec === '') throw new KubectlError('custom-columns format specified but no custom columns given');
  const columns = spec.split(',').map((part) => {
    const colon = part.indexOf(':');
    if (colon < 0) {
      throw new KubectlError(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    }
    return { header: part.slice(0, colon), path: compile(relaxedJsonPath(part.slice(colon + 1))) };
  });
  return tablePrinter(columns, noHeaders);
}

/** The printer behind -o custom-columns-file=…: a line of headers, a line of paths. */
export function customColumnsFilePrinter(content: string, noHeaders: boolean): (objects: unknown[]) => string {
  const hint = 'Expected format is one line of space separated headers, one line of space separated column specs.';
  const [first, second] = content.split('\n');
  if (!first) throw new KubectlError(`invalid template, missing header line. ${hint}`);
  if (!second) throw new KubectlError(`invalid template, missing spec line. ${hint}`);
  const headers = first.split(/\s+/).filter(Boolean);
  const specs = second.split(/\s+/).filter(Boolean);
  if (headers.length !== specs.length) {
    throw new KubectlError(
      `number of headers (${headers.length}) and field specifications (${specs.length}) don't match`,
    );
  }
  return tablePrinter(
    headers.map((header, index) => ({ header, path: compile(relaxedJsonPath(specs[index] as string)) })),
    noHeaders,
  );
}

function compile(path: string): JsonPath {
  try {
    return new JsonPath(path, { allowMissingKeys: true });
  } catch (error) {
    if (error instanceof JsonPathError) throw new KubectlError(error.message);
    throw error;
  }
}

function tablePrinter(columns: { header: string; path: JsonPath }[], noHeaders: boolean) {
  return (objects: unknown[]): string => {
    const writer = new TabWriter();
    if (!noHeaders) writer.line(columns.map(({ header }) => header));
    for (const object of objects) {
      writer.line(
        columns.map(({ path }) => {
          const found = findIn(path, object);
          return found.length === 0 ? '<none>' : found.map(cell).join(',');
        }),
      );
    }
    return writer.flush();
  };
}

function findIn(path: JsonPath, object: unknown): unknown[] {
  try {
    return path.find(object).flat();
  } catch (error) {
    if (error instanceof JsonPathError) throw new KubectlError(error.message);
    throw error;
  }
}

function cell(value: unknown): string {
  return typeof value === 'number' ? goNumber(value) : goValue(value);
}
