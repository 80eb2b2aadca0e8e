const compiled = new Map<string, RegExp>();

/** A regular expression of RE2's syntax as far as JavaScript's own is the same; what it cannot read matches nothing. */
export function pattern(source: string): RegExp {
  let expression = compiled.get(source);
  if (!expression) {
    try {
      expression = new RegExp(source, 'u');
    } catch {
      try {
        expression = new RegExp(source);
      } catch {
        expression = /(?!)/;
      }
    }
    compiled.set(source, expression);
  }
  return expression;
}
