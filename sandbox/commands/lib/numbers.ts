import { Failure } from './tool.ts';

const units: Record<string, number> = {
  b: 512,
  kB: 1000,
  k: 1024,
  K: 1024,
  KB: 1000,
  KiB: 1024,
  M: 1024 ** 2,
  MB: 1000 ** 2,
  MiB: 1024 ** 2,
  m: 1024 ** 2,
  G: 1024 ** 3,
  GB: 1000 ** 3,
  GiB: 1024 ** 3,
};

/** coreutils' numbers with a suffix (`5`, `2K`, `1MB`); the sign stays with the caller. Throws `Failure`. */
export function parseCount(text: string, what: string): number {
  const match = /^(\d+)([a-zA-Z]*)$/.exec(text);
  const unit = match?.[2] === '' ? 1 : units[match?.[2] ?? ''];
  if (!match || unit === undefined) throw new Failure(`invalid ${what}: '${text}'`);
  return Number(match[1]) * unit;
}

const seconds: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86400 };

/** Milliseconds of `1.5`, `2m`, `infinity`; undefined if it is no time interval. */
export function parseInterval(text: string): number | undefined {
  const match = /^(\d*\.?\d+(?:e[-+]?\d+)?|\d+\.|inf|infinity)([smhd]?)$/i.exec(text);
  if (!match) return undefined;
  const value = /^inf/i.test(match[1] as string) ? Number.POSITIVE_INFINITY : Number(match[1]);
  return value * (seconds[match[2] as string] as number) * 1000;
}
