import { encode } from './streams.ts';

/**
 * What a path of a layer holds: a file's text or bytes (or a function that gives them when they are first read), a
 * symbolic link, a directory, a device. Parents need not be listed.
 */
export type LayerEntry =
  | string
  | Uint8Array
  | (() => string | Uint8Array)
  | { file: string | Uint8Array | (() => string | Uint8Array); mode?: number }
  | { symlink: string }
  | { directory: true; mode?: number }
  | { device: 'null' | 'zero' | 'tty' };

export interface LayerFile {
  type: 'file';
  mode: number;
  content: string | Uint8Array | (() => string | Uint8Array);
}
export interface LayerSymlink {
  type: 'symlink';
  target: string;
}
export interface LayerDevice {
  type: 'device';
  device: 'null' | 'zero' | 'tty';
}
export interface LayerDirectory {
  type: 'directory';
  mode: number;
  children: Map<string, LayerNode>;
}
export type LayerNode = LayerFile | LayerSymlink | LayerDevice | LayerDirectory;

/** What every Linux machine has under /dev and /tmp. */
const standard: Record<string, LayerEntry> = {
  '/dev/fd': { symlink: '/proc/self/fd' },
  '/dev/null': { device: 'null' },
  '/dev/stderr': { symlink: '/proc/self/fd/2' },
  '/dev/stdin': { symlink: '/proc/self/fd/0' },
  '/dev/stdout': { symlink: '/proc/self/fd/1' },
  '/dev/tty': { device: 'tty' },
  '/dev/zero': { device: 'zero' },
  '/tmp': { directory: true, mode: 0o1777 },
};

/**
 * Files that never change: an image's or a release's samples. Build one and share it among all machines that start from
 * it; each `MemoryFiles` keeps its changes apart. Layers are never saved.
 */
export class FileLayer {
  readonly root: LayerDirectory = { type: 'directory', mode: 0o755, children: new Map() };
  /** Time stamp of everything in it, in ms since 1970. */
  readonly modified: number;

  /** Later entries stand over earlier ones. */
  constructor(entries: Record<string, LayerEntry> = {}, modified = 0) {
    this.modified = modified;
    for (const [path, entry] of Object.entries(standard)) this.#add(path, entry);
    for (const [path, entry] of Object.entries(entries)) this.#add(path, entry);
  }

  #add(path: string, entry: LayerEntry): void {
    const names = path.split('/').filter((name) => name !== '');
    const last = names.pop();
    let directory = this.root;
    for (const name of names) {
      const child = directory.children.get(name);
      if (child && child.type !== 'directory') throw new Error(`layer: ${path}: ${name} is no directory`);
      const next: LayerDirectory = child ?? { type: 'directory', mode: 0o755, children: new Map() };
      directory.children.set(name, next);
      directory = next;
    }
    if (last === undefined) return;
    const node = layerNode(entry);
    const present = directory.children.get(last);
    if (node.type === 'directory' && present?.type === 'directory') present.mode = node.mode;
    else directory.children.set(last, node);
  }
}

function layerNode(entry: LayerEntry): LayerNode {
  if (typeof entry === 'string' || typeof entry === 'function' || entry instanceof Uint8Array) {
    return { type: 'file', mode: 0o644, content: entry };
  }
  if ('symlink' in entry) return { type: 'symlink', target: entry.symlink };
  if ('directory' in entry) return { type: 'directory', mode: entry.mode ?? 0o755, children: new Map() };
  if ('device' in entry) return { type: 'device', device: entry.device };
  return { type: 'file', mode: entry.mode ?? 0o644, content: entry.file };
}

/** A layer file's bytes; what was given as text or by a function is made once. */
export function layerBytes(file: LayerFile): Uint8Array {
  if (file.content instanceof Uint8Array) return file.content;
  const content = typeof file.content === 'function' ? file.content() : file.content;
  file.content = typeof content === 'string' ? encode(content) : content;
  return file.content;
}
