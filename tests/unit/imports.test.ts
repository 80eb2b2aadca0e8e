import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/**
 * Which rooms of the sandbox a room may import from, besides itself (sandbox/README.md, "The walls"). A room is the longest
 * matching folder or file below sandbox/.
 */
const allowed: Record<string, string[]> = {
  kernel: [],
  network: ['kernel'],
  envoy: ['kernel', 'network'],
  'envoy/xds': [],
  kubernetes: ['kernel', 'istio/kinds'],
  istio: ['kernel', 'kubernetes', 'envoy/xds', 'releases'],
  'istio/kinds': ['kernel', 'kubernetes'],
  releases: ['kernel'],
  internet: ['kernel', 'network'],
  images: ['kernel', 'network', 'envoy', 'releases'],
  shell: ['kernel'],
  commands: ['kernel', 'shell', 'network'],
  'commands/kubectl': ['kernel', 'shell', 'commands', 'kubernetes/apiserver/http.ts', 'kubernetes/objects.ts'],
  'commands/istioctl': [
    'kernel',
    'shell',
    'commands',
    'releases',
    'istio',
    'envoy/xds',
    'kubernetes/apiserver/http.ts',
    'kubernetes/objects.ts',
  ],
};
/** Put together from all rooms. */
const top = ['cluster.ts', 'cluster', 'lesson', 'node'];

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name));
}

function roomOf(path: string): string {
  const inside = relative(join(root, 'sandbox'), path);
  const rooms = [...Object.keys(allowed), ...top].filter((room) => inside === room || inside.startsWith(`${room}/`));
  return rooms.sort((a, b) => b.length - a.length)[0] ?? inside;
}

function imports(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const pattern = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g;
  return [...text.matchAll(pattern)].map((match) => resolve(dirname(path), match[1] as string));
}

test('imports between the rooms of the sandbox go one way', () => {
  const wrong: string[] = [];
  for (const path of files(join(root, 'sandbox'))) {
    if (path.endsWith('.test.ts')) continue;
    const room = roomOf(path);
    for (const target of imports(path)) {
      const inside = relative(join(root, 'sandbox'), target);
      const where = `${relative(root, path)} → ${relative(root, target)}`;
      if (inside.startsWith('..')) wrong.push(`${where}: the sandbox never imports from outside itself`);
      else if (top.includes(room)) {
        if (room !== 'node' && roomOf(target) === 'node') wrong.push(`${where}: only node/ is Node's`);
      } else {
        const reachable = [room, ...(allowed[room] ?? [])];
        const fine = reachable.some((place) => inside === place || inside.startsWith(`${place}/`));
        if (!fine) wrong.push(`${where}: ${room} may import only ${reachable.join(', ')}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('a program can be loaded in any host: packages are imported, never Node', () => {
  const wrong: string[] = [];
  for (const path of files(join(root, 'sandbox'))) {
    if (roomOf(path) === 'node' || path.endsWith('.test.ts')) continue;
    if (/from\s+'node:/.test(readFileSync(path, 'utf8'))) wrong.push(relative(root, path));
  }
  expect(wrong).toEqual([]);
});
