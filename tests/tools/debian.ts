import { spawnSync } from 'node:child_process';

/** Real tools that tests compare with, by the Debian package that has them. */
const packages: Record<string, string> = {
  awk: 'mawk',
  bash: 'bash',
  diff: 'diffutils',
  jq: 'jq',
  openssl: 'openssl',
  xargs: 'findutils',
};

/** Installs what is missing where that is possible (Debian, root); elsewhere the tests that need it say SKIPPED. */
export function installTools(): void {
  const missing = Object.keys(packages).filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  if (missing.length === 0) return;
  const names = missing.map((tool) => packages[tool] as string);
  console.log(`\n── installing ${names.join(' ')}`);
  const apt = (...args: string[]) =>
    spawnSync('apt-get', args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status;
  if (process.getuid?.() !== 0 || apt('update', '-q') !== 0) {
    console.log(`not installed: ${names.join(' ')} (that takes root on Debian)`);
    return;
  }
  apt('install', '-q', '-y', '--no-install-recommends', ...names);
}
