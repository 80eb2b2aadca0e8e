import { runInstant } from '../kernel/drivers.ts';
import type { Kernel } from '../kernel/kernel.ts';

/** For tests: turns the clock until `task` settles. Promises alone stand for the host's turn. */
export function settle<T>(kernel: Kernel, task: Promise<T>): Promise<T> {
  const turn = async () => {
    for (let round = 0; round < 1000; round++) await undefined;
  };
  return runInstant(kernel, task, turn, { endOfInput: () => false, interrupt: () => false });
}
