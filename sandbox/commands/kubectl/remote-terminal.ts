import type { OpenFile, Terminal } from '../../kernel/files.ts';
import { SharedFile } from '../../kernel/open-files.ts';

const newline = 10;
const carriageReturn = 13;

export interface RemoteTerminal {
  stdin: OpenFile | undefined;
  stdout: OpenFile;
}

/**
 * A terminal on the remote side (`-t`), as its line discipline treats what passes: input comes line by line and is echoed,
 * a newline in the output arrives as carriage return and newline. The remote process sees a terminal of this one's size,
 * wherever the output goes here. Where it goes to the terminal here, what is typed stands there already.
 */
export function remoteTerminal(stdin: OpenFile | undefined, stdout: OpenFile): RemoteTerminal {
  const terminal = stdin?.terminal;
  const shown = withCarriageReturns(stdout, terminal);
  const echo = stdout.terminal ? () => Promise.resolve() : (line: Uint8Array) => shown.write(line);
  return { stdin: stdin && lineByLine(stdin, echo, terminal), stdout: shown };
}

function withCarriageReturns(file: OpenFile, terminal: Terminal | undefined): OpenFile {
  const write = (bytes: Uint8Array) => {
    if (!bytes.includes(newline)) return file.write(bytes);
    const out: number[] = [];
    for (const byte of bytes) {
      if (byte === newline && out.at(-1) !== carriageReturn) out.push(carriageReturn);
      out.push(byte);
    }
    return file.write(Uint8Array.from(out));
  };
  return new SharedFile({ read: (cancellation) => file.read(cancellation), write, release: () => {} }, terminal);
}

function lineByLine(
  file: OpenFile,
  echo: (line: Uint8Array) => Promise<void>,
  terminal: Terminal | undefined,
): OpenFile {
  let buffered: Uint8Array = new Uint8Array();
  const read: OpenFile['read'] = async (cancellation) => {
    if (buffered.length === 0) {
      const bytes = await file.read(cancellation);
      if (!bytes) return null;
      buffered = bytes;
    }
    const end = buffered.indexOf(newline) + 1 || buffered.length;
    const line = buffered.subarray(0, end);
    buffered = buffered.subarray(end);
    await echo(line);
    return line;
  };
  return new SharedFile({ read, write: (bytes) => file.write(bytes), release: () => {} }, terminal);
}
