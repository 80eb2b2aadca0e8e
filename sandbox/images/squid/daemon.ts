import { FileError } from '../../kernel/files.ts';
import { dirname } from '../../kernel/paths.ts';
import type { Program } from '../../kernel/process.ts';
import { decode, encode } from '../../kernel/streams.ts';
import { parseResolvConf } from '../../network/dns.ts';
import { serveHttp } from '../../network/http-server.ts';
import { SocketError } from '../../network/socket.ts';
import type { Daemon, DaemonContainer, DaemonProgram } from '../image.ts';
import { type AclContext, matches } from './acl.ts';
import { readConfig, type SquidConfig, type SquidReading } from './config.ts';
import { logStamp, version } from './error-page.ts';
import type { Transaction } from './log-format.ts';
import { ForwardProxy } from './proxy.ts';

export const defaultFile = '/etc/squid/squid.conf';

function read(container: DaemonContainer, file: string): SquidReading {
  return readConfig(file, (path) => textOf(container, path));
}

function textOf({ files }: DaemonContainer, path: string): string | undefined {
  return files.exists(path) && files.stat(path).type === 'file' ? decode(files.readFile(path)) : undefined;
}

/** The configuration as it was when squid started: what became of the files since then does not matter to it. */
function readOnce(container: DaemonContainer, file: string): SquidConfig {
  const { state, fresh } = container;
  if (fresh) state.configuration = {};
  const seen = state.configuration as Record<string, string>;
  return readConfig(file, (path) => {
    const text = fresh ? textOf(container, path) : seen[path];
    if (text !== undefined) seen[path] = text;
    return text;
  }).config;
}

/** What follows a fatal error: squid says how it did until then. */
function obituary(container: DaemonContainer, fatal: string): string[] {
  const cpu = (4 + container.kernel.random.int(20)) / 1000;
  return [
    `FATAL: ${fatal}`,
    `Squid Cache (Version ${version}): Terminated abnormally.`,
    `CPU Usage: ${cpu.toFixed(3)} seconds = ${cpu.toFixed(3)} user + 0.000 sys`,
    `Maximum Resident Size: ${64_000 + 16 * container.kernel.random.int(500)} KB`,
    'Page faults with physical i/o: 0',
  ];
}

/** The words behind `-f` and the like that the main program was started with. */
function fileOf(argv: readonly string[]): string {
  const flag = argv.findIndex((word) => /^-[a-zA-Z]*f$/.test(word));
  return (flag >= 0 ? argv[flag + 1] : undefined) ?? defaultFile;
}

/** The image's entry point: prepares the cache, which reads the configuration a first time, then becomes squid. */
export const entrypoint: DaemonProgram = (container) => {
  const words = container.argv.slice(1);
  const squid = words[0] === 'squid' || words[0] === '/usr/sbin/squid';
  if (words.length > 0 && !squid && !words[0]?.startsWith('-')) {
    container.log(`/sbin/entrypoint.sh: line 37: exec: ${words[0]}: not found`, 'stderr');
    container.exit(127);
    return { dispose: () => {} };
  }
  if (container.fresh) {
    container.log('Initializing cache...');
    if (!begins(container, defaultFile)) return { dispose: () => {} };
    say(container, 'Set Current Directory to /var/spool/squid');
    say(container, 'Creating missing swap directories');
    say(container, 'No cache_dir stores are configured.');
    container.log('Starting squid...');
  }
  return serve(container, defaultFile);
};

/** Squid itself as the main program. */
export const squid: DaemonProgram = (container) => serve(container, fileOf(container.argv));

/** Reads the configuration aloud; false where squid ends because of it. */
function begins(container: DaemonContainer, file: string): boolean {
  const { log, fatal, errors } = read(container, file);
  for (const line of log) say(container, line);
  if (fatal !== undefined) for (const line of obituary(container, fatal)) container.log(line, 'stderr');
  if (fatal === undefined && errors === 0) return true;
  container.exit(fatal === undefined ? errors : 1);
  return false;
}

function say(container: DaemonContainer, line: string): void {
  container.log(`${logStamp(container.kernel.now())}${line}`, 'stderr');
}

function serve(container: DaemonContainer, file: string): Daemon {
  const idle: Daemon = { dispose: () => {} };
  if (container.fresh && !begins(container, file)) return idle;
  const config = readOnce(container, file);
  if (container.fresh && config.ports.length === 0) {
    for (const line of obituary(container, 'No HTTP, HTTPS, or FTP ports configured')) container.log(line, 'stderr');
    container.exit(1);
    return idle;
  }
  if (container.fresh && !announce(container, config)) return idle;
  const proxy = new ForwardProxy(container, config, (transaction, context) =>
    write(container, config, transaction, context),
  );
  const stops = config.ports.map((port) => {
    try {
      return container.network.listen(
        port.port,
        (connection) => {
          proxy.accepted(connection);
          const options = { http1Only: true, badRequest: () => proxy.invalid(port, connection) };
          void serveHttp(connection, (request, exchange) => proxy.answer(port, request, exchange), options);
        },
        { incarnation: container.id, ...(port.address !== undefined && { address: port.address }) },
      );
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      say(container, `commBind: Cannot bind socket FD 11 to [::]:${port.port}: (98) Address already in use`);
      return () => {};
    }
  });
  const dispose = () => {
    for (const stop of stops) stop();
    proxy.dispose();
  };
  return {
    terminate: () => {
      say(container, 'Preparing for shutdown after 0 requests');
      const seconds = Math.round(config.shutdownLifetime / 1000);
      say(container, `Waiting ${seconds} seconds for active connections to finish`);
      container.after(config.shutdownLifetime + 1000, 'shutdown');
      for (const stop of stops) stop();
    },
    wake: () => {
      say(container, 'Shutting down...');
      say(container, `Squid Cache (Version ${version}): Exiting normally.`);
      container.exit(0);
    },
    dispose,
  };
}

/** What squid says at its start; false where a log cannot be opened. */
function announce(container: DaemonContainer, config: SquidConfig): boolean {
  const { files } = container;
  const tell = (line: string) => say(container, line);
  const directory = config.coredumpDirectory;
  const enter = () => {
    if (directory === undefined) return;
    const there = files.exists(directory) && files.stat(directory).type === 'directory';
    tell(
      there
        ? `Set Current Directory to ${directory}`
        : `WARNING: Can't find current directory, getcwd: (2) No such file or directory`,
    );
  };
  enter();
  tell(`Starting Squid Cache version ${version} for x86_64-pc-linux-gnu...`);
  tell('Service Name: squid');
  tell('Process ID 1');
  tell('Process Roles: master worker');
  tell('With 1048576 file descriptors available');
  tell('Initializing IP Cache...');
  tell('DNS Socket created at [::], FD 6');
  tell('DNS Socket created at 0.0.0.0, FD 7');
  const resolver = parseResolvConf(files.exists('/etc/resolv.conf') ? decode(files.readFile('/etc/resolv.conf')) : '');
  for (const domain of resolver.search) tell(`Adding domain ${domain} from /etc/resolv.conf`);
  for (const server of resolver.nameservers) tell(`Adding nameserver ${server} from /etc/resolv.conf`);
  for (const { destination } of config.logs) {
    if (destination === undefined) continue;
    tell(`Logfile: opening log ${destination}`);
    const path = pathOf(destination);
    if (path === undefined || path.startsWith('/dev/')) continue;
    try {
      files.writeFile(path, new Uint8Array(), { append: true, mode: 0o640 });
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      const message = `Cannot open '${path}' for writing.\n\tThe parent directory must be writeable by the\n\tuser 'proxy', which is the cache_effective_user\n\tset in squid.conf.`;
      for (const line of obituary(container, message)) container.log(line, 'stderr');
      container.exit(1);
      return false;
    }
  }
  tell('Local cache digest enabled; rebuild/rewrite every 3600/3600 sec');
  tell('Store logging disabled');
  tell('Swap maxSize 0 + 262144 KB, estimated 20164 objects');
  tell('Max Mem  size: 262144 KB');
  tell('Max Swap size: 0 KB');
  tell('Using Least Load store dir selection');
  enter();
  tell('Finished loading MIME types and icons.');
  tell('HTCP Disabled.');
  tell('Squid plugin modules loaded: 0');
  tell('Adaptation support is off.');
  config.ports.forEach(({ address, port }, at) => {
    const local = address === undefined ? `[::]:${port}` : `${address}:${port}`;
    tell(`Accepting HTTP Socket connections at local=${local} remote=[::] FD ${11 + at} flags=9`);
  });
  return true;
}

/** The file behind `daemon:/path`, `stdio:/path` and `/path`; undefined for what is no file. */
function pathOf(destination: string): string | undefined {
  const [, module, rest = ''] = /^([a-z]+):(.*)$/.exec(destination) ?? [];
  const path = module === undefined ? destination : rest;
  return (module === undefined || module === 'daemon' || module === 'stdio') && path.startsWith('/') ? path : undefined;
}

/** A line for each log whose acls match. */
function write(container: DaemonContainer, config: SquidConfig, transaction: Transaction, context: AclContext): void {
  for (const { destination, format, terms } of config.logs) {
    if (!matches(terms, context)) continue;
    if (destination === undefined) return;
    const path = pathOf(destination);
    const line = format.line(transaction);
    if (path === '/dev/stdout' || path === '/dev/stderr')
      container.log(line, path === '/dev/stdout' ? 'stdout' : 'stderr');
    else if (path !== undefined && container.files.exists(dirname(path))) {
      container.files.writeFile(path, encode(`${line}\n`), { append: true });
    }
  }
}

/** The command beside the running proxy: `-v`, and `-k parse` to try a configuration. */
export function command(container: DaemonContainer): Program {
  return async (process) => {
    const words = process.argv.slice(1);
    if (words.includes('-v')) {
      await process.write(1, `Squid Cache: Version ${version}\nService Name: squid\nUbuntu linux\n`);
      return 0;
    }
    if (words[words.indexOf('-k') + 1] !== 'parse' || !words.includes('-k')) {
      await process.write(2, 'squid: beside the running proxy only -v and -k parse can be used here\n');
      return 1;
    }
    const file = fileOf(words);
    const stamp = logStamp(process.kernel.now());
    const { log, fatal, errors } = read(container, file);
    const lines = [`Processing Configuration File: ${file} (depth 0)`, ...log].map((line) => `${stamp}${line}`);
    if (fatal !== undefined) lines.push(...obituary(container, fatal));
    await process.write(2, `${lines.join('\n')}\n`);
    return fatal === undefined ? errors : 1;
  };
}
