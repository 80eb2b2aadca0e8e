import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

export interface BundleSize {
  /** Bytes (gzip) of all code loaded before anything rare is asked for. */
  initial: number;
  /** Name and bytes (gzip) of what is loaded when first needed, largest first. */
  lazy: [name: string, bytes: number][];
}

const root = join(import.meta.dirname, '..', '..');

/** The code a worker would load, bundled as a site would: minified, split where the code says `import()`. */
export async function bundleSize(): Promise<BundleSize> {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, 'sandbox/lesson/session.ts')],
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
  });
  const gzip = new Map(
    outputFiles.map((file) => [file.path.slice(root.length + 1), gzipSync(file.contents, { level: 9 }).length]),
  );
  const outputs = metafile.outputs;
  const entry = Object.keys(outputs).find(
    (name) => outputs[name]?.entryPoint === 'sandbox/lesson/session.ts',
  ) as string;
  const initial = new Set([entry]);
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
