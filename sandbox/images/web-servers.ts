import { decode, encode } from '../kernel/streams.ts';
import { calendar } from '../kernel/time.ts';
import { type HttpRequest, type HttpResponse, header } from '../network/http.ts';
import { serveHttp } from '../network/http-server.ts';
import { type Connection, type HeaderField, SocketError } from '../network/socket.ts';
import { applets } from './busybox.ts';
import { httpDate } from './go-time.ts';
import type { Daemon, DaemonContainer, DaemonProgram, Image } from './image.ts';

interface Answer {
  status: number;
  headers: HeaderField[];
  body: string;
}

/** A server that answers at once from the request alone. */
function webServer(
  port: number,
  startUp: (container: DaemonContainer) => readonly string[],
  answer: (request: HttpRequest, container: DaemonContainer) => Answer,
  accessLog?: (container: DaemonContainer, request: HttpRequest, client: string, answer: Answer) => string,
): DaemonProgram {
  return (container): Daemon => {
    if (container.fresh) for (const line of startUp(container)) container.log(line, 'stderr');
    const respond = (request: HttpRequest, client: string): HttpResponse => {
      const made = answer(request, container);
      if (accessLog) container.log(accessLog(container, request, client, made));
      const body = encode(made.body);
      const headers: HeaderField[] = [...made.headers, ['Content-Length', String(body.length)]];
      return {
        status: made.status,
        protocol: request.protocol,
        headers,
        body: request.method === 'HEAD' ? new Uint8Array() : body,
      };
    };
    const stop = container.network.listen(
      port,
      (connection) => {
        const client = connection.remote.address;
        void serveHttp(connection, (request) => respond(request, client), { http1Only: true });
      },
      { incarnation: container.id },
    );
    return {
      terminate: () => container.exit(0),
      http: (asked, path) => {
        if (asked !== port) return undefined;
        const probe: HttpRequest = {
          method: 'GET',
          authority: '',
          target: path,
          scheme: 'http',
          protocol: 'HTTP/1.1',
          headers: [],
          body: new Uint8Array(),
        };
        return answer(probe, container).status;
      },
      dispose: stop,
    };
  };
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `31/Jan/2026:10:00:00 +0000`, as in the combined log format. */
function logTime(at: number): string {
  const { year, month, day, hour, minute, second } = calendar(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(day)}/${months[month - 1]}/${year}:${two(hour)}:${two(minute)}:${two(second)} +0000`;
}

const welcome = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
</body>
</html>
`;
const missing = `<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx/1.29.3</center>\r\n</body>\r\n</html>\r\n`;

function nginxAnswer(request: HttpRequest, container: DaemonContainer): Answer {
  const [path = '/'] = request.target.split('?');
  const file = `/usr/share/nginx/html${path.endsWith('/') ? `${path}index.html` : path}`;
  const found = container.files.exists(file) && container.files.stat(file).type === 'file';
  const head: HeaderField[] = [
    ['Server', 'nginx/1.29.3'],
    ['Date', httpDate(container.kernel.now())],
    ['Content-Type', 'text/html'],
  ];
  return { status: found ? 200 : 404, headers: head, body: found ? decode(container.files.readFile(file)) : missing };
}

export const nginx: Image = {
  references: [
    'docker.io/library/nginx:latest',
    'docker.io/library/nginx:1.29',
    'docker.io/library/nginx:1.29.3',
    'docker.io/library/nginx:alpine',
  ],
  bytes: 59_795_293,
  pullTime: 4200,
  cmd: ['nginx', '-g', 'daemon off;'],
  programs: [...applets, 'bash', 'curl'],
  files: {
    '/usr/share/nginx/html/index.html': welcome,
    '/etc/nginx/nginx.conf': 'events {}\nhttp {\n    server {\n        listen 80;\n    }\n}\n',
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nnginx:x:101:101:nginx user:/nonexistent:/bin/false\n',
  },
  daemons: {
    nginx: webServer(
      80,
      () => ['/docker-entrypoint.sh: Configuration complete; ready for start up'],
      nginxAnswer,
      (container, request, client, made) => {
        const agent = header(request, 'user-agent') ?? '-';
        const protocol = request.protocol;
        return `${client} - - [${logTime(container.kernel.now())}] "${request.method} ${request.target} ${protocol}" ${made.status} ${made.body.length} "-" "${agent}" "${header(request, 'x-forwarded-for') ?? '-'}"`;
      },
    ),
  },
};

function helloworldAnswer(request: HttpRequest, container: DaemonContainer): Answer {
  const [path] = request.target.split('?');
  const version = container.env.get('SERVICE_VERSION') ?? '';
  const head: HeaderField[] = [
    ['Server', 'gunicorn'],
    ['Date', httpDate(container.kernel.now())],
    ['Connection', 'keep-alive'],
    ['Content-Type', 'text/html; charset=utf-8'],
  ];
  if (path === '/hello') {
    return { status: 200, headers: head, body: `Hello version: ${version}, instance: ${container.pod.hostname}\n` };
  }
  if (path === '/health') return { status: 200, headers: head, body: 'Helloworld is healthy' };
  const body = `<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n`;
  return { status: 404, headers: head, body };
}

function helloworld(version: string): Image {
  const gunicorn = webServer(
    5000,
    ({ kernel }) => [
      `[${stamp(kernel.now())}] [1] [INFO] Starting gunicorn 23.0.0`,
      `[${stamp(kernel.now())}] [1] [INFO] Listening at: http://0.0.0.0:5000 (1)`,
      `[${stamp(kernel.now())}] [1] [INFO] Using worker: gevent`,
    ],
    helloworldAnswer,
  );
  return {
    references: [
      `registry.istio.io/release/examples-helloworld-${version}:1.0`,
      `docker.io/istio/examples-helloworld-${version}:1.0`,
      `docker.io/istio/examples-helloworld-${version}:latest`,
    ],
    bytes: 46_000_000,
    pullTime: 4800,
    cmd: ['gunicorn', '-b', '0.0.0.0:5000', 'app:app'],
    env: { SERVICE_VERSION: version },
    programs: [...applets, 'bash', 'curl'],
    daemons: { gunicorn },
  };
}

/** `2026-01-31 10:00:00 +0000` */
function stamp(at: number): string {
  const { year, month, day, hour, minute, second } = calendar(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)} +0000`;
}

export const helloworlds: readonly Image[] = [helloworld('v1'), helloworld('v2')];

/** Answers every line with a word before it (istio/tcp-echo-server). */
function tcpEcho(container: DaemonContainer): Daemon {
  const [ports = '9000', prefix = 'hello'] = container.argv.slice(1);
  const echo = async (connection: Connection): Promise<void> => {
    let rest = '';
    try {
      for (let segment = await connection.read(); segment; segment = await connection.read()) {
        if (segment.kind !== 'bytes') continue;
        const lines = (rest + decode(segment.bytes)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          container.log(`request: ${line}\nresponse: ${prefix} ${line}`);
          connection.write({ kind: 'bytes', bytes: encode(`${prefix} ${line}\n`) });
        }
      }
      connection.close();
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
    }
  };
  const stops = ports.split(',').map((port) => {
    if (container.fresh) container.log(`listening on [::]:${port}, prefix: ${prefix}`);
    return container.network.listen(Number(port), (connection) => void echo(connection), { incarnation: container.id });
  });
  return {
    terminate: () => container.exit(0),
    dispose: () => {
      for (const stop of stops) stop();
    },
  };
}

export const tcpEchoServer: Image = {
  references: [
    'registry.istio.io/release/tcp-echo-server:1.3',
    'docker.io/istio/tcp-echo-server:1.3',
    'docker.io/istio/tcp-echo-server:latest',
  ],
  bytes: 4_100_000,
  pullTime: 1900,
  entrypoint: ['/bin/tcp-echo'],
  programs: applets,
  daemons: { 'tcp-echo': tcpEcho },
};
