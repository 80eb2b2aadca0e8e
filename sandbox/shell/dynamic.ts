import type { Shell } from './shell.ts';
import type { DynamicVariables, Variable } from './variables.ts';

/** Bash's own generator (lib/sh/random.c): Park and Miller's, its halves folded together. */
function nextRandom(seed: number): { seed: number; value: number } {
  const last = seed === 0 ? 123459876 : seed;
  const high = Math.trunc(last / 127773);
  const next = 16807 * (last - high * 127773) - 2836 * high;
  const positive = next < 0 ? next + 0x7fffffff : next;
  return { seed: positive, value: ((positive >>> 16) ^ (positive & 0xffff)) & 0x7fff };
}

const names = ['RANDOM', 'SRANDOM', 'SECONDS', 'LINENO', 'BASHPID', 'EPOCHSECONDS', 'EPOCHREALTIME', 'FUNCNAME'];
names.push('BASH_SOURCE', 'BASH_LINENO', 'BASH_SUBSHELL', 'BASH_COMMAND', 'DIRSTACK', 'SHELLOPTS', 'BASHOPTS');
const dynamicNames: ReadonlySet<string> = new Set(names);

/** Variables that bash computes when they are read. */
export function dynamicVariables(shell: Shell): DynamicVariables {
  const { state } = shell;
  const compute = (name: string): Variable['value'] => {
    switch (name) {
      case 'RANDOM': {
        if (state.random === undefined) return String(shell.process.kernel.random.int(32768));
        const { seed, value } = nextRandom(state.random);
        state.random = seed;
        return String(value);
      }
      case 'SRANDOM':
        return String(shell.process.kernel.random.uint32());
      case 'SECONDS':
        return String(Math.floor((shell.process.kernel.now() - state.secondsFrom) / 1000));
      case 'LINENO':
        return String(shell.line());
      case 'BASHPID':
        return String(shell.process.pid);
      case 'EPOCHSECONDS':
        return String(Math.floor(shell.process.kernel.now() / 1000));
      case 'EPOCHREALTIME':
        return (shell.process.kernel.now() / 1000).toFixed(6);
      case 'FUNCNAME':
        return shell.frames.length > 0 ? shell.frames.map((frame) => frame.name).reverse() : undefined;
      case 'BASH_SOURCE':
        return shell.frames.map((frame) => frame.file).reverse();
      case 'BASH_LINENO':
        return shell.frames.map((frame) => String(frame.callLine)).reverse();
      case 'BASH_SUBSHELL':
        return String(shell.level);
      case 'BASH_COMMAND':
        return shell.commandText();
      case 'DIRSTACK':
        return [state.cwd, ...state.directories];
      case 'SHELLOPTS':
        return [...state.options].sort().join(':');
      default:
        return [...state.shopts].sort().join(':');
    }
  };
  return {
    read: (name, variable) => {
      if (!dynamicNames.has(name)) return variable;
      const value = compute(name);
      return value === undefined ? variable : { ...variable, value };
    },
    assign: (name, value) => {
      if (name === 'RANDOM') state.random = Number.parseInt(value, 10) >>> 0 || 0;
      else if (name === 'SECONDS') {
        state.secondsFrom = shell.process.kernel.now() - (Number.parseInt(value, 10) || 0) * 1000;
      } else return dynamicNames.has(name);
      return true;
    },
  };
}

export { dynamicNames };
