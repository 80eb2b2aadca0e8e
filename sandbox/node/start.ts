import type { SessionOptions } from '../lesson/session.ts';
import { findRelease } from '../releases/index.ts';
import { HostFiles } from './host-files.ts';
import { type SessionArguments, UsageError } from './options.ts';

/** What the command line says of a session, with the host's folders opened. */
export function sessionOptions(options: SessionArguments): SessionOptions {
  const versions = {
    ...(options.istio === undefined ? {} : { istio: options.istio }),
    ...(options.kubernetes === undefined ? {} : { kubernetes: options.kubernetes }),
  };
  try {
    findRelease(versions);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return {
    ...versions,
    profile: options.profile,
    seed: options.seed,
    epoch: options.epoch,
    mounts: options.mounts.map(({ host, path }) => ({ path, files: new HostFiles(host) })),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  };
}
