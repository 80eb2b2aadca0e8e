import { RealtimeDriver } from '../kernel/drivers.ts';
import type { ApiRequest, ApiResponse } from '../kubernetes/apiserver/http.ts';
import { Session } from '../lesson/session.ts';
import { hostClock, turn } from './host.ts';
import type { SessionArguments } from './options.ts';
import { sessionOptions } from './start.ts';

/** ms of the host's time that a command may take. */
const patience = 60_000;

interface RunRequest {
  command: string;
  stdin?: string | undefined;
  session?: string | undefined;
}

/**
 * One cluster and its learners' shells behind the HTTP façade. Cluster time moves while a command runs (at once, not waiting)
 * and by `advance`; while a client of the Kubernetes API keeps a stream open (a watch), it follows the host's clock instead.
 */
export class ServedSession {
  readonly #options: SessionArguments;
  #session: Session;
  #driver: RealtimeDriver;
  #followers = 0;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(options: SessionArguments, session: Session) {
    this.#options = options;
    this.#session = session;
    this.#driver = new RealtimeDriver(session.cluster.kernel, hostClock, turn);
  }

  static async start(options: SessionArguments): Promise<ServedSession> {
    return new ServedSession(options, await Session.start(sessionOptions(options), turn));
  }

  run(request: RunRequest) {
    return this.#exclusive(async () => {
      const name = request.session ?? 'main';
      // A loop without an end would keep everybody waiting: after a minute of ours it gets what Ctrl-C sends.
      const shell = this.#session.shell(name);
      const limits = [
        setTimeout(() => shell.signal('SIGINT'), patience),
        setTimeout(() => shell.signal('SIGKILL'), patience + 5000),
      ];
      try {
        const options = { shell: name, ...(request.stdin === undefined ? {} : { typed: request.stdin }) };
        return await this.#session.runInstant(request.command, options);
      } finally {
        for (const limit of limits) clearTimeout(limit);
      }
    });
  }

  advance(seconds: number) {
    return this.#exclusive(async () => {
      await this.#session.advance(seconds * 1000);
      return { now: this.#session.cluster.now() };
    });
  }

  reset() {
    return this.#exclusive(async () => {
      this.#driver.stop();
      this.#session = await Session.start(sessionOptions(this.#options), turn);
      this.#driver = new RealtimeDriver(this.#session.cluster.kernel, hostClock, turn);
      if (this.#followers > 0) this.#driver.start();
      return { now: this.#session.cluster.now() };
    });
  }

  /** A request of a client outside. What it set going (a pod to start) goes on in cluster time a moment later. */
  api(request: ApiRequest): Promise<ApiResponse> {
    return this.#exclusive(async () => {
      const answer = this.#session.cluster.transport(request);
      if (this.#followers > 0) this.#driver.nudge();
      else await this.#session.advance(5);
      return answer;
    });
  }

  followHostClock(): () => void {
    if (this.#followers++ === 0) this.#driver.start();
    return () => {
      if (--this.#followers === 0) this.#driver.stop();
    };
  }

  /** One thing at a time: commands turn the cluster's clock. */
  #exclusive<T>(action: () => Promise<T>): Promise<T> {
    const turnOf = this.#queue.then(async () => {
      if (this.#followers > 0) this.#driver.stop();
      try {
        return await action();
      } finally {
        if (this.#followers > 0) this.#driver.start();
      }
    });
    this.#queue = turnOf.catch(() => {});
    return turnOf;
  }
}
