import { FileError, type OpenFile } from './files.ts';
import { nullDevice, openRegular } from './open-files.ts';
import { posixResolve } from './paths.ts';
import type { Process } from './process.ts';
import { concat } from './streams.ts';

/** How open(2) is asked to open: `create` makes a missing file (mode 0o666 less `mask`), `exclusive` refuses a present one. */
export interface OpenOptions {
  read?: boolean;
  write?: boolean;
  append?: boolean;
  truncate?: boolean;
  create?: boolean;
  exclusive?: boolean;
  mask?: number;
}

/** What opening needs of a process. */
export type Opener = Pick<Process, 'machine' | 'cwd' | 'fds'>;

/**
 * Opens a path that a user gave, relative to the process' working directory. **Every command must open user-given paths
 * through this** (or `readPath`), never by `machine.files.readFile`: so `-`-less idioms such as `/dev/stdin`, `/dev/fd/63`
 * (what bash passes for `<(…)`), `/dev/stdout`, `/dev/tty` and `/dev/null` work in every command. The caller closes the
 * file. Throws `FileError`, whose message is strerror's text.
 */
export function openPath(process: Opener, path: string, options: OpenOptions = { read: true }): OpenFile {
  if (path === '') throw new FileError('ENOENT', path);
  const absolute = posixResolve(process.cwd, path);
  const descriptor = descriptorOf(absolute);
  if (descriptor !== undefined) {
    const file = process.fds.get(descriptor);
    if (!file) throw new FileError('ENOENT', path);
    return file.share();
  }
  const { files } = process.machine;
  const writes = options.write || options.append;
  if (!files.exists(absolute)) {
    if (!options.create) files.stat(absolute); // says why: ENOENT, ENOTDIR, ELOOP
    if (path.endsWith('/')) throw new FileError('EISDIR', path);
    files.writeFile(absolute, new Uint8Array(), { mode: 0o666 & ~(options.mask ?? 0o022) });
  } else {
    if (options.exclusive) throw new FileError('EEXIST', path);
    const { type } = files.stat(absolute);
    if (type === 'device') return openDevice(process, absolute);
    if (type === 'directory' && writes) throw new FileError('EISDIR', path);
    if (type !== 'directory' && path.endsWith('/')) throw new FileError('ENOTDIR', path);
    if (type === 'directory') files.readFile(absolute); // throws EISDIR, as read(2) would
  }
  return openRegular(files, absolute, {
    append: options.append === true,
    truncate: options.truncate === true && writes === true,
  });
}

/** The whole content of a path that a user gave; see `openPath`. */
export async function readPath(process: Opener & Pick<Process, 'cancellation'>, path: string): Promise<Uint8Array> {
  const file = openPath(process, path);
  try {
    const chunks: Uint8Array[] = [];
    for (let chunk = await file.read(process.cancellation); chunk; chunk = await file.read(process.cancellation)) {
      chunks.push(chunk);
    }
    return concat(chunks);
  } finally {
    file.close();
  }
}

/** The descriptor that /dev/stdin, /dev/stdout, /dev/stderr, /dev/fd/N and /proc/self/fd/N stand for. */
export function descriptorOf(path: string): number | undefined {
  const standard = { '/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2 }[path];
  if (standard !== undefined) return standard;
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path)?.[1];
  return number === undefined ? undefined : Number(number);
}

function openDevice(process: Opener, path: string): OpenFile {
  if (path !== '/dev/tty') return nullDevice();
  for (const file of process.fds.values()) if (file.terminal) return file.share();
  throw new FileError('EPERM', path);
}
