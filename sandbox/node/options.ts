import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { parseTime } from '../kernel/time.ts';

/** A mistake on the command line; told without a stack, exit status 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** What every command that makes a session understands. */
export interface SessionArguments {
  istio: string | undefined;
  kubernetes: string | undefined;
  profile: 'demo' | 'default' | 'minimal' | 'none';
  seed: number;
  /** ms since 1970: what the cluster's clock shows when the session starts. */
  epoch: number;
  mounts: { host: string; path: string }[];
  cwd: string | undefined;
}

const profiles = ['demo', 'default', 'minimal', 'none'] as const;
/** Without `--epoch` every session starts at the same moment, so that two runs are the same to the byte. */
const defaultEpoch = '2026-01-15T09:00:00Z';

export const sessionFlags = {
  istio: { type: 'string' },
  kubernetes: { type: 'string' },
  profile: { type: 'string', default: 'default' },
  seed: { type: 'string', default: '1' },
  epoch: { type: 'string', default: defaultEpoch },
  mount: { type: 'string', multiple: true, default: [] as string[] },
  cwd: { type: 'string' },
} as const;

export type FlagValues = Record<string, string | boolean | (string | boolean)[] | undefined>;
type Flags = NonNullable<ParseArgsConfig['options']>;

/** Splits arguments into known flags and the rest, which starts at the first word that is no flag (or after `--`). */
export function splitArguments(args: string[], flags: Flags): { values: FlagValues; rest: string[] } {
  let end = 0;
  while (args[end]?.startsWith('--') && args[end] !== '--') {
    const [name = '', ...value] = (args[end] as string).slice(2).split('=');
    const flag = flags[name];
    if (!flag) throw new UsageError(`unknown flag: --${name}`);
    end += value.length > 0 || flag.type === 'boolean' ? 1 : 2;
  }
  const rest = args.slice(end);
  if (rest[0] === '--') rest.shift();
  return { values: parseFlags(args.slice(0, end), flags).values, rest };
}

/** All arguments as flags and, where allowed, positionals, in any order. */
export function parseFlags(args: string[], options: Flags, allowPositionals = false) {
  try {
    const parsed = parseArgs({ args, options, allowPositionals, strict: true });
    return { values: parsed.values as FlagValues, positionals: parsed.positionals as string[] };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function sessionArguments(values: FlagValues): SessionArguments {
  const profile = String(values.profile);
  if (!profiles.some((name) => name === profile)) {
    throw new UsageError(`--profile: ${profile}: there are ${profiles.join(', ')}`);
  }
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new UsageError(`--seed: ${String(values.seed)}: not a whole number ≥ 0`);
  const epoch = parseTime(String(values.epoch));
  if (epoch === undefined) throw new UsageError(`--epoch: ${String(values.epoch)}: not a time such as ${defaultEpoch}`);
  return {
    istio: values.istio as string | undefined,
    kubernetes: values.kubernetes as string | undefined,
    profile: profile as SessionArguments['profile'],
    seed,
    epoch,
    mounts: (values.mount as string[]).map(parseMount),
    cwd: values.cwd as string | undefined,
  };
}

function parseMount(text: string): { host: string; path: string } {
  const split = text.lastIndexOf('=');
  const host = resolve(text.slice(0, split));
  const path = text.slice(split + 1);
  if (split < 1 || !path.startsWith('/') || path === '/') {
    throw new UsageError(`--mount: ${text}: expected HOSTDIR=/path`);
  }
  if (!existsSync(host) || !statSync(host).isDirectory()) throw new UsageError(`--mount: ${host}: no such directory`);
  return { host, path };
}

export function portArgument(value: unknown): number {
  const port = Number(value);
  if (value === undefined || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw new UsageError(`--port: ${String(value)}: not a port (0–65535)`);
  }
  return port;
}
