import type { Daemon, DaemonContainer } from './image.ts';

const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * `sleep` as a container's main program: the commonest way to keep one alive. It waits by a timer that nobody waits for, and
 * as the first process without a handler it ignores SIGTERM (so deletion takes the whole grace period).
 */
export function sleepDaemon(container: DaemonContainer): Daemon {
  const daemon: Daemon = { wake: () => container.exit(0), dispose: () => {} };
  if (!container.fresh) return daemon;
  const words = container.argv.slice(1);
  let seconds = 0;
  for (const word of words) {
    const match = /^(\d+(?:\.\d+)?|infinity|inf)([smhd])?$/.exec(word);
    if (!match) {
      container.log(`sleep: invalid number '${word}'`, 'stderr');
      container.exit(1);
      return daemon;
    }
    seconds += match[1]?.startsWith('inf')
      ? Number.POSITIVE_INFINITY
      : Number(match[1]) * (units[match[2] ?? 's'] ?? 1);
  }
  if (words.length === 0) {
    container.log('BusyBox v1.37.0 multi-call binary.\n\nUsage: sleep [N]...', 'stderr');
    container.exit(1);
  } else if (Number.isFinite(seconds)) container.after(seconds * 1000, 'done', { idle: seconds > 300 });
  return daemon;
}
