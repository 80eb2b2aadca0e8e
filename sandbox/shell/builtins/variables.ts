import { evaluate } from '../arithmetic.ts';
import { type Assigned, assign, splitAssignment } from '../assign.ts';
import { settle, wordOf } from '../expand/expander.ts';
import { arrayText, attributeFlags } from '../expand/transform.ts';
import { doubleQuote, quoteIfNeeded } from '../quote.ts';
import type { Shell } from '../shell.ts';
import { type Attribute, type Variable, VariableError } from '../variables.ts';
import { type Builtin, type Call, invalidOption, options, usage } from './types.ts';

const attributes: Record<string, Attribute> = {
  x: 'exported',
  r: 'readonly',
  i: 'integer',
  l: 'lower',
  u: 'upper',
  n: 'nameref',
};

interface Declaring {
  /** Attributes to set (true) or clear (false). */
  changes: Map<Attribute, boolean>;
  kind?: 'indexed' | 'associative' | undefined;
  local: boolean;
  global: boolean;
}

/** Leading `-x` and `+x` groups. */
function declareOptions(
  args: string[],
  known: string,
): { on: Set<string>; off: Set<string>; at: number; unknown?: string } {
  const [on, off] = [new Set<string>(), new Set<string>()];
  let at = 0;
  for (; at < args.length; at++) {
    const argument = args[at] as string;
    if (argument === '--') {
      at++;
      break;
    }
    if (!/^[-+]./.test(argument)) break;
    for (const letter of argument.slice(1)) {
      if (!known.includes(letter)) return { on, off, at, unknown: `${argument[0]}${letter}` };
      (argument[0] === '-' ? on : off).add(letter);
    }
  }
  return { on, off, at };
}

export const declare: Builtin = async (shell, args, call) => {
  const { on, off, at, unknown } = declareOptions(args, 'aAfFgiIlnprtux');
  if (unknown) return await invalidOption(shell, call.name, unknown);
  const names = args.slice(at);
  if (on.has('f') || on.has('F')) return await declareFunctions(shell, names, on.has('F'), on.has('x'));
  if (on.has('p') || (names.length === 0 && call.name !== 'local')) {
    return await printVariables(shell, names, on, call.name);
  }
  if (call.name === 'local' && names.length === 0) return 0;
  const changes = new Map<Attribute, boolean>();
  for (const [letter, attribute] of Object.entries(attributes)) {
    if (on.has(letter)) changes.set(attribute, true);
    if (off.has(letter)) changes.set(attribute, false);
  }
  const kind = on.has('A') ? 'associative' : on.has('a') ? 'indexed' : undefined;
  const local =
    shell.state.variables.inFunction && !on.has('g') && shell.frames.some((frame) => frame.name !== 'source');
  return await declareAll(shell, args, at, call, { changes, kind, local, global: on.has('g') });
};

export const local: Builtin = async (shell, args, call) => {
  if (shell.frames.every((frame) => frame.name === 'source')) {
    await shell.error('local: can only be used in a function');
    return 1;
  }
  return await declare(shell, args, call);
};

async function declareAll(shell: Shell, args: string[], at: number, call: Call, how: Declaring): Promise<number> {
  let status = 0;
  for (let index = at; index < args.length; index++) {
    const argument = args[index] as string;
    const given = call.assigned.get(index + 1);
    const split = given ?? parsed(argument);
    if (!split) {
      await shell.error(`${call.name}: \`${argument}': not a valid identifier`);
      status = 1;
      continue;
    }
    try {
      await declareOne(shell, split, how);
    } catch (error) {
      if (!(error instanceof VariableError)) throw error;
      const plain = call.name === 'readonly' || call.name === 'export';
      await shell.error(plain ? error.message : `${call.name}: ${error.message}`);
      status = 1;
    }
  }
  return status;
}

type Declared = Omit<Assigned, 'value'> & { value: Assigned['value'] | undefined };

/** An argument that was not written as an assignment (`declare "$x"`). */
function parsed(argument: string): Declared | undefined {
  const split = splitAssignment(argument);
  if (!split) return undefined;
  return { ...split, index: split.index === undefined ? undefined : wordOf(split.index) };
}

async function declareOne(shell: Shell, declared: Declared, how: Declaring): Promise<void> {
  const { variables } = shell.state;
  const reference = how.changes.get('nameref') === true;
  const name = reference || variables.get(declared.name)?.nameref ? declared.name : variables.resolve(declared.name);
  if (how.local) {
    if (declared.append && !variables.isLocal(name)) variables.makeLocal(name);
    else variables.makeLocal(name);
  }
  const old = variables.get(name);
  if (old?.readonly && declared.value !== undefined) throw new VariableError(`${name}: readonly variable`);
  if (how.kind) setKind(shell, name, how.kind);
  for (const [attribute, on] of how.changes) {
    if (attribute === 'readonly') continue;
    if (attribute === 'lower' && on) variables.setAttribute(name, 'upper', false);
    if (attribute === 'upper' && on) variables.setAttribute(name, 'lower', false);
    if (attribute !== 'nameref') variables.setAttribute(name, attribute, on);
  }
  if (declared.value !== undefined) {
    if (reference) variables.put(name, { ...variables.get(name), value: String(declared.value) });
    else await settle(assign(shell, { ...declared, name, value: declared.value }));
  } else if (!variables.get(name)) variables.put(name, { value: undefined });
  if (reference) variables.setAttribute(name, 'nameref', true);
  else if (how.changes.get('nameref') === false) variables.setAttribute(name, 'nameref', false);
  if (how.changes.get('readonly') === true) variables.setAttribute(name, 'readonly', true);
  else if (how.changes.has('readonly') && old?.readonly) throw new VariableError(`${name}: readonly variable`);
}

function setKind(shell: Shell, name: string, kind: 'indexed' | 'associative'): void {
  const { variables } = shell.state;
  const old = variables.get(name);
  const value = old?.value;
  if (kind === 'associative') {
    if (Array.isArray(value)) throw new VariableError(`${name}: cannot convert indexed to associative array`);
    const map = typeof value === 'string' ? new Map([['0', value]]) : value;
    variables.put(name, { ...old, kind, value: map });
  } else {
    if (value instanceof Map) throw new VariableError(`${name}: cannot convert associative to indexed array`);
    variables.put(name, { ...old, kind, value: typeof value === 'string' ? [value] : value });
  }
}

/** `declare -x a="b"`. */
export function declaration(name: string, variable: Variable): string {
  const flags = attributeFlags(variable);
  const start = `declare -${flags === '' ? '-' : flags} ${name}`;
  if (variable.value === undefined) return start;
  if (typeof variable.value === 'string') return `${start}=${doubleQuote(variable.value)}`;
  return `${start}=${arrayText(variable)}`;
}

async function printVariables(
  shell: Shell,
  names: string[],
  on: ReadonlySet<string>,
  builtin: string,
): Promise<number> {
  const { variables } = shell.state;
  let status = 0;
  if (names.length > 0) {
    for (const name of names) {
      const variable = variables.get(name);
      if (variable) await shell.write(1, `${declaration(name, variable)}\n`);
      else {
        await shell.error(`${builtin}: ${name}: not found`);
        status = 1;
      }
    }
    return status;
  }
  const wanted = [...on].filter((letter) => letter !== 'p' && letter !== 'g');
  const lines: string[] = [];
  for (const name of variables.names().sort()) {
    const variable = variables.get(name) as Variable;
    const flags = attributeFlags(variable);
    if (!wanted.every((letter) => flags.includes(letter))) continue;
    if (on.has('p') || wanted.length > 0) lines.push(`${declaration(name, variable)}\n`);
    else if (variable.value !== undefined) lines.push(`${name}=${setValue(variable)}\n`);
  }
  await shell.write(1, lines.join(''));
  return status;
}

function setValue(variable: Variable): string {
  return typeof variable.value === 'string' ? quoteIfNeeded(variable.value) : arrayText(variable);
}

async function declareFunctions(shell: Shell, names: string[], namesOnly: boolean, exports: boolean): Promise<number> {
  const { functions } = shell.state;
  let status = 0;
  for (const name of names.length > 0 ? names : [...functions.keys()].sort()) {
    const own = functions.get(name);
    if (!own) status = 1;
    else if (exports) own.exported = true;
    else if (namesOnly) await shell.write(1, names.length > 0 ? `${name}\n` : `declare -f ${name}\n`);
    else await shell.write(1, `${shell.functionText(name)}\n`);
  }
  return status;
}

export const exportBuiltin: Builtin = async (shell, args, call) => {
  const { on, at, unknown } = declareOptions(args, 'fnp');
  if (unknown) return await invalidOption(shell, 'export', unknown);
  if (on.has('f')) return await declareFunctions(shell, args.slice(at), false, true);
  if (at >= args.length) return await printVariables(shell, [], new Set(['p', 'x']), 'export');
  const changes = new Map<Attribute, boolean>([['exported', !on.has('n')]]);
  return await declareAll(shell, args, at, call, { changes, local: false, global: false });
};

export const readonly: Builtin = async (shell, args, call) => {
  const { on, at, unknown } = declareOptions(args, 'aAfp');
  if (unknown) return await invalidOption(shell, 'readonly', unknown);
  if (at >= args.length) return await printVariables(shell, [], new Set(['p', 'r']), 'readonly');
  const kind = on.has('A') ? 'associative' : on.has('a') ? 'indexed' : undefined;
  const changes = new Map<Attribute, boolean>([['readonly', true]]);
  return await declareAll(shell, args, at, call, { changes, kind, local: false, global: false });
};

export const unset: Builtin = async (shell, args) => {
  const { given, rest, unknown } = options(args, 'fvn');
  if (unknown) return await invalidOption(shell, 'unset', unknown);
  const { variables, functions } = shell.state;
  let status = 0;
  for (const name of rest) {
    const [, array, index] = /^([A-Za-z_]\w*)\[(.*)\]$/s.exec(name) ?? [];
    try {
      if (given.has('f')) functions.delete(name);
      else if (array !== undefined && index !== undefined) {
        if (index === '@' || index === '*') variables.unset(variables.resolve(array));
        else {
          const key = variables.isAssociative(array) ? index : Number(evaluate(index, shell.arithmetic));
          variables.unsetElement(array, key);
        }
      } else if (variables.get(name) || given.has('v'))
        variables.unset(given.has('n') ? name : variables.resolve(name));
      else functions.delete(name);
    } catch (error) {
      if (!(error instanceof VariableError)) throw error;
      await shell.error(`unset: ${error.message}`);
      status = 1;
    }
  }
  return status;
};

const letters: Record<string, string> = {
  a: 'allexport',
  b: 'notify',
  e: 'errexit',
  f: 'noglob',
  h: 'hashall',
  k: 'keyword',
  m: 'monitor',
  n: 'noexec',
  p: 'privileged',
  t: 'onecmd',
  u: 'nounset',
  v: 'verbose',
  x: 'xtrace',
  B: 'braceexpand',
  C: 'noclobber',
  E: 'errtrace',
  H: 'histexpand',
  P: 'physical',
  T: 'functrace',
};

export const optionNames = [
  ...Object.values(letters),
  ...['emacs', 'history', 'ignoreeof', 'interactive-comments', 'nolog', 'pipefail', 'posix', 'vi'],
].sort();

export const set: Builtin = async (shell, args) => {
  const { state } = shell;
  if (args.length === 0) {
    const lines = shell.variableNames().sort();
    const text = lines.map((name) => `${name}=${setValue(state.variables.get(name) as Variable)}\n`);
    await shell.write(1, text.join(''));
    return 0;
  }
  let at = 0;
  for (; at < args.length; at++) {
    const argument = args[at] as string;
    if (argument === '--' || argument === '-') {
      state.positional = argument === '--' || at + 1 < args.length ? args.slice(at + 1) : state.positional;
      if (argument === '-') for (const option of ['xtrace', 'verbose']) state.options.delete(option);
      return 0;
    }
    if (!/^[-+]./.test(argument)) break;
    const on = argument.startsWith('-');
    for (const letter of argument.slice(1)) {
      let option = letters[letter];
      if (letter === 'o') {
        option = args[++at];
        if (option === undefined) return await listOptions(shell, on);
        if (!optionNames.includes(option)) {
          await shell.error(`set: ${option}: invalid option name`);
          return 2;
        }
      }
      if (option === undefined) return await invalidOption(shell, 'set', `${argument[0]}${letter}`);
      if (on) state.options.add(option);
      else state.options.delete(option);
    }
  }
  if (at < args.length) state.positional = args.slice(at);
  return 0;
};

async function listOptions(shell: Shell, table: boolean): Promise<number> {
  const { options: on } = shell.state;
  const line = (name: string) =>
    table ? `${name.padEnd(15)}\t${on.has(name) ? 'on' : 'off'}\n` : `set ${on.has(name) ? '-' : '+'}o ${name}\n`;
  await shell.write(1, optionNames.map(line).join(''));
  return 0;
}

/** Options of shopt that exist; those that change nothing here are kept all the same. */
const shoptNames =
  'autocd assoc_expand_once cdable_vars cdspell checkhash checkjobs checkwinsize cmdhist compat31 compat32 compat40 compat41 compat42 compat43 compat44 complete_fullquote direxpand dirspell dotglob execfail expand_aliases extdebug extglob extquote failglob force_fignore globasciiranges globskipdots globstar gnu_errfmt histappend histreedit histverify hostcomplete huponexit inherit_errexit interactive_comments lastpipe lithist localvar_inherit localvar_unset login_shell mailwarn no_empty_cmd_completion nocaseglob nocasematch noexpand_translation nullglob patsub_replacement progcomp progcomp_alias promptvars restricted_shell shift_verbose sourcepath varredir_close xpg_echo'.split(
    ' ',
  );

export const shopt: Builtin = async (shell, args) => {
  const { given, rest, unknown } = options(args, 'pqsuo');
  if (unknown) return await invalidOption(shell, 'shopt', unknown);
  if (given.has('s') && given.has('u')) {
    await shell.error('shopt: cannot set and unset shell options simultaneously');
    return 1;
  }
  const all = given.has('o') ? optionNames : shoptNames;
  const on = given.has('o') ? shell.state.options : shell.state.shopts;
  let status = 0;
  const shown: string[] = [];
  for (const name of rest.length > 0 ? rest : all) {
    if (!all.includes(name)) {
      await shell.error(`shopt: ${name}: invalid shell option name`);
      status = 1;
    } else if (rest.length > 0 && given.has('s')) on.add(name);
    else if (rest.length > 0 && given.has('u')) on.delete(name);
    else {
      if (rest.length > 0 && !on.has(name)) status = 1;
      if ((given.has('s') && !on.has(name)) || (given.has('u') && on.has(name))) continue;
      const set = given.has('o')
        ? `set ${on.has(name) ? '-' : '+'}o ${name}`
        : `shopt ${on.has(name) ? '-s' : '-u'} ${name}`;
      shown.push(given.has('p') ? `${set}\n` : `${name.padEnd(15)}\t${on.has(name) ? 'on' : 'off'}\n`);
    }
  }
  if (!given.has('q')) await shell.write(1, shown.join(''));
  return status;
};

export const shift: Builtin = async (shell, args) => {
  const text = (args[0] === '--' ? args[1] : args[0]) ?? '1';
  if (!/^\s*[+-]?\d+\s*$/.test(text)) {
    await shell.error(`shift: ${text}: numeric argument required`);
    return 1;
  }
  const count = Number(text);
  if (count < 0) {
    await shell.error(`shift: ${text}: shift count out of range`);
    return 1;
  }
  const { positional } = shell.state;
  if (count > positional.length) return 1;
  shell.state.positional = positional.slice(count);
  return 0;
};

export const letBuiltin: Builtin = async (shell, args) => {
  if (args.length === 0) {
    await shell.error('let: expression expected');
    return 1;
  }
  let value = 0n;
  for (const text of args) value = evaluate(text, shell.arithmetic);
  return value === 0n ? 1 : 0;
};

export const getopts: Builtin = async (shell, args) => {
  const [spec, name, ...given] = args;
  if (spec === undefined || name === undefined) return await usage(shell, 'getopts');
  const { state } = shell;
  const { variables } = state;
  const list = given.length > 0 ? given : state.positional;
  let index = Number(variables.text('OPTIND') ?? '1');
  if (index < 1) index = 1;
  if (index !== state.optionIndex) state.optionOffset = 0;
  const silent = spec.startsWith(':');
  const done = (letter: string, status: number) => {
    variables.assign(name, letter);
    variables.assign('OPTIND', String(index));
    state.optionIndex = index;
    return status;
  };
  const word = list[index - 1];
  if (state.optionOffset === 0) {
    if (word === undefined || !/^-./.test(word)) {
      variables.unset('OPTARG');
      return done('?', 1);
    }
    if (word === '--') {
      index++;
      return done('?', 1);
    }
  }
  const offset = state.optionOffset || 1;
  const letter = (word ?? '')[offset] ?? '?';
  const place = letter === ':' ? -1 : spec.indexOf(letter, silent ? 1 : 0);
  const last = offset + 1 >= (word ?? '').length;
  const advance = () => {
    state.optionOffset = last ? 0 : offset + 1;
    if (last) index++;
  };
  if (place < 0) {
    advance();
    if (silent) variables.assign('OPTARG', letter);
    else {
      variables.unset('OPTARG');
      if (variables.text('OPTERR') !== '0') await shell.write(2, `${state.name}: illegal option -- ${letter}\n`);
    }
    return done('?', 0);
  }
  if (spec[place + 1] !== ':') {
    advance();
    variables.unset('OPTARG');
    return done(letter, 0);
  }
  state.optionOffset = 0;
  const attached = (word ?? '').slice(offset + 1);
  index++;
  if (attached !== '') variables.assign('OPTARG', attached);
  else if (list[index - 1] !== undefined) variables.assign('OPTARG', list[index++ - 1] as string);
  else if (silent) {
    variables.assign('OPTARG', letter);
    return done(':', 0);
  } else {
    variables.unset('OPTARG');
    if (variables.text('OPTERR') !== '0') {
      await shell.write(2, `${state.name}: option requires an argument -- ${letter}\n`);
    }
    return done('?', 0);
  }
  return done(letter, 0);
};
