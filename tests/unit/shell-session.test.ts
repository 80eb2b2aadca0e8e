import { describe, expect, test } from 'vitest';
import { advance, runInstant } from '../../sandbox/kernel/drivers.ts';
import { readEnd, writeEnd } from '../../sandbox/kernel/open-files.ts';
import type { Machine } from '../../sandbox/kernel/process.ts';
import { decode, encode, Sink, Source } from '../../sandbox/kernel/streams.ts';
import { isComplete, ShellSession } from '../../sandbox/shell/session.ts';
import { TerminalDevice } from '../../sandbox/shell/terminal.ts';
import { testEnvironment, testMachine } from '../../sandbox/shell/testing.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const nobody = { endOfInput: () => false, interrupt: () => false };

function newSession(machine: Machine) {
  return new ShellSession({ machine, env: testEnvironment, cwd: '/work' });
}

async function run(session: ShellSession, machine: Machine, command: string, stdin?: string) {
  const [out, err] = [new Sink(), new Sink()];
  const streams = { stdout: writeEnd(out), stderr: writeEnd(err) };
  const input = stdin === undefined ? {} : { stdin: readEnd(new Source(encode(stdin))) };
  const done = session.run(command, { ...streams, ...input });
  const status = await runInstant(machine.kernel, done, turn, {
    endOfInput: () => false,
    interrupt: () => session.signal('SIGINT'),
  });
  return { stdout: out.text(), stderr: err.text(), status };
}

describe('ShellSession', () => {
  test('keeps variables, functions, directory, options, aliases and status between commands', async () => {
    const machine = testMachine();
    const session = newSession(machine);
    await run(
      session,
      machine,
      'x=1; export Y="a b"; arr=(1 2); declare -A m=([k]=v); f() { echo "f $1 $x"; return 4; }',
    );
    await run(session, machine, 'mkdir d; cd d; set -o pipefail; alias hi="echo hello"');
    expect(await run(session, machine, 'f q')).toEqual({ stdout: 'f q 1\n', stderr: '', status: 4 });
    expect((await run(session, machine, 'echo $? $PWD "$Y" ${arr[1]} ${m[k]}; hi you')).stdout).toBe(
      '4 /work/d a b 2 v\nhello you\n',
    );
    expect((await run(session, machine, 'false | true')).status).toBe(1);
    expect((await run(session, machine, 'read a b', 'one two three\n')).status).toBe(0);
    expect((await run(session, machine, 'echo "$b"')).stdout).toBe('two three\n');
  });

  test('errors name no line, and a failed expansion drops the command line only', async () => {
    const machine = testMachine();
    const session = newSession(machine);
    expect(await run(session, machine, 'nosuch')).toEqual({
      stdout: '',
      stderr: 'bash: nosuch: command not found\n',
      status: 127,
    });
    const failed = await run(session, machine, 'echo ${x?gone}; echo not reached');
    expect(failed).toEqual({ stdout: '', stderr: 'bash: x: gone\n', status: 127 });
    expect((await run(session, machine, 'fi')).stderr).toBe("bash: syntax error near unexpected token `fi'\n");
    expect((await run(session, machine, 'echo alive')).stdout).toBe('alive\n');
  });

  test('a saved session goes on in a fresh one, byte for byte', async () => {
    const commands = [
      'x=1; f() { local y=$((x+1)); echo "f:$y:$1"; }; trap "echo bye" EXIT; set -u',
      'cd /tmp; umask 077; pushd / >/dev/null; echo $RANDOM',
      'f a; echo $RANDOM $$ $(echo sub) ; sleep 1; echo $SECONDS',
      'arr[5]=q; declare -r ro=1; declare -i n=3; n+=4; echo $n ${!arr[@]}; (echo $BASHPID)',
      'ro=2; set -- -ab x; getopts ab o; echo $o; true last',
      'echo $_; getopts ab o; echo $o $OPTIND',
      'history | head -3; dirs; echo $ro "${arr[@]}"; umask; echo $RANDOM; (exit 3)',
      'echo $?; exit 7',
    ];
    const whole: unknown[] = [];
    const machine = testMachine();
    const session = newSession(machine);
    for (const command of commands) whole.push(await run(session, machine, command));
    expect(session.exited).toBe(7);
    expect(whole.at(-1)).toEqual({ stdout: '3\nbye\n', stderr: '', status: 7 });

    for (let cut = 0; cut < commands.length; cut++) {
      const [before, after] = [testMachine(), testMachine({ seed: 99 })];
      const [first, second] = [newSession(before), newSession(after)];
      for (const command of commands.slice(0, cut)) await run(first, before, command);
      const saved = JSON.parse(JSON.stringify([first.save(), before.files.save(), before.kernel.save()]));
      after.kernel.load(saved[2]);
      after.files.load(saved[1]);
      second.load(saved[0]);
      expect(second.save()).toEqual(first.save());
      const rest: unknown[] = [];
      for (const command of commands.slice(cut)) rest.push(await run(second, after, command));
      expect(rest).toEqual(whole.slice(cut));
    }
  });

  test('Ctrl-C ends no line whose command takes it and ends well', async () => {
    const machine = testMachine();
    const session = newSession(machine);
    const out = new Sink();
    const command = `bash -c 'trap "echo taken; exit 0" INT; while :; do sleep 1; done'; echo after $?`;
    const done = session.run(command, { stdout: writeEnd(out), stderr: writeEnd(new Sink()) });
    await advance(machine.kernel, 500, turn);
    session.signal('SIGINT');
    const status = await runInstant(machine.kernel, done, turn, nobody);
    expect({ status, stdout: out.text() }).toEqual({ status: 0, stdout: 'taken\nafter 0\n' });
  });

  test('Ctrl-C ends what runs with 130 and leaves the shell in order', async () => {
    const machine = testMachine();
    const session = newSession(machine);
    const loops = [
      'while true; do :; done',
      'cat <(sleep 100) | cat; sleep 1000',
      'f() { local x=9; sleep 99; }; x=1; f',
    ];
    for (const command of [...loops, 'bash -c "sleep 100; echo no"', 'read x', '{ while :; do :; done; } > /tmp/f']) {
      const sink = new Sink();
      const terminal = new TerminalDevice({ print: () => {}, interrupt: () => session.signal('SIGINT') });
      const done = session.run(command, { stdin: terminal.stdin, stdout: writeEnd(sink), stderr: writeEnd(sink) });
      await turn();
      for (let step = 0; step < 3; step++) {
        machine.kernel.step(machine.kernel.now() + 50);
        await turn();
      }
      terminal.interrupt();
      expect(await runInstant(machine.kernel, done, turn, nobody), command).toBe(130);
      expect(sink.text()).toBe('');
    }
    expect((await run(session, machine, 'echo $? $x')).stdout).toBe('130 1\n');
  });

  test('background jobs outlive their command, and a loaded session has none', async () => {
    const machine = testMachine();
    const session = newSession(machine);
    const started = await run(session, machine, 'sleep 100 & echo $!');
    const pid = started.stdout.trim();
    expect(started.stderr).toBe(`[1] ${pid}\n`);
    expect((await run(session, machine, 'jobs')).stdout).toBe('[1]+  Running                 sleep 100 &\n');
    expect((await run(session, machine, 'wait $!; echo $? $SECONDS')).stdout).toBe('0 100\n');
    await run(session, machine, 'sleep 100 &');
    const other = newSession(machine);
    other.load(JSON.parse(JSON.stringify(session.save())));
    expect((await run(other, machine, 'jobs')).stdout).toBe('');
  });

  test('exec keeps descriptors open from command to command', async () => {
    const machine = testMachine();
    const session = newSession(machine);
    await run(session, machine, 'exec 3>/tmp/log');
    await run(session, machine, 'echo one >&3');
    await run(session, machine, 'echo two >&3; exec 3>&-');
    expect((await run(session, machine, 'cat /tmp/log; echo x >&3')).stdout).toBe('one\ntwo\n');
  });

  test('runs scripts apart, with their own $0 and arguments', async () => {
    const machine = testMachine();
    const session = newSession(machine);
    await run(session, machine, 'export E=1; local_only=2');
    const sink = new Sink();
    const script = 'echo $0 $# $1 $E "[$local_only]"\nnosuch\nexit 9\n';
    const done = session.runScript(script, ['a', 'b'], 'script.sh', { stdout: writeEnd(sink), stderr: writeEnd(sink) });
    expect(await runInstant(machine.kernel, done, turn, nobody)).toBe(9);
    expect(sink.text()).toBe('script.sh 2 a 1 []\nscript.sh: line 2: nosuch: command not found\n');
    expect(session.exited).toBeUndefined();
  });
});

describe('interactive', () => {
  test('prompts, continues, forgets a line on Ctrl-C and ends at end of input', async () => {
    const machine = testMachine();
    const session = newSession(machine);
    let screen = '';
    const terminal = new TerminalDevice({
      print: (bytes) => {
        screen += decode(bytes);
      },
      interrupt: () => session.signal('SIGINT'),
    });
    await run(session, machine, "PS1='$ '");
    const done = session.interact({ stdin: terminal.stdin, stdout: terminal.stdout, stderr: terminal.stderr });
    const type = async (text: string) => {
      terminal.input(text);
      for (let count = 0; count < 5; count++) await turn();
    };
    await type('echo "a\n');
    await type('b"\n');
    await type('[ -t 0 ] && echo tty; for i in 1 2; do\necho $i\ndone\n');
    await type('x=5\necho $x | cat\n');
    expect(screen).toBe('$ > a\nb\n$ > > tty\n1\n2\n$ $ 5\n$ ');
    screen = '';
    await type('echo "never');
    terminal.interrupt();
    await turn();
    await turn();
    expect(terminal.awaited).toBe(true);
    await type('cat\n');
    await type('typed\n');
    terminal.endOfInput();
    await type('echo $?\n');
    terminal.endOfInput();
    expect(await runInstant(machine.kernel, done, turn, nobody)).toBe(0);
    expect(screen).toBe('\n$ typed\n$ 0\n$ exit\n');
  });
});

describe('isComplete', () => {
  test.each(['echo hi', 'fi', 'if true; then :; fi', 'cat <<E\nx\nE\n', 'echo )', '', 'echo a \\\\'])('%j', (text) => {
    expect(isComplete(text)).toBe(true);
  });
  test.each([
    'echo "a',
    "echo 'a",
    'if true',
    'cat <<E',
    'cat <<E\nx\n',
    'echo a |',
    'a &&\n',
    '(',
    '{',
    'f() {',
    'echo $(',
  ])('%j wants more', (text) => expect(isComplete(text)).toBe(false));
  test('a backslash at the end wants more', () => {
    expect(isComplete('echo a \\')).toBe(false);
    expect(isComplete('echo a \\\n')).toBe(false);
  });
});
