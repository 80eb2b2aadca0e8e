import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { ApiRequest, ApiResponse } from '../kubernetes/apiserver/http.ts';
import { parseFlags, portArgument, sessionArguments, sessionFlags } from './options.ts';
import { ServedSession } from './served-session.ts';

/** Requests larger than this are refused (413): more than any manifest a person writes. */
const bodyLimit = 4 * 1024 * 1024;

class RequestError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const runBody = z.strictObject({ command: z.string(), stdin: z.string().optional(), session: z.string().optional() });
const advanceBody = z.strictObject({ seconds: z.number().nonnegative().max(10_000_000) });

/** `serve`: the Kubernetes API and the learner's shell over HTTP on the loopback address. Ends on SIGINT or SIGTERM. */
export async function serve(args: string[]): Promise<number> {
  const { values } = parseFlags(args, { ...sessionFlags, port: { type: 'string' } });
  const options = sessionArguments(values);
  const port = portArgument(values.port);
  const session = await ServedSession.start(options);
  const server = createServer((request, response) => {
    answer(session, request, response).catch((error: unknown) => refuse(response, error));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  server.closeAllConnections();
  server.close();
  return 0;
}

async function answer(session: ServedSession, request: IncomingMessage, response: ServerResponse): Promise<void> {
  checkHost(request);
  const body = await readBody(request);
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  if (path === '/run' || path === '/advance' || path === '/reset') {
    if (request.method !== 'POST') throw new RequestError(405, `${path} takes POST`);
    if (path === '/run') return json(response, await session.run(parse(runBody, body)));
    if (path === '/advance') return json(response, await session.advance(parse(advanceBody, body).seconds));
    return json(response, await session.reset());
  }
  await forward(await session.api(apiRequest(request, body)), response, session);
}

/** A page in a browser must not reach this server under a name of its own choosing (DNS rebinding). */
function checkHost(request: IncomingMessage): void {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(name)) {
    throw new RequestError(421, `host ${JSON.stringify(request.headers.host ?? '')} is not served: use 127.0.0.1`);
  }
  if (request.headers.origin && !/^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.origin)) {
    throw new RequestError(403, `origin ${request.headers.origin} is not allowed`);
  }
}

/** The whole body. One that is too large is read to its end all the same (to a point), so that the client hears why. */
function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= bodyLimit) chunks.push(chunk);
      else if (size > 16 * bodyLimit) request.destroy();
    });
    request.once('end', () => {
      if (size <= bodyLimit) resolve(Buffer.concat(chunks).toString('utf8'));
      else reject(new RequestError(413, `the body is larger than ${bodyLimit} bytes`));
    });
    request.once('close', () => reject(new RequestError(400, 'the body broke off')));
  });
}

function parse<T>(schema: z.ZodType<T>, body: string): T {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw new RequestError(400, `the body is no JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new RequestError(400, z.prettifyError(parsed.error));
  return parsed.data;
}

function apiRequest(request: IncomingMessage, body: string): ApiRequest {
  const method = request.method as ApiRequest['method'];
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
  return { method, url: request.url ?? '/', headers, ...(body ? { body } : {}) };
}

async function forward(answer: ApiResponse, response: ServerResponse, session: ServedSession): Promise<void> {
  if (answer.upgrade) throw new RequestError(501, 'exec over a socket is not served: POST /run kubectl exec … instead');
  response.writeHead(answer.status, answer.headers);
  if (!answer.stream) {
    response.end(answer.body ?? '');
    return;
  }
  response.flushHeaders();
  const stream = answer.stream;
  const release = session.followHostClock();
  response.once('close', () => {
    release();
    stream.cancel();
  });
  for (let chunk = await stream.read(); chunk; chunk = await stream.read()) response.write(chunk);
  response.end();
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = error instanceof RequestError ? error.status : 500;
  const message = error instanceof Error ? error.message : String(error);
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify({ error: message })}\n`);
  if (!(error instanceof RequestError)) console.error(error);
}
