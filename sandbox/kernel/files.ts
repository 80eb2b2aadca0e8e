import type { Cancellation } from './cancellation.ts';

/** The names of errno that a file system answers with, and what strerror(3) of glibc calls them. */
export const strerror = {
  ENOENT: 'No such file or directory',
  EEXIST: 'File exists',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  ENOTEMPTY: 'Directory not empty',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  ELOOP: 'Too many levels of symbolic links',
  EINVAL: 'Invalid argument',
  EBADF: 'Bad file descriptor',
  EROFS: 'Read-only file system',
  ENAMETOOLONG: 'File name too long',
  EXDEV: 'Invalid cross-device link',
} as const;

export class FileError extends Error {
  override name = 'FileError';
  readonly code: keyof typeof strerror;
  readonly path: string;
  constructor(code: keyof typeof strerror, path: string) {
    super(strerror[code]);
    this.code = code;
    this.path = path;
  }
}

export interface FileStat {
  type: 'file' | 'directory' | 'symlink' | 'fifo' | 'device';
  size: number;
  /** Permission bits, such as 0o644. */
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds since 1970. */
  modified: number;
}

/** Files of one machine. Paths are absolute; every call throws `FileError`. Synchronous, for nothing waits. */
export interface FileSystem {
  /** Follows symbolic links unless `link`. */
  stat(path: string, options?: { link?: boolean }): FileStat;
  exists(path: string): boolean;
  readFile(path: string): Uint8Array;
  /** Creates or truncates (or appends); the directory must exist. */
  writeFile(path: string, bytes: Uint8Array, options?: { append?: boolean; mode?: number }): void;
  /** Names in a directory, sorted. */
  readDirectory(path: string): string[];
  makeDirectory(path: string, options?: { parents?: boolean; mode?: number }): void;
  /** Removes a file, link or (recursively only if said) directory. */
  remove(path: string, options?: { recursive?: boolean }): void;
  rename(from: string, to: string): void;
  makeSymlink(target: string, path: string): void;
  readSymlink(path: string): string;
  chmod(path: string, mode: number): void;
  /** Calls back after the file's content changed (`tail -f`); the answer unsubscribes. */
  onChange(path: string, listener: () => void): () => void;
}

/** What a file descriptor stands for: a pipe's end, a file at an offset, a terminal, /dev/null. */
export interface OpenFile {
  /** The next bytes, or null at the end of file. */
  read(cancellation?: Cancellation): Promise<Uint8Array | null>;
  write(bytes: Uint8Array): Promise<void>;
  /** Puts bytes back in front of what `read` gives next, to all holders (bash's `read` takes a line and leaves the rest). */
  unread?(bytes: Uint8Array): void;
  /** One holder less; the last one closes what is behind. */
  close(): void;
  /** One holder more (dup, fork). */
  share(): OpenFile;
  /** Set where isatty(3) is true. */
  readonly terminal?: Terminal;
}

/** A terminal as processes see it. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
}
