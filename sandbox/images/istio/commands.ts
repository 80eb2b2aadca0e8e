import type { Process, Program } from '../../kernel/process.ts';
import type { IstioRelease } from '../../releases/types.ts';

type Ask = (port: number, method: string, path: string) => { status: number; body: string } | undefined;

/** `pilot-agent` and `pilot-discovery` as commands beside the running one: `request` and `version`. */
export function controlCommand(
  name: string,
  release: IstioRelease,
  defaultPort: number,
  allowed: readonly number[],
  ask: Ask,
): Program {
  return async (process) => {
    const [, command, ...rest] = process.argv;
    if (command === 'version') return printVersion(process, release, rest);
    if (command === 'request') return request(process, name, rest, defaultPort, allowed, ask);
    if (command === 'wait' && name === 'pilot-agent') return 0;
    await process.write(2, `Error: unknown command ${JSON.stringify(command ?? '')} for ${JSON.stringify(name)}\n`);
    return 1;
  };
}

async function request(
  process: Process,
  name: string,
  words: string[],
  defaultPort: number,
  allowed: readonly number[],
  ask: Ask,
): Promise<number> {
  let port = defaultPort;
  const args: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    const match = /^--debug-port(?:=(.*))?$/.exec(word);
    if (match) port = Number(match[1] ?? words[++index]);
    else args.push(word);
  }
  const fail = async (message: string) => {
    await process.write(2, `Error: ${message}\n`);
    return 1;
  };
  if (args.length < 2) return fail(`requires at least 2 arg(s), only received ${args.length}`);
  if (!allowed.includes(port)) return fail(`debug port ${port} is not in allowed list [${allowed.join(' ')}]`);
  const [method = 'GET', path = ''] = args;
  const url = `http://localhost:${port}/${path.replace(/^\/+/, '')}`;
  const answer = ask(port, method, `/${path.replace(/^\/+/, '')}`);
  if (!answer)
    return fail(`${titled(method)} ${JSON.stringify(url)}: dial tcp 127.0.0.1:${port}: connect: connection refused`);
  if (answer.status > 399 && answer.status !== 404) {
    return fail(`received unsuccessful status code ${answer.status}: ${answer.body}`);
  }
  await process.write(1, answer.body.endsWith('\n') || answer.body === '' ? answer.body : `${answer.body}\n`);
  return name === 'pilot-agent' || answer.status < 400 ? 0 : 1;
}

function titled(method: string): string {
  return method.charAt(0) + method.slice(1).toLowerCase();
}

async function printVersion(process: Process, { version, build }: IstioRelease, words: string[]): Promise<number> {
  if (words.includes('-s') || words.includes('--short')) {
    await process.write(1, `${version}\n`);
    return 0;
  }
  const fields: [string, string][] = [
    ['Version', version],
    ['GitRevision', build.revision],
    ['GolangVersion', build.golangVersion],
    ['BuildStatus', build.status],
    ['GitTag', build.tag],
  ];
  const list = fields.map(([name, value]) => `${name}:${JSON.stringify(value)}`).join(', ');
  await process.write(1, `version.BuildInfo{${list}}\n`);
  return 0;
}
