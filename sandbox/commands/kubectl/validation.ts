import { KubectlError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';

/** --validate as the API's fieldValidation. */
export function fieldValidation(k: Kubectl): 'Strict' | 'Warn' | 'Ignore' {
  const value = k.flags.text('validate');
  switch (value) {
    case 'true':
    case 'strict':
      return 'Strict';
    case 'warn':
      return 'Warn';
    case 'false':
    case 'ignore':
      return 'Ignore';
    default:
      throw new KubectlError(
        `invalid - validate option ${JSON.stringify(value)}; must be one of: strict (or true), warn, ignore (or false)`,
      );
  }
}
