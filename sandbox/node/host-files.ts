import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { FileError, type FileStat, type FileSystem, strerror } from '../kernel/files.ts';

/** A folder of this computer inside the sandbox's files (`--mount`). Nothing outside the folder is reached, by links neither. */
export class HostFiles implements FileSystem {
  readonly #root: string;
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(root: string) {
    this.#root = realpathSync(root);
  }

  stat(path: string, options: { link?: boolean } = {}): FileStat {
    const stat = this.#try(path, (host) => (options.link ? lstatSync(host) : statSync(host)));
    return {
      type: stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'symlink' : stat.isFIFO() ? 'fifo' : 'file',
      size: stat.size,
      mode: stat.mode & 0o7777,
      uid: stat.uid,
      gid: stat.gid,
      modified: stat.mtimeMs,
    };
  }

  exists(path: string): boolean {
    try {
      this.stat(path);
      return true;
    } catch {
      return false;
    }
  }

  readFile(path: string): Uint8Array {
    return this.#try(path, (host) => new Uint8Array(readFileSync(host)));
  }

  writeFile(path: string, bytes: Uint8Array, options: { append?: boolean; mode?: number } = {}): void {
    const mode = options.mode === undefined ? {} : { mode: options.mode };
    this.#try(path, (host) => (options.append ? appendFileSync(host, bytes, mode) : writeFileSync(host, bytes, mode)));
    for (const listener of this.#listeners.get(path) ?? []) listener();
  }

  readDirectory(path: string): string[] {
    return this.#try(path, (host) => readdirSync(host).sort());
  }

  makeDirectory(path: string, options: { parents?: boolean; mode?: number } = {}): void {
    this.#try(path, (host) => {
      mkdirSync(host, {
        recursive: options.parents ?? false,
        ...(options.mode === undefined ? {} : { mode: options.mode }),
      });
    });
  }

  remove(path: string, options: { recursive?: boolean } = {}): void {
    this.#try(path, (host) => {
      if (options.recursive) rmSync(host, { recursive: true });
      else if (lstatSync(host).isDirectory()) rmdirSync(host);
      else unlinkSync(host);
    });
  }

  rename(from: string, to: string): void {
    const target = this.#host(to);
    this.#try(from, (host) => renameSync(host, target));
  }

  makeSymlink(target: string, path: string): void {
    this.#try(path, (host) => symlinkSync(target, host));
  }

  readSymlink(path: string): string {
    return this.#try(path, (host) => readlinkSync(host));
  }

  chmod(path: string, mode: number): void {
    this.#try(path, (host) => chmodSync(host, mode));
  }

  onChange(path: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(path) ?? new Set();
    this.#listeners.set(path, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** The place on this computer; a link that leads out of the folder is refused. */
  #host(path: string): string {
    const host = join(this.#root, path);
    let present = host;
    while (present !== this.#root) {
      try {
        const real = realpathSync(present);
        if (real !== this.#root && !real.startsWith(this.#root + sep)) throw new FileError('EACCES', path);
        break;
      } catch (error) {
        if (error instanceof FileError) throw error;
        present = dirname(present);
      }
    }
    return host;
  }

  #try<T>(path: string, action: (host: string) => T): T {
    try {
      return action(this.#host(path));
    } catch (error) {
      if (error instanceof FileError) throw error;
      const code = (error as NodeJS.ErrnoException).code ?? '';
      throw new FileError(code in strerror ? (code as keyof typeof strerror) : 'EINVAL', path);
    }
  }
}
