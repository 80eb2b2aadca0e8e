import { FileError } from '../../kernel/files.ts';
import type { Istioctl } from './command.ts';

/** What istioctl takes for a manifest. */
const extensions = ['.json', '.yaml', '.yml'];

export function isManifest(path: string): boolean {
  return extensions.some((extension) => path.endsWith(extension));
}

/** The file or, of a directory, every file in and below it; names as upstream's filepath.Walk gives them. Throws `FileError`. */
export function filesAt(ctl: Istioctl, path: string): { paths: string[]; directory: boolean } {
  const { files } = ctl.process.machine;
  const absolute = ctl.process.resolve(path);
  // The shell's own files such as /dev/fd/63 are no part of the file system.
  if (absolute.startsWith('/dev/') || absolute.startsWith('/proc/')) return { paths: [path], directory: false };
  if (files.stat(absolute).type !== 'directory') return { paths: [path], directory: false };
  const paths: string[] = [];
  const walk = (at: string, shown: string) => {
    for (const entry of [...files.readDirectory(at)].sort()) {
      const [child, label] = [`${at === '/' ? '' : at}/${entry}`, shown === '.' ? entry : `${shown}/${entry}`];
      if (files.stat(child).type === 'directory') walk(child, label);
      else paths.push(label);
    }
  };
  walk(absolute, path.replace(/^\.\/(?=.)/, '').replace(/(.)\/+$/, '$1'));
  return { paths, directory: true };
}

/** `stat x.yaml: no such file or directory`. */
export function statProblem(path: string, error: unknown): string {
  if (!(error instanceof FileError)) throw error;
  return `stat ${path}: ${error.message.toLowerCase()}`;
}
