import type { Child } from '../kernel/process.ts';

export interface Job {
  id: number;
  pid: number;
  child: Child;
  /** The command as it was typed. */
  text: string;
  /** Undefined while it runs. */
  status: number | undefined;
  /** Its end was told. */
  told: boolean;
}

/** Background jobs of one shell. They live in memory only: a saved shell has none. */
export class Jobs {
  #jobs: Job[] = [];
  /** Exit statuses of jobs that are gone from the list, for a late `wait PID`. */
  readonly #ended = new Map<number, number>();

  add(child: Child, text: string): Job {
    const id = (this.#jobs.at(-1)?.id ?? 0) + 1;
    const job: Job = { id, pid: child.pid, child, text, status: undefined, told: false };
    this.#jobs.push(job);
    void child.exited.then((status) => {
      job.status = status;
    });
    return job;
  }

  list(): readonly Job[] {
    return this.#jobs;
  }

  remove(job: Job): void {
    this.#jobs = this.#jobs.filter((other) => other !== job);
    this.#ended.set(job.pid, job.status ?? 0);
  }

  ended(pid: number): number | undefined {
    return this.#ended.get(pid);
  }

  /** `+` for the current job, `-` for the one before. */
  mark(job: Job): string {
    if (this.#jobs.at(-1) === job) return '+';
    return this.#jobs.at(-2) === job ? '-' : ' ';
  }

  /** The job that `%1`, `%%`, `%+`, `%-`, `%name`, `%?text` or a process number means. */
  find(spec: string): Job | undefined {
    if (/^\d+$/.test(spec)) return this.#jobs.find((job) => job.pid === Number(spec));
    if (!spec.startsWith('%')) return undefined;
    const rest = spec.slice(1);
    if (rest === '' || rest === '%' || rest === '+') return this.#jobs.at(-1);
    if (rest === '-') return this.#jobs.at(-2) ?? this.#jobs.at(-1);
    if (/^\d+$/.test(rest)) return this.#jobs.find((job) => job.id === Number(rest));
    if (rest.startsWith('?')) return this.#jobs.find((job) => job.text.includes(rest.slice(1)));
    return this.#jobs.find((job) => job.text.startsWith(rest));
  }

  /** `[1]+  Done                    sleep 1`, as `jobs` writes. */
  line(job: Job, long = false): string {
    const state = describeStatus(job.status);
    const pid = long ? `${String(job.pid).padStart(5)} ` : '';
    const tail = job.status === undefined ? ' &' : '';
    return `[${job.id}]${this.mark(job)} ${long ? '' : ' '}${pid}${state.padEnd(24)}${job.text}${tail}`;
  }
}

function describeStatus(status: number | undefined): string {
  if (status === undefined) return 'Running';
  if (status === 0) return 'Done';
  return signalTexts[status - 128] ?? `Exit ${status}`;
}

const signalTexts: Record<number, string> = {
  1: 'Hangup',
  2: 'Interrupt',
  3: 'Quit',
  9: 'Killed',
  13: 'Broken pipe',
  15: 'Terminated',
};
