import { fromBase64, toBase64 } from './base64.ts';
import { FileLayer, type LayerDirectory, type LayerNode, layerBytes } from './file-layer.ts';
import { FileError, type FileStat, type FileSystem } from './files.ts';
import type { Stateful } from './json.ts';
import { posixResolve } from './paths.ts';
import { concat } from './streams.ts';

/** What changed against the layer below, as plain data; `removed` hides what the layer has at that path. */
export type SavedFile =
  | { type: 'removed' }
  | { type: 'symlink'; target: string; modified: number; uid: number; gid: number }
  | ({ type: 'directory'; opaque?: true } & Attributes)
  | ({ type: 'file'; text?: string; base64?: string } & Attributes);

/** By absolute path, parents before children. */
export type MemoryFilesState = Record<string, SavedFile>;

interface Attributes {
  mode: number;
  uid: number;
  gid: number;
  modified: number;
}

interface OwnFile extends Attributes {
  own: true;
  type: 'file';
  chunks: Uint8Array[];
  size: number;
}
interface OwnSymlink extends Attributes {
  own: true;
  type: 'symlink';
  target: string;
}
interface OwnDirectory extends Attributes {
  own: true;
  type: 'directory';
  /** What of the layer lies under it. */
  below: LayerDirectory | undefined;
  children: Map<string, OwnNode>;
  /** Names that the layer has and that were removed. */
  removed: Set<string>;
}
type OwnNode = OwnFile | OwnSymlink | OwnDirectory;
type Node = OwnNode | LayerNode;

/** Where a path leads: into this file system or into a mounted one (`rest` is the path in there). */
type Place = { node: Node | undefined; path: string } | { mount: FileSystem; rest: string; path: string };

export interface MemoryFilesOptions {
  /** Kernel time for time stamps. */
  now: () => number;
  /** What was there at the beginning; shared, never written, never saved. */
  base?: FileLayer;
  /** Owner of what is made from now on. */
  uid?: number;
  gid?: number;
  /** Paths under which every change answers EROFS ("/" for a read-only root). */
  readOnly?: readonly string[];
  /** Paths that can be written although they lie under a read-only one. */
  writable?: readonly string[];
}

/**
 * A Unix file system in memory over a read-only layer. `save()` holds only what differs from the layer. Permission bits
 * are kept but not enforced: `FileSystem` does not say who asks. /dev/stdin, /dev/stdout, /dev/stderr and /dev/fd/N
 * depend on who opens them: `openPath` (open-path.ts) resolves those.
 */
export class MemoryFiles implements FileSystem, Stateful<MemoryFilesState> {
  readonly #now: () => number;
  readonly #base: FileLayer;
  readonly #uid: number;
  readonly #gid: number;
  readonly #readOnly: readonly string[];
  readonly #writable: readonly string[];
  readonly #mounts = new Map<string, FileSystem>();
  readonly #listeners = new Map<string, Set<() => void>>();
  #root: OwnDirectory;

  constructor(options: MemoryFilesOptions) {
    this.#now = options.now;
    this.#base = options.base ?? new FileLayer();
    this.#uid = options.uid ?? 0;
    this.#gid = options.gid ?? options.uid ?? 0;
    this.#readOnly = options.readOnly ?? [];
    this.#writable = options.writable ?? [];
    this.#root = this.#overlay(this.#base.root);
  }

  /** Shows another file system under `path` (made if missing). Mounts are no part of the state. */
  mount(path: string, files: FileSystem): void {
    const target = posixResolve('/', path);
    if (!this.exists(target)) this.makeDirectory(target, { parents: true });
    this.#mounts.set(target, files);
  }

  stat(path: string, options: { link?: boolean } = {}): FileStat {
    const place = this.#find(path, !options.link);
    if ('mount' in place) return place.mount.stat(place.rest, options);
    const node = present(place.node, path);
    if ('own' in node) {
      const { type, mode, uid, gid, modified } = node;
      const size = type === 'file' ? node.size : type === 'symlink' ? node.target.length : 4096;
      return { type, size, mode, uid, gid, modified };
    }
    const stamp = { uid: 0, gid: 0, modified: this.#base.modified };
    if (node.type === 'file') return { type: 'file', size: layerBytes(node).length, mode: node.mode, ...stamp };
    if (node.type === 'directory') return { type: 'directory', size: 4096, mode: node.mode, ...stamp };
    if (node.type === 'device') return { type: 'device', size: 0, mode: 0o666, ...stamp };
    return { type: 'symlink', size: node.target.length, mode: 0o777, ...stamp };
  }

  exists(path: string): boolean {
    try {
      const place = this.#find(path, true);
      return 'mount' in place ? place.mount.exists(place.rest) : place.node !== undefined;
    } catch (error) {
      if (error instanceof FileError) return false;
      throw error;
    }
  }

  readFile(path: string): Uint8Array {
    const place = this.#find(path, true);
    if ('mount' in place) return place.mount.readFile(place.rest);
    const node = present(place.node, path);
    if (node.type === 'directory') throw new FileError('EISDIR', path);
    if (node.type !== 'file') return new Uint8Array();
    if (!('own' in node)) return layerBytes(node);
    if (node.chunks.length > 1) node.chunks = [concat(node.chunks)];
    return node.chunks[0] ?? new Uint8Array();
  }

  writeFile(path: string, bytes: Uint8Array, options: { append?: boolean; mode?: number } = {}): void {
    const place = this.#find(path, true);
    if ('mount' in place) place.mount.writeFile(place.rest, bytes, options);
    else this.#write(place.path, place.node, bytes, options);
    this.#changed(place.path);
  }

  readDirectory(path: string): string[] {
    const place = this.#find(path, true);
    if ('mount' in place) return place.mount.readDirectory(place.rest);
    const node = present(place.node, path);
    if (node.type !== 'directory') throw new FileError('ENOTDIR', path);
    return childNames(node).sort((a, b) => (a < b ? -1 : 1));
  }

  makeDirectory(path: string, options: { parents?: boolean; mode?: number } = {}): void {
    const place = this.#find(path, options.parents === true, options.parents);
    if ('mount' in place) {
      place.mount.makeDirectory(place.rest, options);
      return;
    }
    if (place.node) {
      if (options.parents && place.node.type === 'directory') return;
      throw new FileError('EEXIST', path);
    }
    const { parent, name } = split(place.path);
    if (options.parents) this.makeDirectory(parent, { parents: true });
    const directory = this.#ownDirectory(parent, path);
    directory.children.set(name, this.#overlay(undefined, options.mode ?? 0o755));
  }

  remove(path: string, options: { recursive?: boolean } = {}): void {
    const place = this.#find(path, false);
    if ('mount' in place) {
      if (place.rest === '/') throw new FileError('EPERM', path);
      place.mount.remove(place.rest, options);
    } else {
      const node = present(place.node, path);
      if (node.type === 'directory') {
        if (!options.recursive && childNames(node).length > 0) throw new FileError('ENOTEMPTY', path);
        if (place.path === '/') throw new FileError('EPERM', path);
      }
      this.#detach(place.path);
    }
    this.#changed(place.path);
  }

  rename(from: string, to: string): void {
    const source = this.#find(from, false);
    const target = this.#find(to, false);
    if ('mount' in source || 'mount' in target) {
      if (!('mount' in source) || !('mount' in target) || source.mount !== target.mount) {
        throw new FileError('EXDEV', from);
      }
      source.mount.rename(source.rest, target.rest);
      return;
    }
    const node = present(source.node, from);
    if (source.path === target.path) return;
    if (`${target.path}/`.startsWith(`${source.path}/`)) throw new FileError('EINVAL', from);
    if (target.node?.type === 'directory') {
      if (node.type !== 'directory') throw new FileError('EISDIR', to);
      if (childNames(target.node).length > 0) throw new FileError('ENOTEMPTY', to);
    } else if (target.node && node.type === 'directory') throw new FileError('ENOTDIR', to);
    const { parent, name } = split(target.path);
    this.#ownDirectory(parent, to);
    const moved = this.#wholly(node);
    this.#detach(source.path);
    if (target.node) this.#detach(target.path);
    this.#ownDirectory(parent, to).children.set(name, moved);
    this.#changed(source.path);
    this.#changed(target.path);
  }

  makeSymlink(target: string, path: string): void {
    const place = this.#find(path, false);
    if ('mount' in place) {
      place.mount.makeSymlink(target, place.rest);
      return;
    }
    if (place.node) throw new FileError('EEXIST', path);
    const { parent, name } = split(place.path);
    const link: OwnSymlink = { own: true, type: 'symlink', target, ...this.#attributes(0o777) };
    this.#ownDirectory(parent, path).children.set(name, link);
  }

  readSymlink(path: string): string {
    const place = this.#find(path, false);
    if ('mount' in place) return place.mount.readSymlink(place.rest);
    const node = present(place.node, path);
    if (node.type !== 'symlink') throw new FileError('EINVAL', path);
    return node.target;
  }

  chmod(path: string, mode: number): void {
    const place = this.#find(path, true);
    if ('mount' in place) place.mount.chmod(place.rest, mode);
    else if (present(place.node, path).type !== 'device') this.#own(place.path, path).mode = mode & 0o7777;
  }

  /** Sets owner and group. */
  chown(path: string, uid: number, gid: number): void {
    const place = this.#find(path, true);
    if ('mount' in place) throw new FileError('EPERM', path);
    present(place.node, path);
    Object.assign(this.#own(place.path, path), { uid, gid });
  }

  /** Sets the time stamp, in ms since 1970. */
  touch(path: string, modified: number): void {
    const place = this.#find(path, true);
    if ('mount' in place) throw new FileError('EPERM', path);
    if (present(place.node, path).type !== 'device') this.#own(place.path, path).modified = modified;
  }

  onChange(path: string, listener: () => void): () => void {
    const place = this.#find(path, true, true);
    if ('mount' in place) return place.mount.onChange(place.rest, listener);
    const listeners = this.#listeners.get(place.path) ?? new Set();
    this.#listeners.set(place.path, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(place.path);
    };
  }

  save(): MemoryFilesState {
    const state: MemoryFilesState = {};
    saveDirectory(this.#root, '', state);
    return state;
  }

  load(state: MemoryFilesState): void {
    this.#root = this.#overlay(this.#base.root);
    for (const [path, saved] of Object.entries(state)) {
      const { parent, name } = split(path);
      if (path === '/') this.#root = { ...this.#root, ...attributesOf(saved) };
      else this.#restore(parent, name, saved);
    }
  }

  #restore(parent: string, name: string, saved: SavedFile): void {
    const directory = this.#walkOwn(parent);
    if (saved.type === 'removed') {
      directory.removed.add(name);
      return;
    }
    const below = directory.removed.has(name) ? undefined : directory.below?.children.get(name);
    if (saved.type === 'directory') {
      const layer = below?.type === 'directory' && !saved.opaque ? below : undefined;
      directory.children.set(name, { ...this.#overlay(layer), ...attributesOf(saved) });
    } else if (saved.type === 'symlink') {
      const link: OwnSymlink = { own: true, type: 'symlink', target: saved.target, ...attributesOf(saved) };
      directory.children.set(name, link);
    } else {
      const bytes = savedBytes(saved);
      const attributes = attributesOf(saved);
      directory.children.set(name, { own: true, type: 'file', chunks: [bytes], size: bytes.length, ...attributes });
    }
  }

  #attributes(mode: number): Attributes {
    return { mode, uid: this.#uid, gid: this.#gid, modified: this.#now() };
  }

  #overlay(below: LayerDirectory | undefined, mode = below?.mode ?? 0o755): OwnDirectory {
    const stamp = below ? { mode, uid: 0, gid: 0, modified: this.#base.modified } : this.#attributes(mode);
    return { own: true, type: 'directory', below, children: new Map(), removed: new Set(), ...stamp };
  }

  /** The node at a path with symbolic links on the way followed; the last one too if `follow`. */
  #find(path: string, follow: boolean, missingParents = false): Place {
    let names = posixResolve('/', path)
      .split('/')
      .filter((name) => name !== '');
    let links = 0;
    for (;;) {
      let node: Node | undefined = this.#root;
      let at = '';
      let linked = false;
      for (const [index, name] of ['', ...names].entries()) {
        if (index > 0) at += `/${name}`;
        const mount = this.#mounts.get(at || '/');
        if (mount) return { mount, rest: `/${names.slice(index).join('/')}`, path: `/${names.join('/')}` };
        if (index === 0) continue;
        if (node === undefined) {
          if (!missingParents) throw new FileError('ENOENT', path);
          continue;
        }
        if (node.type !== 'directory') throw new FileError('ENOTDIR', path);
        const parent = at.slice(0, at.lastIndexOf('/')) || '/';
        node = childOf(node, name);
        if (node?.type === 'symlink' && (follow || index < names.length)) {
          if (++links > 40) throw new FileError('ELOOP', path);
          const target = posixResolve(parent, node.target);
          names = [...target.split('/').filter((part) => part !== ''), ...names.slice(index)];
          linked = true;
          break;
        }
      }
      if (!linked) return { node, path: at || '/' };
    }
  }

  /** The directory at `path` (no links in it) in a form that can be changed; `asked` is named in errors. */
  #ownDirectory(path: string, asked: string): OwnDirectory {
    this.#checkWritable(path, asked);
    const directory = this.#walkOwn(path);
    directory.modified = this.#now();
    return directory;
  }

  #walkOwn(path: string): OwnDirectory {
    let directory = this.#root;
    for (const name of path.split('/')) {
      if (name === '') continue;
      const child = childOf(directory, name);
      if (child?.type !== 'directory') throw new FileError(child ? 'ENOTDIR' : 'ENOENT', path);
      const own = 'own' in child ? child : this.#overlay(child);
      directory.children.set(name, own);
      directory = own;
    }
    return directory;
  }

  /** The node at `path`, copied up from the layer if need be. */
  #own(path: string, asked: string): OwnNode {
    this.#checkWritable(path, asked);
    if (path === '/') return this.#root;
    const { parent, name } = split(path);
    const directory = this.#walkOwn(parent);
    const node = present(childOf(directory, name), asked);
    if ('own' in node) return node;
    const own = node.type === 'directory' ? this.#overlay(node) : this.#wholly(node);
    directory.children.set(name, own);
    return own;
  }

  /** A node of its own with all that lies under it. */
  #wholly(node: Node): OwnNode {
    if (node.type === 'directory') {
      const own = 'own' in node ? node : this.#overlay(node);
      for (const name of childNames(own)) own.children.set(name, this.#wholly(childOf(own, name) as Node));
      own.below = undefined;
      own.removed.clear();
      return own;
    }
    if ('own' in node) return node;
    const stamp = { uid: 0, gid: 0, modified: this.#base.modified };
    if (node.type === 'symlink') return { own: true, type: 'symlink', target: node.target, mode: 0o777, ...stamp };
    if (node.type === 'device') throw new FileError('EPERM', '');
    const bytes = layerBytes(node);
    return { own: true, type: 'file', chunks: [bytes], size: bytes.length, mode: node.mode, ...stamp };
  }

  #write(path: string, node: Node | undefined, bytes: Uint8Array, options: { append?: boolean; mode?: number }): void {
    if (node?.type === 'device') return;
    if (node?.type === 'directory') throw new FileError('EISDIR', path);
    this.#checkWritable(path, path);
    const { parent, name } = split(path);
    let file = node && 'own' in node ? node : undefined;
    if (file?.type !== 'file') {
      const old = node?.type === 'file' && !('own' in node) ? node : undefined;
      const chunks = old && options.append ? [layerBytes(old)] : [];
      const attributes = this.#attributes(options.mode ?? old?.mode ?? 0o644);
      if (old) Object.assign(attributes, { uid: 0, gid: 0 });
      file = { own: true, type: 'file', chunks, size: chunks[0]?.length ?? 0, ...attributes };
      const directory = node ? this.#walkOwn(parent) : this.#ownDirectory(parent, path);
      directory.children.set(name, file);
    }
    const copy = bytes.slice(); // the caller may go on using its buffer
    file.chunks = options.append ? file.chunks : [];
    file.chunks.push(copy);
    file.size = options.append ? file.size + copy.length : copy.length;
    file.modified = this.#now();
  }

  #detach(path: string): void {
    const { parent, name } = split(path);
    const directory = this.#ownDirectory(parent, path);
    for (const mounted of this.#mounts.keys()) {
      if (`${mounted}/`.startsWith(`${path}/`)) throw new FileError('EPERM', path);
    }
    directory.children.delete(name);
    if (directory.below?.children.has(name)) directory.removed.add(name);
  }

  #checkWritable(path: string, asked: string): void {
    const under = (root: string) => root === '/' || path === root || path.startsWith(`${root}/`);
    const closed = this.#readOnly.filter(under).reduce((most, root) => Math.max(most, root.length), 0);
    if (closed === 0) return;
    if (!this.#writable.some((root) => under(root) && root.length >= closed)) throw new FileError('EROFS', asked);
  }

  #changed(path: string): void {
    for (const listener of [...(this.#listeners.get(path) ?? [])]) listener();
  }
}

function present(node: Node | undefined, path: string): Node {
  if (!node) throw new FileError('ENOENT', path);
  return node;
}

function split(path: string): { parent: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { parent: path.slice(0, slash) || '/', name: path.slice(slash + 1) };
}

function childOf(directory: OwnDirectory | LayerDirectory, name: string): Node | undefined {
  const own = directory.children.get(name);
  if (own || !('own' in directory) || directory.removed.has(name)) return own;
  return directory.below?.children.get(name);
}

function childNames(directory: OwnDirectory | LayerDirectory): string[] {
  if (!('own' in directory)) return [...directory.children.keys()];
  const below = directory.below ? [...directory.below.children.keys()] : [];
  return [...new Set([...directory.children.keys(), ...below.filter((name) => !directory.removed.has(name))])];
}

function attributesOf(saved: SavedFile): Attributes {
  if (saved.type === 'removed') throw new Error('files: a removed file has no attributes');
  return {
    mode: saved.type === 'symlink' ? 0o777 : saved.mode,
    uid: saved.uid,
    gid: saved.gid,
    modified: saved.modified,
  };
}

function saveDirectory(directory: OwnDirectory, path: string, state: MemoryFilesState): void {
  const { mode, uid, gid, modified } = directory;
  state[path || '/'] = { type: 'directory', mode, uid, gid, modified };
  for (const name of [...directory.removed].sort()) {
    const again = directory.children.get(name);
    if (!again) state[`${path}/${name}`] = { type: 'removed' };
  }
  for (const name of [...directory.children.keys()].sort()) {
    const child = directory.children.get(name) as OwnNode;
    const at = `${path}/${name}`;
    if (child.type === 'directory') {
      saveDirectory(child, at, state);
      const saved = state[at];
      if (saved?.type === 'directory' && !child.below && directory.below?.children.has(name)) saved.opaque = true;
    } else if (child.type === 'symlink') {
      const { target, modified, uid, gid } = child;
      state[at] = { type: 'symlink', target, modified, uid, gid };
    } else {
      const { mode, uid, gid, modified } = child;
      state[at] = { type: 'file', ...savedContent(concat(child.chunks)), mode, uid, gid, modified };
    }
  }
}

/** Text where the bytes are UTF-8, base64 otherwise. */
function savedContent(bytes: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: toBase64(bytes) };
  }
}

function savedBytes(saved: { text?: string; base64?: string }): Uint8Array {
  if (saved.text !== undefined) return new TextEncoder().encode(saved.text);
  const bytes = fromBase64(saved.base64 ?? '');
  if (!bytes) throw new Error('files: content is not base64');
  return bytes;
}
