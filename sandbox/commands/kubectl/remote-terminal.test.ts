import { expect, it } from 'vitest';
import { openPipe, readEnd, writeEnd } from '../../kernel/open-files.ts';
import { decode, encode, Pipe, Sink } from '../../kernel/streams.ts';
import { remoteTerminal } from './remote-terminal.ts';

const size = { columns: 80, rows: 24 };

async function typing(text: string) {
  const pipe = new Pipe();
  await pipe.write(encode(text));
  return readEnd(pipe, size);
}

it('gives input line by line, echoes it, and ends lines of output as terminals do', async () => {
  const output = new Sink();
  const { stdin, stdout } = remoteTerminal(await typing('one\ntwo\n'), writeEnd(output));
  expect([stdin?.terminal, stdout.terminal]).toEqual([size, size]);
  await stdout.write(encode('$ '));
  expect(decode((await stdin?.read()) as Uint8Array)).toBe('one\n');
  await stdout.write(encode('a\nb\r\n'));
  expect(decode((await stdin?.read()) as Uint8Array)).toBe('two\n');
  expect(output.text()).toBe('$ one\r\na\r\nb\r\ntwo\r\n');
});

it('leaves the echo to the terminal here where the output goes there', async () => {
  const output = new Sink();
  const { stdin } = remoteTerminal(await typing('one\n'), writeEnd(output, size));
  await stdin?.read();
  expect(output.text()).toBe('');
});

it('has no input where there is none', async () => {
  const pipe = openPipe();
  expect(remoteTerminal(undefined, pipe.write).stdin).toBeUndefined();
});
