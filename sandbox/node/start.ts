import type { SessionOptions } from '../lesson/session.ts';
import { HostFiles } from './host-files.ts';
import type { SessionArguments } from './options.ts';

/** What the command line says of a session, with the host's folders opened. */
export function sessionOptions(options: SessionArguments): SessionOptions {
  return {
    profile: options.profile,
    seed: options.seed,
    epoch: options.epoch,
    mounts: options.mounts.map(({ host, path }) => ({ path, files: new HostFiles(host) })),
    ...(options.istio === undefined ? {} : { istio: options.istio }),
    ...(options.kubernetes === undefined ? {} : { kubernetes: options.kubernetes }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  };
}
