import { expect, it } from 'vitest';
import type { Program } from '../kernel/process.ts';
import { encode } from '../kernel/streams.ts';
import { programs } from './index.ts';
import { TestMachine } from './lib/test-machine.ts';

/** A stand-in for a shell: follows a file, lets it grow five seconds later, then interrupts. */
const follow: Program = async (process) => {
  const tail = process.machine.findProgram('tail', undefined) as Program;
  const child = process.spawn(tail, { argv: process.argv.slice(1) });
  await process.sleep(5000);
  process.machine.files.writeFile('/home/log', encode('two\n'), { append: true });
  await process.sleep(1);
  child.kill('SIGINT');
  return child.exited;
};
const tick: Program = async (process) => {
  await process.write(1, `${process.kernel.now()}\n`);
  return 0;
};
const machine = () => new TestMachine({ ...programs, follow, tick });

it('sleeps in cluster time', async () => {
  const here = machine();
  const start = here.kernel.now();
  expect(await here.run(['sleep', '1.5', '1m'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(here.kernel.now() - start).toBe(61_500);
  expect(await here.run(['sleep', 'x'])).toMatchObject({
    status: 1,
    stderr: "sleep: invalid time interval 'x'\nTry 'sleep --help' for more information.\n",
  });
});

it('ends what takes too long', async () => {
  const here = machine();
  expect((await here.run(['timeout', '3', 'sleep', '10'])).status).toBe(124);
  expect((await here.run(['timeout', '3', 'sleep', '1'])).status).toBe(0);
  expect((await here.run(['timeout', '3', 'nothing'])).status).toBe(127);
});

it('measures like BusyBox', async () => {
  expect(await machine().run(['time', 'sleep', '65.25'])).toMatchObject({
    status: 0,
    stderr: 'real\t1m 5.25s\nuser\t0m 0.00s\nsys\t0m 0.00s\n',
  });
});

it('follows a file until it is interrupted', async () => {
  const here = machine();
  here.files.writeFile('/home/log', encode('zero\none\n'));
  expect(await here.run(['follow', 'tail', '-n', '1', '-f', 'log'])).toMatchObject({
    status: 130,
    stdout: 'one\ntwo\n',
  });
});

it('watches until it is interrupted, without a terminal screen after screen', async () => {
  const here = machine();
  const start = here.kernel.now();
  const { stdout, status } = await here.run(['timeout', '5', 'watch', '-t', '-x', 'tick']);
  expect(stdout).toBe([0, 2000, 4000].map((after) => `${start + after}\n`).join(''));
  expect(status).toBe(124);
});

it('changes files as told', async () => {
  const here = machine();
  const run = async (...argv: string[]) => {
    const { status, stdout, stderr } = await here.run(argv);
    return `${status} ${stdout}${stderr}`;
  };
  expect(await run('mkdir', '-p', 'a/b')).toBe('0 ');
  expect(await run('mkdir', 'a')).toBe("1 mkdir: cannot create directory 'a': File exists\n");
  expect(await run('touch', 'a/b/f')).toBe('0 ');
  expect(await run('cp', 'a', 'c')).toBe("1 cp: -r not specified; omitting directory 'a'\n");
  expect(await run('cp', '-r', 'a', 'c')).toBe('0 ');
  expect(await run('mv', 'c/b/f', 'c/g')).toBe('0 ');
  expect(await run('ln', '-s', 'c/g', 'l')).toBe('0 ');
  expect(await run('readlink', 'l')).toBe('0 c/g\n');
  expect(await run('readlink', '-f', 'l')).toBe('0 /home/c/g\n');
  expect(await run('chmod', 'u=rw,go-r', 'c/g')).toBe('0 ');
  expect(await run('find', '.', '-type', 'f')).toBe('0 ./a/b/f\n./c/g\n');
  expect(await run('rm', 'a')).toBe("1 rm: cannot remove 'a': Is a directory\n");
  expect(await run('rm', 'missing')).toBe("1 rm: cannot remove 'missing': No such file or directory\n");
  expect(await run('rm', '-rf', 'a', 'missing')).toBe('0 ');
  expect(await run('ls', '-F')).toBe('0 c/\nl@\n');
  expect(await run('ls', 'missing')).toBe("2 ls: cannot access 'missing': No such file or directory\n");
  expect(await run('ls', '-l', 'c')).toBe(
    '0 total 0\ndrwxr-xr-x 2 root root 4096 Jan 15 09:00 b\n-rw------- 1 root root    0 Jan 15 09:00 g\n'.replace(
      'total 0',
      'total 4',
    ),
  );
});

it('edits in place', async () => {
  const here = machine();
  here.files.writeFile('/home/f', encode('a\nb\n'));
  expect((await here.run(['sed', '-i.bak', 's/a/x/', 'f'])).status).toBe(0);
  expect((await here.run(['cat', 'f', 'f.bak'])).stdout).toBe('x\nb\na\nb\n');
});

it('answers that there is no screen editor', async () => {
  const { status, stderr } = await machine().run(['vi', 'f']);
  expect(status).toBe(1);
  expect(stderr).toContain('vi: there is no full-screen editor');
});
