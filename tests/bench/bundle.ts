import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';

export interface BundleSize {
  /** Bytes (gzip) of all code loaded before anything rare is asked for. */
  initial: number;
  /** Name and bytes (gzip) of what is loaded when first needed, largest first. */
  lazy: [name: string, bytes: number][];
}

const root = join(import.meta.dirname, '..', '..');
const entry = 'sandbox/lesson/session.ts';

/** The code a worker would load, bundled as a site would: minified, split where the code says `import()`. */
export async function bundleSize(): Promise<BundleSize> {
  const split = await bundle([]);
  const lazyModules = Object.values(split.metafile.outputs).flatMap(({ entryPoint }) => entryPoint ?? []);
  const { outputFiles, metafile } = await bundle([oneInitialChunk(lazyModules.filter((path) => path !== entry))]);
  const gzip = new Map(
    outputFiles.map((file) => [file.path.slice(root.length + 1), gzipSync(file.contents, { level: 9 }).length]),
  );
  const outputs = metafile.outputs;
  const initial = new Set(Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === entry));
  for (const name of initial) {
    for (const { path, kind } of outputs[name]?.imports ?? []) if (kind === 'import-statement') initial.add(path);
  }
  const lazy = [...gzip]
    .filter(([name]) => !initial.has(name))
    .map(([name, bytes]): [string, number] => [outputs[name]?.entryPoint ?? name, bytes]);
  return {
    initial: [...initial].reduce((sum, name) => sum + (gzip.get(name) ?? 0), 0),
    lazy: lazy.sort((a, b) => b[1] - a[1]),
  };
}

function bundle(plugins: Plugin[]) {
  return build({
    entryPoints: [join(root, entry)],
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    splitting: true,
    minify: true,
    platform: 'browser',
    target: 'es2024',
    outdir: join(root, 'dist/bench'),
    write: false,
    metafile: true,
    logLevel: 'error',
    plugins,
  });
}

/**
 * esbuild cuts what is loaded at first into a chunk for every set of modules that share it, which compress apart and so
 * worse. Whatever loads later finds the first part there anyway: with an import that says so, one chunk holds all of it.
 */
function oneInitialChunk(lazyModules: readonly string[]): Plugin {
  const paths = new Set(lazyModules.map((path) => join(root, path)));
  return {
    name: 'one-initial-chunk',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (!paths.has(path)) return undefined;
        const text = await readFile(path, 'utf8');
        return { contents: `${text}\nimport ${JSON.stringify(join(root, entry))};\n`, loader: 'ts' };
      });
    },
  };
}
