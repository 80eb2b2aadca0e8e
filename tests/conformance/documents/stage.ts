import { Session, type SessionOptions } from '../../../sandbox/lesson/session.ts';
import { turn } from '../../../sandbox/node/host.ts';
import type { Output, Stage } from './transcript.ts';

const epoch = 1_768_467_600_000; // 2026-01-15T09:00:00Z

export async function startStage(options: Partial<SessionOptions>): Promise<Stage & { session: Session }> {
  const session = await Session.start({ profile: 'default', seed: 1, epoch, ...options }, turn);
  return {
    session,
    run: (command, input): Promise<Output> => session.runInstant(command, input === undefined ? {} : { typed: input }),
    advance: (seconds) => session.advance(seconds * 1000),
  };
}
