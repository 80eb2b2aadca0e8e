import type { Process } from '../../kernel/process.ts';

/** The promise's outcome; an error from `late` once the cluster's clock is at `at`; the signal that ends the process. */
export function until<T>(process: Process, promise: Promise<T>, at: number | undefined, late: () => Error): Promise<T> {
  const guarded = process.cancellation.guard(promise);
  if (at === undefined) return guarded;
  return new Promise<T>((resolve, reject) => {
    const off = process.kernel.wakeAt(at, () => reject(late()));
    guarded.then(
      (value) => {
        off();
        resolve(value);
      },
      (error: unknown) => {
        off();
        reject(error);
      },
    );
  });
}
