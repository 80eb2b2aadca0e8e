import { encode } from '../kernel/streams.ts';
import { formatMicros } from '../kernel/time.ts';
import type { HttpResponse } from '../network/http.ts';
import { clusterStatuses, clustersText } from './admin-clusters.ts';
import { configDump } from './config-dump.ts';
import { loggers } from './loggers.ts';
import { prometheusText } from './prometheus.ts';
import { type EnvoyProxy, type LogLevel, logLevels } from './proxy.ts';

/** The admin interface: GET for what is only read, POST for what changes something. */
export class Admin {
  readonly #proxy: EnvoyProxy;

  constructor(proxy: EnvoyProxy) {
    this.#proxy = proxy;
  }

  answer(target: string, method: string): HttpResponse {
    const [path = '', query = ''] = target.split('?');
    const parameters = new Map(
      query
        .split('&')
        .filter((part) => part !== '')
        .map((part): [string, string] => {
          const [name = '', value = ''] = part.split('=');
          return [decodeURIComponent(name), decodeURIComponent(value)];
        }),
    );
    const changes = ['/logging', '/reset_counters', '/quitquitquit', '/drain_listeners', '/healthcheck/fail'];
    if (changes.includes(path) && method !== 'POST') {
      return text(405, `Method ${method} not allowed, POST required.`);
    }
    switch (path) {
      case '/ready':
        return this.#proxy.ready ? text(200, 'LIVE\n') : text(503, 'PRE_INITIALIZING\n');
      case '/server_info':
        return json(this.#serverInfo());
      case '/config_dump':
        return json(configDump(this.#proxy, parameters.has('include_eds')));
      case '/clusters':
        return parameters.get('format') === 'json'
          ? json(clusterStatuses(this.#proxy))
          : text(200, clustersText(this.#proxy));
      case '/listeners':
        return text(200, this.#listeners());
      case '/stats':
        return text(200, this.#stats(parameters.get('filter')));
      case '/stats/prometheus':
        return text(200, prometheusText(this.#proxy.stats));
      case '/logging':
        return this.#logging(parameters);
      case '/drain_listeners':
        return text(200, 'OK\n'); // gracefully: who is connected stays, and the process ends soon
      case '/reset_counters':
        this.#proxy.stats.clear();
        return text(200, 'OK\n');
      default:
        return text(404, 'invalid path. admin commands are:\n');
    }
  }

  /** As Istio has Envoy print its log: `%Y-%m-%dT%T.%fZ\t%l\tenvoy %n %g:%#\t%v\tthread=%t`. */
  logLine(level: LogLevel, component: string, message: string): string {
    const name = level === 'warning' ? 'warning' : level;
    return `${formatMicros(this.#proxy.kernel.now())}\t${name}\tenvoy ${component}\t${message}\tthread=1`;
  }

  #serverInfo(): Record<string, unknown> {
    const { options, kernel, startedAt, ready } = this.#proxy;
    const uptime = `${Math.floor((kernel.now() - startedAt) / 1000)}s`;
    return {
      version: options.version ?? '',
      state: ready ? 'LIVE' : 'PRE_INITIALIZING',
      hotRestartVersion: 'disabled',
      commandLineOptions: { logLevel: this.#proxy.logLevel, serviceCluster: 'istio-proxy', concurrency: 2 },
      node: { id: options.node.id, metadata: options.metadata ?? {} },
      uptimeCurrentEpoch: uptime,
      uptimeAllEpochs: uptime,
    };
  }

  #listeners(): string {
    const lines = this.#proxy.configuration.listeners
      .filter((listener) => listener.bindToPort !== false)
      .map(({ name, address }) => `${name}::${address.socketAddress?.address}:${address.socketAddress?.portValue}`);
    return `${lines.join('\n')}\n`;
  }

  #stats(filter: string | undefined): string {
    let wanted = /(?:)/;
    try {
      if (filter !== undefined) wanted = new RegExp(filter);
    } catch {
      return 'Invalid re2 regex\n';
    }
    const { stats } = this.#proxy;
    const tagged = stats
      .tagged()
      .map(({ metric, tags, value }): [string, number] => [`istiocustom.${[metric, ...tags.flat()].join('.')}`, value]);
    const lines = [...stats.entries(), ...tagged].filter(([name]) => wanted.test(name));
    return `${lines.map(([name, value]) => `${name}: ${value}`).join('\n')}\n`;
  }

  /** `?level=debug` sets all loggers, `?http=debug` one, `?paths=http:debug,rbac:trace` several. */
  #logging(parameters: Map<string, string>): HttpResponse {
    const [change] = [...parameters];
    const problem = change && this.#changeLevels(...change);
    if (problem !== undefined) return text(400, `error: ${problem}\n\n${loggingUsage()}`);
    const { logLevel, loggerLevels } = this.#proxy;
    const lines = loggers.map((logger) => `  ${logger}: ${loggerLevels[logger] ?? logLevel}`);
    return text(200, `active loggers:\n${lines.join('\n')}\n`);
  }

  /** What is wrong with the change, or undefined. */
  #changeLevels(name: string, value: string): string | undefined {
    if (name === '' || value === '') return 'empty logger name or empty logger level';
    if (name === 'level') {
      const level = readLevel(value);
      if (!level) return 'unknown logger level';
      this.#proxy.logLevel = level;
      this.#proxy.loggerLevels = {};
      return undefined;
    }
    const changes: Record<string, LogLevel> = {};
    const pairs = name === 'paths' ? value.split(',').map((pair) => pair.split(':')) : [[name, value]];
    for (const [logger = '', text = ''] of pairs) {
      const level = readLevel(text);
      if (!level) return 'unknown logger level';
      if (!loggers.includes(logger)) return 'unknown logger name';
      changes[logger] = level;
    }
    Object.assign(this.#proxy.loggerLevels, changes);
    return undefined;
  }
}

const loggingUsage = () =>
  [
    'usage: /logging?<name>=<level> (change single level)',
    'usage: /logging?paths=name1:level1,name2:level2,... (change multiple levels)',
    'usage: /logging?level=<level> (change all levels)',
    `levels: ${logLevels.join(' ')} `,
    '',
  ].join('\n');

function readLevel(text: string): LogLevel | undefined {
  return logLevels.find((known) => known === (text === 'warn' ? 'warning' : text));
}

function answer(status: number, type: string, body: string): HttpResponse {
  return {
    status,
    protocol: 'HTTP/1.1',
    headers: [
      ['content-type', type],
      ['cache-control', 'no-cache, max-age=0'],
      ['x-content-type-options', 'nosniff'],
      ['server', 'envoy'],
    ],
    body: encode(body),
  };
}

function text(status: number, body: string): HttpResponse {
  return answer(status, 'text/plain; charset=UTF-8', body);
}

function json(value: unknown): HttpResponse {
  return answer(200, 'application/json', `${JSON.stringify(value, null, 1)}\n`);
}
