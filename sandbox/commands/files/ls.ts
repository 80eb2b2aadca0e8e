import type { FileStat } from '../../kernel/files.ts';
import { calendar } from '../../kernel/time.ts';
import { type Invocation, tool } from '../lib/tool.ts';

interface Entry {
  name: string;
  path: string;
  stat: FileStat;
}

/** ls(1), names in the order of the C locale. */
export const ls = tool(
  {
    usage: '[OPTION]... [FILE]...',
    trouble: 2,
    short: 'aAlh1RdtSrFpnsiCxgo',
    long: {
      all: 'a',
      'almost-all': 'A',
      'human-readable': 'h',
      recursive: 'R',
      directory: 'd',
      reverse: 'r',
      classify: 'F',
      color: 'color::',
      'full-time': 'full-time',
      'group-directories-first': 'group-directories-first',
    },
  },
  async (run) => {
    const { files } = run.process.machine;
    const names = run.operands.length > 0 ? run.operands : ['.'];
    const plain: Entry[] = [];
    const directories: Entry[] = [];
    for (const name of names) {
      await run.attempt(
        `'${name}'`,
        () => {
          const path = run.process.resolve(name);
          const stat = files.stat(path, { link: run.options.has('l') });
          (stat.type === 'directory' && !run.options.has('d') ? directories : plain).push({ name, path, stat });
        },
        'cannot access ',
      );
    }
    list(run, order(run, plain));
    let first = plain.length === 0;
    for (const directory of order(run, directories)) {
      first = await listDirectory(run, directory, first, names.length > 1 || run.options.has('R'));
    }
    return undefined;
  },
);

async function listDirectory(
  run: Invocation,
  { name, path }: Entry,
  first: boolean,
  titled: boolean,
): Promise<boolean> {
  const { files } = run.process.machine;
  const { options } = run;
  const children = await run.attempt(`'${name}'`, () => files.readDirectory(path), 'cannot open directory ');
  if (!children) return first;
  if (titled) run.print(`${first ? '' : '\n'}${name}:\n`);
  const shown = options.has('a') ? ['.', '..', ...children] : children;
  const entries = shown
    .filter((child) => options.has('a', 'A') || !child.startsWith('.'))
    .map((child) => {
      const place =
        child === '.'
          ? path
          : child === '..'
            ? path.replace(/\/[^/]*$/, '') || '/'
            : `${path === '/' ? '' : path}/${child}`;
      return { name: child, path: place, stat: files.stat(place, { link: true }) };
    });
  const sorted = order(run, entries);
  if (options.has('l', 'n', 'g', 'o', 's')) {
    run.print(`total ${sorted.reduce((sum, { stat }) => sum + blocks(stat), 0)}\n`);
  }
  list(run, sorted);
  if (options.has('R')) {
    for (const entry of sorted) {
      if (entry.stat.type !== 'directory' || entry.name === '.' || entry.name === '..') continue;
      await listDirectory(run, { ...entry, name: `${name.replace(/\/$/, '')}/${entry.name}` }, false, true);
    }
  }
  return false;
}

function order({ options }: Invocation, entries: Entry[]): Entry[] {
  const sorted = entries.sort((a, b) => {
    if (options.has('t') && a.stat.modified !== b.stat.modified) return b.stat.modified - a.stat.modified;
    if (options.has('S') && a.stat.size !== b.stat.size) return b.stat.size - a.stat.size;
    return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  });
  return options.has('r') ? sorted.reverse() : sorted;
}

/** In KiB, in pages of 4 KiB as most file systems give them out. */
function blocks(stat: FileStat): number {
  return stat.type === 'symlink' ? 0 : stat.type === 'directory' ? 4 : Math.ceil(stat.size / 4096) * 4;
}

function list(run: Invocation, entries: Entry[]): void {
  if (run.options.has('l', 'n', 'g', 'o')) {
    longList(run, entries);
    return;
  }
  const names = entries.map((entry) => entry.name + suffix(run, entry));
  const columns = run.process.fds.get(1)?.terminal?.columns;
  if (columns === undefined || run.options.has('1')) for (const name of names) run.print(`${name}\n`);
  else run.print(inColumns(names, columns));
}

function suffix({ options }: Invocation, { stat }: Entry): string {
  if (options.has('F', 'p') && stat.type === 'directory') return '/';
  if (!options.has('F')) return '';
  if (stat.type === 'symlink') return '@';
  return stat.type === 'file' && stat.mode & 0o111 ? '*' : '';
}

function inColumns(names: string[], width: number): string {
  for (let rows = 1; rows <= names.length; rows++) {
    const columns: string[][] = [];
    for (let at = 0; at < names.length; at += rows) columns.push(names.slice(at, at + rows));
    const widths = columns.map((column) => Math.max(...column.map((name) => [...name].length)));
    const total = widths.reduce((sum, each) => sum + each + 2, -2);
    if (total >= width && rows < names.length) continue;
    let text = '';
    for (let row = 0; row < rows; row++) {
      const cells = columns.map((column) => column[row]).filter((name) => name !== undefined);
      text += `${cells.map((name, at) => (at === cells.length - 1 ? name : name.padEnd((widths[at] ?? 0) + 2))).join('')}\n`;
    }
    return text;
  }
  return '';
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function longList(run: Invocation, entries: Entry[]): void {
  const rows = entries.map((entry) => {
    const { stat } = entry;
    const links = stat.type === 'directory' ? 2 : 1;
    const arrow = stat.type === 'symlink' ? ` -> ${run.process.machine.files.readSymlink(entry.path)}` : '';
    const size = run.options.has('h') ? humanSize(stat.size) : String(stat.size);
    const owner = run.options.has('n')
      ? [stat.uid, stat.gid].map(String)
      : [ownerName(run, stat.uid), groupName(run, stat.gid)];
    return [
      modeText(stat),
      String(links),
      ...owner,
      size,
      stamp(stat.modified, run.process.kernel.now()),
      entry.name + suffix(run, entry) + arrow,
    ];
  });
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows) {
    const cells = row.map((cell, column) => {
      if (column === 1 || column === 4) return cell.padStart(widths[column] ?? 0);
      return column === 2 || column === 3 ? cell.padEnd(widths[column] ?? 0) : cell;
    });
    run.print(`${cells.join(' ')}\n`);
  }
}

function modeText(stat: FileStat): string {
  const type = { file: '-', directory: 'd', symlink: 'l', fifo: 'p', device: 'c' }[stat.type];
  const mode = stat.type === 'symlink' ? 0o777 : stat.mode;
  const bits = [6, 3, 0].map((shift) => {
    const three = (mode >> shift) & 7;
    const sticky = shift === 0 && mode & 0o1000;
    return `${three & 4 ? 'r' : '-'}${three & 2 ? 'w' : '-'}${sticky ? (three & 1 ? 't' : 'T') : three & 1 ? 'x' : '-'}`;
  });
  return type + bits.join('');
}

function humanSize(size: number): string {
  if (size < 1024) return String(size);
  let [value, unit] = [size, -1];
  while (value >= 1024 && unit < 4) {
    value /= 1024;
    unit++;
  }
  const rounded = value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : String(Math.ceil(value));
  return `${rounded}${'KMGTP'[unit]}`;
}

function stamp(at: number, now: number): string {
  const { year, month, day, hour, minute } = calendar(at);
  const recent = at <= now && now - at < 15778476000;
  const clock = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  return `${months[month - 1]} ${String(day).padStart(2)} ${recent ? clock : String(year).padStart(5)}`;
}

/** The name in the third field of a line of /etc/passwd or /etc/group; the number if it has none. */
function nameIn(run: Invocation, file: string, id: number): string {
  const { files } = run.process.machine;
  if (!files.exists(file)) return id === 0 ? 'root' : String(id);
  const lines = new TextDecoder()
    .decode(files.readFile(file))
    .split('\n')
    .map((line) => line.split(':'));
  return lines.find((fields) => fields[2] === String(id))?.[0] ?? (id === 0 ? 'root' : String(id));
}

export const ownerName = (run: Invocation, uid: number) => nameIn(run, '/etc/passwd', uid);
export const groupName = (run: Invocation, gid: number) => nameIn(run, '/etc/group', gid);
