import type { Stateful } from '../kernel/json.ts';
import { type SavedVariable, Variables } from './variables.ts';

/** A function as its source text: what `declare -f` shows and what a saved shell keeps. */
export interface ShellFunction {
  /** The whole definition. */
  text: string;
  /** Line (from 1) at which the definition began where it was read. */
  line: number;
  exported?: boolean;
  /** The script or sourced file that defined it. */
  file?: string;
}

/** Everything of a shell that outlives a command, as plain data. */
export interface ShellStateData {
  variables: Record<string, SavedVariable>;
  functions: Record<string, ShellFunction>;
  aliases: Record<string, string>;
  options: string[];
  shopts: string[];
  traps: Record<string, string>;
  cwd: string;
  directories: string[];
  umask: number;
  name: string;
  positional: string[];
  status: number;
  history: string[];
  pid: number;
  lastBackground?: number;
  /** Kernel time at which SECONDS was 0. */
  secondsFrom: number;
  /** Bash's own generator, once RANDOM was assigned. */
  random?: number;
  /** Offset within a group of option letters, for getopts. */
  optionOffset: number;
  /** OPTIND as getopts left it: another value means that the script starts over. */
  optionIndex: number;
  /** $_. */
  lastArgument: string;
}

/** Options that are on in a fresh shell. */
const defaultOptions = ['braceexpand', 'hashall', 'interactive-comments'];
const defaultShopts = [
  'checkwinsize',
  'cmdhist',
  'complete_fullquote',
  'extquote',
  'force_fignore',
  'globasciiranges',
  'globskipdots',
  'hostcomplete',
  'interactive_comments',
  'patsub_replacement',
  'progcomp',
  'promptvars',
  'sourcepath',
];

export class ShellState implements Stateful<ShellStateData> {
  variables = new Variables();
  functions = new Map<string, ShellFunction>();
  aliases = new Map<string, string>();
  options = new Set<string>(defaultOptions);
  shopts = new Set<string>(defaultShopts);
  traps = new Map<string, string>();
  cwd = '/';
  /** The stack of pushd below the working directory. */
  directories: string[] = [];
  umask = 0o022;
  /** $0. */
  name = 'bash';
  positional: string[] = [];
  /** $?. */
  status = 0;
  history: string[] = [];
  /** $$. */
  pid = 0;
  /** $!. */
  lastBackground: number | undefined;
  secondsFrom = 0;
  random: number | undefined;
  optionOffset = 0;
  optionIndex = 0;
  lastArgument = '';

  /** For a subshell. Traps are reset as in a child of fork(2). */
  copy(): ShellState {
    const copy = new ShellState();
    Object.assign(copy, this);
    copy.variables = this.variables.copy();
    copy.functions = new Map(this.functions);
    copy.aliases = new Map(this.aliases);
    copy.options = new Set(this.options);
    copy.shopts = new Set(this.shopts);
    copy.traps = new Map([...this.traps].filter(([, action]) => action === ''));
    copy.directories = [...this.directories];
    copy.positional = [...this.positional];
    copy.history = [...this.history];
    return copy;
  }

  save(): ShellStateData {
    return {
      variables: this.variables.save(),
      functions: Object.fromEntries([...this.functions].map(([name, own]) => [name, { ...own }])),
      aliases: Object.fromEntries(this.aliases),
      options: [...this.options].sort(),
      shopts: [...this.shopts].sort(),
      traps: Object.fromEntries(this.traps),
      cwd: this.cwd,
      directories: [...this.directories],
      umask: this.umask,
      name: this.name,
      positional: [...this.positional],
      status: this.status,
      history: [...this.history],
      pid: this.pid,
      secondsFrom: this.secondsFrom,
      optionOffset: this.optionOffset,
      optionIndex: this.optionIndex,
      lastArgument: this.lastArgument,
      ...(this.lastBackground === undefined ? {} : { lastBackground: this.lastBackground }),
      ...(this.random === undefined ? {} : { random: this.random }),
    };
  }

  load(data: ShellStateData): void {
    this.variables.load(data.variables);
    this.functions = new Map(Object.entries(data.functions).map(([name, own]) => [name, { ...own }]));
    this.aliases = new Map(Object.entries(data.aliases));
    this.options = new Set(data.options);
    this.shopts = new Set(data.shopts);
    this.traps = new Map(Object.entries(data.traps));
    this.directories = [...data.directories];
    this.positional = [...data.positional];
    this.history = [...data.history];
    const { cwd, umask, name, status, pid, lastBackground, secondsFrom, random } = data;
    const { optionOffset, optionIndex, lastArgument } = data;
    Object.assign(this, { cwd, umask, name, status, pid, lastBackground, secondsFrom, random });
    Object.assign(this, { optionOffset, optionIndex, lastArgument });
  }
}
