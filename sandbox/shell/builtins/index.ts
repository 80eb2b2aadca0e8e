import { cd, dirs, popd, pushd, pwd } from './directories.ts';
import {
  breakBuiltin,
  builtinBuiltin,
  command,
  continueBuiltin,
  evalBuiltin,
  exec,
  exit,
  returnBuiltin,
  source,
  trap,
} from './flow.ts';
import { alias, hash, help, history, times, type, ulimit, umask, unalias } from './info.ts';
import { echo, mapfile, printf, read } from './io.ts';
import { bg, fg, jobs, kill, wait } from './jobs.ts';
import { test } from './test.ts';
import type { Builtin } from './types.ts';
import { declare, exportBuiltin, getopts, letBuiltin, local, readonly, set, shift, shopt, unset } from './variables.ts';

export type { Builtin } from './types.ts';

let table: ReadonlyMap<string, Builtin> | undefined;

/** The command inside the shell of that name. The table is made at the first call: modules import each other in rings. */
export function findBuiltin(name: string): Builtin | undefined {
  table ??= new Map(Object.entries(allBuiltins()));
  return table.get(name);
}

const allBuiltins = (): Record<string, Builtin> => ({
  '.': source,
  ':': () => 0,
  '[': test,
  alias,
  bg,
  break: breakBuiltin,
  builtin: builtinBuiltin,
  cd,
  command,
  continue: continueBuiltin,
  declare,
  dirs,
  echo,
  eval: evalBuiltin,
  exec,
  exit,
  export: exportBuiltin,
  false: () => 1,
  fg,
  getopts,
  hash,
  help,
  history,
  jobs,
  kill,
  let: letBuiltin,
  local,
  mapfile,
  popd,
  printf,
  pushd,
  pwd,
  read,
  readarray: mapfile,
  readonly,
  return: returnBuiltin,
  set,
  shift,
  shopt,
  source,
  test,
  times,
  trap,
  true: () => 0,
  type,
  typeset: declare,
  ulimit,
  umask,
  unalias,
  unset,
  wait,
});

/** Builtins whose arguments may be assignments, arrays included. */
export const declares: ReadonlySet<string> = new Set(['declare', 'typeset', 'local', 'export', 'readonly']);

/** POSIX' special builtins. */
export const specialBuiltins: ReadonlySet<string> = new Set(
  'break : continue . eval exec exit export readonly return set shift source times trap unset'.split(' '),
);
