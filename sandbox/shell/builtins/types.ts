import type { Assigned } from '../assign.ts';
import type { Shell } from '../shell.ts';

/** How a builtin was called. */
export interface Call {
  /** The name in errors: `.` or `source`, `declare` or `local` … */
  name: string;
  /** Assignments among the arguments, by their place in argv (the builtin's name is 0), values expanded. */
  assigned: ReadonlyMap<number, Assigned>;
}

/** A command inside the shell; answers the exit status. */
export type Builtin = (shell: Shell, args: string[], call: Call) => number | Promise<number>;

/** What `help` and errors of usage show after the name. */
export const usages: Record<string, string> = {
  '.': '. filename [arguments]',
  alias: 'alias [-p] [name[=value] ... ]',
  bg: 'bg [job_spec ...]',
  break: 'break [n]',
  builtin: 'builtin [shell-builtin [arg ...]]',
  cd: 'cd [-L|[-P [-e]] [-@]] [dir]',
  command: 'command [-pVv] command [arg ...]',
  continue: 'continue [n]',
  declare: 'declare [-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]',
  dirs: 'dirs [-clpv] [+N] [-N]',
  echo: 'echo [-neE] [arg ...]',
  eval: 'eval [arg ...]',
  exec: 'exec [-cl] [-a name] [command [argument ...]] [redirection ...]',
  exit: 'exit [n]',
  export: 'export [-fn] [name[=value] ...] or export -p',
  fg: 'fg [job_spec]',
  getopts: 'getopts optstring name [arg ...]',
  hash: 'hash [-lr] [-p pathname] [-dt] [name ...]',
  help: 'help [-dms] [pattern ...]',
  history: 'history [-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]',
  jobs: 'jobs [-lnprs] [jobspec ...] or jobs -x command [args]',
  kill: 'kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]',
  let: 'let arg [arg ...]',
  local: 'local [option] name[=value] ...',
  mapfile: 'mapfile [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]',
  popd: 'popd [-n] [+N | -N]',
  printf: 'printf [-v var] format [arguments]',
  pushd: 'pushd [-n] [+N | -N | dir]',
  pwd: 'pwd [-LP]',
  read: 'read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]',
  readonly: 'readonly [-aAf] [name[=value] ...] or readonly -p',
  return: 'return [n]',
  set: 'set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]',
  shift: 'shift [n]',
  shopt: 'shopt [-pqsu] [-o] [optname ...]',
  source: 'source filename [arguments]',
  test: 'test [expr]',
  times: 'times',
  trap: 'trap [-lp] [[arg] signal_spec ...]',
  type: 'type [-afptP] name [name ...]',
  typeset: 'typeset [-aAfFgiIlnrtux] name[=value] ... or typeset -p [-aAfFilnrtux] [name ...]',
  ulimit: 'ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]',
  umask: 'umask [-p] [-S] [mode]',
  unalias: 'unalias [-a] name [name ...]',
  unset: 'unset [-f] [-v] [-n] [name ...]',
  wait: 'wait [-fn] [-p var] [id ...]',
};

/** Two lines and status 2 for an option nobody knows. */
export async function invalidOption(shell: Shell, name: string, option: string): Promise<number> {
  await shell.error(`${name}: ${option}: invalid option`);
  return await usage(shell, name);
}

export async function usage(shell: Shell, name: string): Promise<number> {
  await shell.write(2, `${name}: usage: ${usages[name] ?? name}\n`);
  return 2;
}

/**
 * Reads leading options: letters of `known`, those before a colon with a value. Answers them with what is left, or the
 * option that is unknown.
 */
export function options(
  args: string[],
  known: string,
): { given: Map<string, string>; rest: string[]; unknown?: string; missing?: string } {
  const given = new Map<string, string>();
  let at = 0;
  for (; at < args.length; at++) {
    const argument = args[at] as string;
    if (argument === '--') {
      at++;
      break;
    }
    if (!/^-./.test(argument)) break;
    for (let letter = 1; letter < argument.length; letter++) {
      const option = argument[letter] as string;
      const place = option === ':' ? -1 : known.indexOf(option);
      if (place < 0) return { given, rest: args.slice(at), unknown: `-${option}` };
      if (known[place + 1] !== ':') {
        given.set(option, '');
        continue;
      }
      const attached = argument.slice(letter + 1);
      const value = attached === '' ? args[++at] : attached;
      if (value === undefined) return { given, rest: [], missing: `-${option}` };
      given.set(option, value);
      break;
    }
  }
  return { given, rest: args.slice(at) };
}
