import { describe, expect, test } from 'vitest';
import { FileLayer } from './file-layer.ts';
import { FileError } from './files.ts';
import { MemoryFiles } from './memory-files.ts';
import { decode, encode } from './streams.ts';

const base = new FileLayer({
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  '/usr/bin/tool': { file: '#!/bin/sh\n', mode: 0o755 },
  '/lib': { symlink: 'usr/lib' },
  '/usr/lib/a.so': new Uint8Array([0xff, 0xfe, 0]),
});
const fresh = (options: Partial<ConstructorParameters<typeof MemoryFiles>[0]> = {}) =>
  new MemoryFiles({ now: () => 1_000, base, ...options });
const code = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    if (error instanceof FileError) return error.code;
    throw error;
  }
  return undefined;
};

describe('MemoryFiles', () => {
  test('reads through to the layer and keeps changes apart', () => {
    const [one, other] = [fresh(), fresh()];
    one.writeFile('/etc/passwd', encode('changed'));
    expect(decode(one.readFile('/etc/passwd'))).toBe('changed');
    expect(decode(other.readFile('/etc/passwd'))).toContain('root');
    expect(one.stat('/usr/bin/tool').mode).toBe(0o755);
    expect(one.readFile('/lib/a.so')).toEqual(new Uint8Array([0xff, 0xfe, 0]));
    expect(one.readDirectory('/usr')).toEqual(['bin', 'lib']);
  });

  test('a fresh one saves nothing but its root, and what is saved is what changed', () => {
    const files = fresh();
    expect(Object.keys(files.save())).toEqual(['/']);
    files.makeDirectory('/work/deep', { parents: true });
    files.writeFile('/work/deep/f', encode('text\n'));
    files.writeFile('/work/binary', new Uint8Array([0xff, 1]));
    files.makeSymlink('deep/f', '/work/link');
    files.remove('/usr/bin/tool');
    files.remove('/usr/lib', { recursive: true });
    files.makeDirectory('/usr/lib');
    const state = files.save();
    expect(state['/work/deep/f']).toMatchObject({ type: 'file', text: 'text\n' });
    expect(state['/work/binary']).toMatchObject({ base64: '/wE=' });
    expect(state['/usr/bin/tool']).toEqual({ type: 'removed' });
    expect(state['/usr/lib']).toMatchObject({ opaque: true });
    expect(state['/etc/passwd']).toBeUndefined();
    const again = fresh();
    again.load(JSON.parse(JSON.stringify(state)));
    expect(again.save()).toEqual(state);
    expect(JSON.stringify(again.save())).toBe(JSON.stringify(state));
    expect(decode(again.readFile('/work/link'))).toBe('text\n');
    expect(again.exists('/usr/bin/tool')).toBe(false);
    expect(again.readDirectory('/usr/lib')).toEqual([]);
    expect(again.exists('/etc/passwd')).toBe(true);
  });

  test('rename moves whole directories of the layer', () => {
    const files = fresh();
    files.rename('/usr', '/moved');
    expect(files.exists('/usr')).toBe(false);
    expect(files.stat('/moved/bin/tool').mode).toBe(0o755);
    const again = fresh();
    again.load(files.save());
    expect(again.readDirectory('/moved')).toEqual(['bin', 'lib']);
    expect(again.exists('/usr/lib')).toBe(false);
  });

  test('answers with errno', () => {
    const files = fresh();
    files.makeSymlink('loop', '/loop');
    expect(code(() => files.readFile('/none'))).toBe('ENOENT');
    expect(code(() => files.writeFile('/none/file', encode('x')))).toBe('ENOENT');
    expect(code(() => files.readFile('/etc'))).toBe('EISDIR');
    expect(code(() => files.readFile('/etc/passwd/x'))).toBe('ENOTDIR');
    expect(code(() => files.readDirectory('/etc/passwd'))).toBe('ENOTDIR');
    expect(code(() => files.remove('/etc'))).toBe('ENOTEMPTY');
    expect(code(() => files.makeDirectory('/etc'))).toBe('EEXIST');
    expect(code(() => files.readFile('/loop'))).toBe('ELOOP');
    expect(code(() => files.rename('/usr', '/usr/lib/usr'))).toBe('EINVAL');
    expect(code(() => fresh({ readOnly: ['/etc'] }).writeFile('/etc/x', encode('')))).toBe('EROFS');
    const rooted = fresh({ readOnly: ['/'], writable: ['/tmp'] });
    expect(code(() => rooted.remove('/etc/passwd'))).toBe('EROFS');
    rooted.writeFile('/tmp/x', encode('fine'));
  });

  test('mounts another file system', () => {
    const [files, host] = [fresh(), fresh()];
    host.writeFile('/note', encode('from the host'));
    files.mount('/mnt/host', host);
    files.makeSymlink('/mnt/host/note', '/note');
    expect(decode(files.readFile('/note'))).toBe('from the host');
    files.writeFile('/mnt/host/new', encode('x'));
    expect(host.exists('/new')).toBe(true);
    expect(files.readDirectory('/mnt')).toEqual(['host']);
    expect(files.save()['/mnt/host/new']).toBeUndefined();
    expect(code(() => files.rename('/mnt/host/note', '/elsewhere'))).toBe('EXDEV');
  });

  test('tells of changes', () => {
    const files = fresh();
    let changes = 0;
    const off = files.onChange('/log', () => changes++);
    files.writeFile('/log', encode('a'));
    files.writeFile('/log', encode('b'), { append: true });
    off();
    files.writeFile('/log', encode('c'));
    expect(changes).toBe(2);
  });
});
