import { KubectlError } from './errors.ts';
import { goQuote } from './flags.ts';
import { JsonPath } from './jsonpath/evaluate.ts';
import { JsonPathError } from './jsonpath/parser.ts';
import { relaxedJsonPath } from './jsonpath-printer.ts';
import { parseQuantity } from './quantity.ts';

/** `items` in the order of a field (--sort-by); `objectOf` gives what the path looks into. Items without it come first. */
export function sortByField<T>(items: T[], expression: string, objectOf: (item: T) => unknown): T[] {
  const field = relaxedJsonPath(expression);
  let path: JsonPath;
  try {
    path = new JsonPath(field, { allowMissingKeys: true });
  } catch (error) {
    if (error instanceof JsonPathError) throw new KubectlError(`sorting error: ${error.message}`);
    throw error;
  }
  const keyed = items.map((item) => {
    const found = path.find(objectOf(item))[0] ?? [];
    return { item, present: found.length > 0, value: found[0] };
  });
  if (keyed.length > 0 && !keyed.some(({ present }) => present)) {
    throw new KubectlError(`couldn't find any field with path ${goQuote(field)} in the list of objects`);
  }
  for (const { present, value } of keyed) {
    if (present && typeof value === 'object' && value !== null && !Array.isArray(value)) {
      throw new KubectlError(
        `Field ${field} in *unstructured.Unstructured is an unsortable type: interface, err: unsortable type: map[string]interface {}`,
      );
    }
  }
  return keyed
    .sort((a, b) => (a.present && b.present ? compareValues(a.value, b.value) : Number(a.present) - Number(b.present)))
    .map(({ item }) => item);
}

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') {
    const [left, right] = [parseQuantity(a), parseQuantity(b)];
    if (left !== undefined && right !== undefined) return left - right;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < Math.min(a.length, b.length); index++) {
      const order = compareValues(a[index], b[index]);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  return 0;
}
