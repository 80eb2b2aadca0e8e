import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const main = join(import.meta.dirname, '../../../sandbox/node/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'run-'));
afterAll(() => rmSync(folder, { recursive: true }));

function sandbox(args: string[], input = '') {
  const { stdout, stderr, status } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', input });
  return { stdout, stderr, status };
}

function script(text: string): string {
  const path = join(folder, `script-${Math.random().toString(36).slice(2)}.sh`);
  writeFileSync(path, text);
  return path;
}

test('standard output, standard error and the exit status are passed through', () => {
  const path = script('echo out; echo err >&2; exit 7\n');
  expect(sandbox(['run', '--profile', 'none', path])).toEqual({ stdout: 'out\n', stderr: 'err\n', status: 7 });
});

test('a script comes from standard input too, with its arguments', () => {
  const answer = sandbox(['run', '--profile', 'none', '-', 'a b', 'c'], 'echo "$# $1"; for x; do echo "<$x>"; done\n');
  expect(answer).toEqual({ stdout: '2 a b\n<a b>\n<c>\n', stderr: '', status: 0 });
});

test('a script reads what is on standard input', () => {
  const path = script('read first; echo "first: $first"; cat\n');
  expect(sandbox(['run', '--profile', 'none', path], 'one\ntwo\n').stdout).toBe('first: one\ntwo\n');
});

test('nothing sleeps: an hour of cluster time passes at once', () => {
  const start = Date.now();
  const path = script('date -u +%H:%M; sleep 1h; date -u +%H:%M\n');
  expect(sandbox(['run', '--profile', 'none', '--epoch', '2026-03-01T10:30:00Z', path]).stdout).toBe('10:30\n11:30\n');
  expect(Date.now() - start).toBeLessThan(60_000);
});

test('a mount is read and written, and nothing outside it', () => {
  writeFileSync(join(folder, 'input.txt'), 'from the host\n');
  const path = script(
    'cat input.txt; pwd; echo back > output.txt; cat /work/../etc/shadow; cat ../../../../etc/hostname\n',
  );
  const answer = sandbox(['run', '--profile', 'none', '--mount', `${folder}=/work`, '--cwd', '/work', path]);
  expect(answer.stdout.split('\n').slice(0, 2)).toEqual(['from the host', '/work']);
  expect(readFileSync(join(folder, 'output.txt'), 'utf8')).toBe('back\n');
});

test('two runs with one seed are the same to the byte, another seed differs', () => {
  const path = script(
    'kubectl get pods -A -o wide; kubectl get ns default -o yaml; echo $RANDOM; istioctl proxy-status\n',
  );
  const first = sandbox(['run', '--profile', 'demo', '--seed', '5', path]);
  expect(first.status).toBe(0);
  expect(sandbox(['run', '--profile', 'demo', '--seed', '5', path])).toEqual(first);
  expect(sandbox(['run', '--profile', 'demo', '--seed', '6', path]).stdout).not.toBe(first.stdout);
});

test('the profile decides what is installed', () => {
  const path = script('kubectl get deployments -n istio-system -o name\n');
  const deployments = (profile: string) => sandbox(['run', '--profile', profile, path]).stdout.trim().split('\n');
  expect(deployments('demo')).toEqual(
    ['istio-egressgateway', 'istio-ingressgateway', 'istiod'].map((name) => `deployment.apps/${name}`),
  );
  expect(deployments('default')).toEqual(['istio-ingressgateway', 'istiod'].map((name) => `deployment.apps/${name}`));
  expect(deployments('minimal')).toEqual(['deployment.apps/istiod']);
  const none = sandbox(['run', '--profile', 'none', script('kubectl get ns istio-system; kubectl get serviceentry\n')]);
  expect(none.stderr).toBe(
    'Error from server (NotFound): namespaces "istio-system" not found\nerror: the server doesn\'t have a resource type "serviceentry"\n',
  );
});

test('versions can be named; those that do not exist list what exists', () => {
  const path = script('istioctl version --remote=false; kubectl version\n');
  const answer = sandbox(['run', '--istio', '1.30', '--kubernetes', '1.35.2', '--profile', 'minimal', path]);
  expect(answer.stdout).toContain('1.30.3');
  expect(answer.stdout).toContain('Server Version: v1.35.2');
  const wrong = sandbox(['run', '--istio', '1.4.0', path]);
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toContain('1.30.3');
});

test('what is wrong on the command line is said in one line', () => {
  const cases = [
    ['run'],
    ['run', '--profile', 'big', 'x'],
    ['run', '--seed', '-1', 'x'],
    ['run', '--epoch', 'yesterday', 'x'],
    ['run', '--mount', 'nowhere', 'x'],
    ['run', '--mount', '/nonexistent=/work', 'x'],
    ['run', '--colour', 'x'],
    ['run', '/nonexistent/script.sh'],
    ['serve', '--port', 'http'],
    ['pilot'],
    ['dance'],
  ];
  for (const args of cases) {
    const { stdout, stderr, status } = sandbox(args);
    expect(status, args.join(' ')).toBe(2);
    expect(stdout, args.join(' ')).toBe('');
    expect(stderr, args.join(' ')).toMatch(/^sandbox: .+/);
    expect(stderr, args.join(' ')).not.toContain('    at ');
  }
});
