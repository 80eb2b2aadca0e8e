import { type ArithmeticScope, evaluate } from './arithmetic.ts';
import { ExpansionError } from './errors.ts';
import type { Shell } from './shell.ts';
import { VariableError } from './variables.ts';

/** Variables as arithmetic sees them. */
export function arithmeticScope(shell: Shell): ArithmeticScope {
  const scope: ArithmeticScope = {
    get: (name, subscript) => {
      const text = read(shell, name, subscript);
      if (text === undefined && shell.state.options.has('nounset')) {
        throw new ExpansionError(`${name}: unbound variable`, 127);
      }
      return text;
    },
    set: (name, subscript, value) => {
      const { variables } = shell.state;
      if (subscript === undefined) variables.assign(name, value);
      else if (variables.isAssociative(name)) variables.assignElement(name, subscript, value);
      else {
        const present = shell.variable(name)?.value;
        const key = Number(evaluate(subscript, shell.arithmetic));
        const index = key < 0 && Array.isArray(present) ? key + present.length : key;
        if (index < 0) throw new VariableError(`${name}[${subscript}]: bad array subscript`);
        variables.assignElement(name, index, value);
      }
    },
  };
  return scope;
}

function read(shell: Shell, name: string, subscript: string | undefined): string | undefined {
  if (subscript === undefined) return shell.parameter(name);
  const value = shell.variable(name)?.value;
  if (value instanceof Map) return value.get(subscript);
  const key = Number(evaluate(subscript, shell.arithmetic));
  if (!Array.isArray(value)) return key === 0 ? value : undefined;
  return value[key < 0 ? key + value.length : key];
}
