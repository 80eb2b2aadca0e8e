import { expect, test } from 'vitest';
import { TestMachine } from '../commands/lib/test-machine.ts';
import type { Program } from '../kernel/process.ts';
import { encode } from '../kernel/streams.ts';
import type { DaemonContainer } from './image.ts';
import { sudo } from './sudo.ts';

/** Says who runs it with what, and answers 7. */
const who: Program = async (process) => {
  await process.write(
    1,
    `${process.uid} ${process.argv.join(' ')} ${process.env.get('USER')} ${process.env.get('A')}\n`,
  );
  return 7;
};

function machine(noNewPrivileges: boolean): TestMachine {
  const files = new TestMachine({}).files;
  files.makeDirectory('/etc', { parents: true });
  files.writeFile('/etc/passwd', encode('root:x:0:0::/root:/bin/sh\nproxy:x:1337:1337::/:/bin/sh\n'));
  return new TestMachine({ who, sudo: sudo({ noNewPrivileges, files } as unknown as DaemonContainer) });
}

test('runs a command as root or somebody else, with its status', async () => {
  const run = (...argv: string[]) => machine(false).run(['sudo', ...argv], { uid: 1337 });
  expect(await run('A=1', 'who', '-u')).toMatchObject({ status: 7, stdout: '0 who -u root 1\n' });
  expect(await run('-u', 'proxy', '--', 'who')).toMatchObject({ status: 7, stdout: '1337 who proxy undefined\n' });
  expect(await run('nothing')).toMatchObject({ status: 1, stderr: 'sudo: nothing: command not found\n' });
});

test('cannot raise rights where the container forbids it, but root needs none', async () => {
  expect(await machine(true).run(['sudo', 'who'], { uid: 1337 })).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(
      /^sudo: The "no new privileges" flag is set, which prevents sudo from running as root\.\n/,
    ),
  });
  expect(await machine(true).run(['sudo', 'who'], { uid: 0 })).toMatchObject({ status: 7 });
});
