import { basename } from '../kernel/paths.ts';
import type { Waiting } from './expand/expander.ts';
import type { Shell } from './shell.ts';
import { strftime } from './strftime.ts';
import { userName } from './users.ts';

/** A prompt's backslash escapes, then its parameters, commands and arithmetic (PS1, PS4, `${x@P}`). */
export function* expandPrompt(shell: Shell, prompt: string): Waiting<string> {
  const escapes = /\\(?:([0-7]{3})|D\{([^}]*)\}|([\s\S]))/g;
  const text = prompt.replace(escapes, (whole, octal?: string, format?: string, letter?: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    if (format !== undefined) return strftime(format || '%H:%M:%S', shell.process.kernel.now());
    return escaped(shell, letter ?? '') ?? whole;
  });
  return yield* shell.expander.quotedText(text);
}

function escaped(shell: Shell, letter: string): string | undefined {
  const now = shell.process.kernel.now();
  const { hostname } = shell.process.machine;
  const home = shell.state.variables.text('HOME');
  const { cwd } = shell.state;
  const short = home && home !== '/' && `${cwd}/`.startsWith(`${home}/`) ? `~${cwd.slice(home.length)}` : cwd;
  switch (letter) {
    case 'a':
      return '\x07';
    case 'd':
      return strftime('%a %b %d', now);
    case 'e':
      return '\x1b';
    case 'h':
      return hostname.split('.')[0];
    case 'H':
      return hostname;
    case 'j':
      return String(shell.jobs.list().length);
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 's':
      return basename(shell.state.name.replace(/^-/, ''));
    case 't':
      return strftime('%H:%M:%S', now);
    case 'T':
      return strftime('%I:%M:%S', now);
    case '@':
      return strftime('%I:%M %p', now);
    case 'A':
      return strftime('%H:%M', now);
    case 'u':
      return userName(shell);
    case 'v':
      return '5.2';
    case 'V':
      return '5.2.15';
    case 'w':
      return short;
    case 'W':
      return short === '~' ? '~' : basename(cwd);
    case '!':
    case '#':
      return String(shell.state.history.length + 1);
    case '$':
      return shell.process.uid === 0 ? '#' : '$';
    case '\\':
      return '\\\\';
    case '[':
    case ']':
      return '';
    default:
      return undefined;
  }
}
