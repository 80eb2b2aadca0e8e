import { encode } from '../../kernel/streams.ts';
import type { HttpRequest, HttpResponse } from '../../network/http.ts';
import { serveHttp } from '../../network/http-server.ts';
import type { Connection } from '../../network/socket.ts';
import { httpDate } from '../go-time.ts';
import type { Daemon, DaemonContainer } from '../image.ts';
import { IstioLogger } from './logger.ts';
import type { IstioServices } from './services.ts';

/** ms until the informers have their first lists. */
const synchronization = 620;

/** `pilot-discovery discovery`: istiod's process. Its work is done by istio/pilot, which watches whether this pod is ready. */
export class Discovery implements Daemon {
  readonly #container: DaemonContainer;
  readonly #services: IstioServices;
  readonly #log: IstioLogger;
  readonly #stops: (() => void)[] = [];
  #serving = false;

  constructor(container: DaemonContainer, services: IstioServices) {
    this.#container = container;
    this.#services = services;
    this.#log = new IstioLogger(container);
    if (container.fresh) {
      this.#sayHello();
      container.after(synchronization, 'synced');
    } else if (container.state.synced) this.#begin();
  }

  #sayHello(): void {
    const { argv, env, pod } = this.#container;
    for (const [index, word] of argv.entries()) {
      const match = /^--([\w-]+)(?:=(.*))?$/s.exec(word);
      if (match) this.#log.info(`FLAG: --${match[1]}=${JSON.stringify(match[2] ?? argv[index + 1] ?? '')}`);
    }
    this.#log.info(`Starting Istiod Server with primary cluster ${env.get('CLUSTER_ID') ?? 'Kubernetes'}`);
    this.#log.info(`Version ${this.#version()}`);
    this.#log.info('initializing Istiod admin server');
    this.#log.info('initializing mesh handlers');
    this.#log.info('creating CA and initializing public key');
    this.#log.info('initializing controllers');
    const host = `istiod.${pod.namespace}.svc`;
    this.#log.info(`initializing Istiod DNS certificates host: ${host}, custom host: `);
    this.#log.info('initializing secure discovery service');
    this.#log.info('initializing registry event handlers');
    this.#log.info('starting discovery service');
    this.#log.info('Waiting for caches to be synced');
  }

  /** pkg/version.BuildInfo.String */
  #version(): string {
    const { version, build } = this.#services.release;
    return `${version}-${build.revision}-${build.status}`;
  }

  wake(key: string): void {
    if (key === 'end') {
      this.#container.exit(0);
      return;
    }
    this.#container.state.synced = true;
    this.#begin();
    this.#log.info(`All controller caches have been synced up in ${synchronization / 1000}s`);
    this.#log.info('Starting ADS server');
    this.#log.info('starting secure gRPC discovery service at [::]:15012');
    this.#log.info('starting gRPC discovery service at [::]:15010');
    this.#log.info('starting webhook service at [::]:15017');
    this.#log.info('starting HTTP service at [::]:8080');
    this.#container.changed();
  }

  #begin(): void {
    this.#serving = true;
    const { network, id } = this.#container;
    const serve = (connection: Connection) => void serveHttp(connection, (request) => this.#answer(request));
    for (const port of [8080, 15014]) this.#stops.push(network.listen(port, serve, { incarnation: id }));
    // What speaks gRPC or TLS there is not modelled on the wire: proxies and API server come by their own interfaces.
    for (const port of [15010, 15012, 15017]) {
      this.#stops.push(network.listen(port, (connection) => connection.reset(), { incarnation: id }));
    }
  }

  #answer(request: HttpRequest): HttpResponse {
    const { status, type, body } = this.debug(request.target);
    const headers: [string, string][] = [
      ['Content-Type', type],
      ['Date', httpDate(this.#container.kernel.now())],
    ];
    return { status, protocol: request.protocol, headers, body: encode(body) };
  }

  debug(path: string): { status: number; type: string; body: string } {
    if (!this.#serving) return { status: 503, type: 'text/plain', body: '' };
    if (path === '/ready') return { status: 200, type: 'text/plain', body: '' };
    if (path === '/version') return { status: 200, type: 'text/plain; charset=utf-8', body: this.#version() };
    const body = this.#services.istiodDebug(path);
    if (body === undefined) return { status: 404, type: 'text/plain; charset=utf-8', body: '404 page not found\n' };
    return { status: 200, type: 'application/json', body };
  }

  http(port: number, path: string): number | undefined {
    return port === 8080 && this.#serving ? this.debug(path).status : undefined;
  }

  terminate(): void {
    this.#log.info('Shutting down discovery service');
    this.#container.after(300, 'end');
  }

  dispose(): void {
    this.#serving = false;
    for (const stop of this.#stops.splice(0)) stop();
  }
}
