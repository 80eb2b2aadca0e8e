import { FileError, type OpenFile } from '../../kernel/files.ts';
import { readPath } from '../../kernel/open-path.ts';
import { dirname } from '../../kernel/paths.ts';
import type { Process } from '../../kernel/process.ts';
import { encode } from '../../kernel/streams.ts';
import { header } from '../../network/http.ts';
import type { NetworkStack } from '../../network/socket.ts';
import { openOutput } from '../lib/input.ts';
import { Connector } from './connect.ts';
import { CurlError } from './errors.ts';
import type { Operation } from './options.ts';
import { ProgressMeter } from './progress.ts';
import { planRequest, type RequestPlan } from './request.ts';
import { pinnedAddresses } from './resolve.ts';
import { emptyOutcome, type Outcome, transfer } from './transfer.ts';
import { expandGlob, type Globbed, parseUrl, type Url } from './url.ts';
import { Verbose } from './verbose.ts';
import type { WriteOutFacts } from './writeout.ts';

const certificateHelp = `More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the webpage mentioned above.
`;

/** Where the body of one URL goes. */
interface Target {
  /** Undefined: standard output. */
  file: string | undefined;
}

/** One run of curl: all URLs of all operations, one after the other, over shared connections. */
export class Runner {
  readonly #process: Process;
  readonly #stack: NetworkStack;
  readonly #operations: Operation[];
  readonly #connector: Connector;
  #headers: { name: string; file: OpenFile } | undefined;
  #number = 0;

  constructor(process: Process, stack: NetworkStack, operations: Operation[]) {
    this.#process = process;
    this.#stack = stack;
    this.#operations = operations;
    this.#connector = new Connector(process, stack, pinnedAddresses(operations));
  }

  close(): void {
    this.#connector.closeAll();
    this.#headers?.file.close();
  }

  /** The exit status: that of the last transfer. */
  async run(): Promise<number> {
    let status = 0;
    for (const operation of this.#operations) {
      const plan = await planRequest(this.#process, operation);
      const outputs = outputsOf(operation);
      for (const [at, input] of operation.values('url').entries()) {
        const output = operation.has('remote-name-all') && outputs[at] === undefined ? 'remote' : outputs[at];
        for (const globbed of operation.has('globoff') ? [{ url: input, parts: [] }] : expandGlob(input)) {
          status = await this.#one(operation, plan, globbed, output);
          if (status !== 0 && operation.has('fail-early')) return status;
        }
      }
    }
    return status;
  }

  async #one(operation: Operation, plan: RequestPlan, globbed: Globbed, output: Output | undefined): Promise<number> {
    let url: Url;
    let target: Target;
    try {
      url = parseUrl(globbed.url, {
        asIs: operation.has('path-as-is'),
        defaultScheme: operation.value('proto-default') ?? 'http',
      });
      if (plan.query !== undefined) url.query = url.query === undefined ? plan.query : `${url.query}&${plan.query}`;
      target = targetFor(operation, output, globbed, url);
    } catch (error) {
      if (!(error instanceof CurlError)) throw error;
      return this.#rejected(operation, plan, globbed, error);
    }
    const retries = operation.number('retry') ?? 0;
    const began = this.#process.kernel.now();
    let wait = (operation.number('retry-delay') ?? 0) * 1000 || 1000;
    for (let attempt = 0; ; attempt++) {
      const { outcome, connects, written } = await this.#transfer(operation, plan, url, target);
      const left = retries - attempt;
      const reason = left > 0 ? retryReason(operation, outcome) : undefined;
      const limit = operation.number('retry-max-time');
      const inTime = !limit || this.#process.kernel.now() - began < limit * 1000;
      if (reason !== undefined && inTime) {
        const after = outcome.response ? Number(header(outcome.response, 'retry-after') ?? 0) * 1000 || 0 : 0;
        const pause = Math.max(wait, after);
        if (!operation.has('silent')) {
          const seconds = Math.floor(pause / 1000);
          const words = `${seconds} second${seconds === 1 ? '' : 's'}. ${left} retr${left > 1 ? 'ies' : 'y'} left.`;
          await this.#process.write(2, `Warning: Problem ${reason}. Will retry in ${words}\n`);
        }
        await this.#process.sleep(pause);
        if (!operation.number('retry-delay')) wait = Math.min(wait * 2, 600_000);
        continue;
      }
      const withBody = operation.has('fail-with-body') && !outcome.error && (outcome.response?.status ?? 0) >= 400;
      if (withBody) {
        outcome.error = new CurlError(22, `The requested URL returned error: ${outcome.response?.status}`);
      }
      if (outcome.error) await this.#complain(operation, outcome.error);
      const facts = { input: globbed.url, number: this.#number, retries: attempt, connects, outcome };
      await this.#writeOut(operation, { ...facts, fileName: written ? target.file : undefined });
      this.#number++;
      return outcome.error?.code ?? 0;
    }
  }

  /** A URL that is none: reported as a transfer that failed at once. */
  async #rejected(operation: Operation, plan: RequestPlan, globbed: Globbed, error: CurlError): Promise<number> {
    await this.#complain(operation, error);
    const nowhere = { scheme: '', user: undefined, password: undefined, host: '', port: undefined };
    const url = { ...nowhere, path: '', query: undefined, fragment: undefined };
    const outcome = { ...emptyOutcome(url, plan.method, this.#process.kernel.now()), error };
    const facts = { input: globbed.url, number: this.#number++, fileName: undefined, retries: 0, connects: 0, outcome };
    await this.#writeOut(operation, facts);
    return error.code;
  }

  async #transfer(operation: Operation, plan: RequestPlan, url: Url, target: Target) {
    const process = this.#process;
    const toTerminal = target.file === undefined && process.isTerminal(1);
    const meter =
      operation.has('silent') || operation.off('progress-meter') || toTerminal ? undefined : new ProgressMeter();
    const began = process.kernel.now();
    const idle = { downloaded: 0, uploaded: 0, downloadSize: undefined, uploadSize: undefined, spent: 0 };
    if (meter) await process.write(2, meter.draw(idle));
    const verbose = await this.#verbose(operation, toTerminal);
    const before = this.#connector.made;
    const body = new BodyFile(process, target.file, operation.has('create-dirs'));
    const show = operation.has('show-headers') || operation.has('head');
    const outcome = await transfer(
      {
        process,
        stack: this.#stack,
        connector: this.#connector,
        operation,
        plan,
        verbose,
        onHead: async (head) => {
          await this.#dumpHead(operation, head);
          if (show) await body.write(encode(head));
        },
        onBody: (bytes) => (operation.has('out-null') ? Promise.resolve() : body.write(bytes)),
      },
      url,
    );
    if (!outcome.error) await body.finish();
    body.close();
    if (outcome.error && operation.has('remove-on-error') && target.file !== undefined && body.opened) {
      process.machine.files.remove(process.resolve(target.file));
    }
    if (meter) await process.write(2, this.#meterEnd(meter, outcome, process.kernel.now() - began));
    return { outcome, connects: this.#connector.made - before, written: body.opened };
  }

  #meterEnd(meter: ProgressMeter, outcome: Outcome, spent: number): string {
    const { error, response } = outcome;
    if (error && outcome.connectionId < 0 && [3, 5, 6].includes(error.code)) return '';
    const announced = response ? header(response, 'content-length') : undefined;
    const shared = {
      downloaded: outcome.downloaded,
      uploaded: outcome.uploaded,
      downloadSize: outcome.downloaded > 0 && announced !== undefined ? Number(announced) : undefined,
      uploadSize: outcome.uploaded > 0 ? outcome.uploaded : undefined,
    };
    let text = '';
    const waiting = {
      downloaded: 0,
      uploaded: outcome.uploaded,
      downloadSize: undefined,
      uploadSize: shared.uploadSize,
    };
    for (let second = 1; second * 1000 < spent && second <= 300; second++)
      text += meter.draw({ ...waiting, spent: second * 1000 });
    return `${text}${meter.draw({ ...shared, spent })}\n`;
  }

  async #verbose(operation: Operation, terminal: boolean): Promise<Verbose | undefined> {
    const kind = operation.last('verbose', 'trace', 'trace-ascii');
    if (kind === undefined || operation.off('verbose')) return undefined;
    const name = kind === 'verbose' ? '%' : (operation.value(kind) as string);
    const place = name === '%' ? '/dev/stderr' : name === '-' ? '/dev/stdout' : name;
    return new Verbose(openOutput(this.#process, place, true), {
      style: kind === 'verbose' ? 'plain' : kind === 'trace' ? 'hex' : 'ascii',
      clock: operation.has('trace-time') ? () => this.#process.kernel.now() : undefined,
      terminal,
    });
  }

  async #dumpHead(operation: Operation, head: string): Promise<void> {
    const name = operation.value('dump-header');
    if (name === undefined) return;
    if (this.#headers?.name !== name) {
      this.#headers?.file.close();
      const place = name === '-' ? '/dev/stdout' : name === '%' ? '/dev/stderr' : name;
      this.#headers = { name, file: openOutput(this.#process, place) };
    }
    await this.#headers.file.write(encode(head));
  }

  async #writeOut(operation: Operation, facts: WriteOutFacts): Promise<void> {
    const format = await this.#writeOutFormat(operation);
    if (format === undefined) return;
    const { writeOut } = await this.#process.kernel.hold(import('./writeout.ts'));
    await writeOut(this.#process, format, facts);
  }

  async #writeOutFormat(operation: Operation): Promise<string | undefined> {
    const format = operation.value('write-out');
    if (!format?.startsWith('@')) return format;
    const name = format === '@-' ? '/dev/stdin' : format.slice(1);
    return new TextDecoder().decode(await readPath(this.#process, name));
  }

  async #complain(operation: Operation, error: CurlError): Promise<void> {
    if (operation.has('silent') && !operation.has('show-error')) return;
    const help = error.code === 60 ? certificateHelp : '';
    await this.#process.write(2, `curl: (${error.code}) ${error.message}\n${help}`);
  }
}

/** A file named by -o, the URL's own name by -O, or nothing. */
type Output = { file: string } | 'remote';

function outputsOf(operation: Operation): Output[] {
  const outputs: Output[] = [];
  for (const [name, value] of operation.given) {
    if (name === 'output') outputs.push({ file: value });
    if (name === 'remote-name') outputs.push('remote');
  }
  return outputs;
}

function targetFor(operation: Operation, output: Output | undefined, globbed: Globbed, url: Url): Target {
  if (output === undefined) return { file: undefined };
  if (output === 'remote') {
    const name = url.path.slice(url.path.lastIndexOf('/') + 1) || 'curl_response';
    return { file: inFolder(operation, name) };
  }
  if (output.file === '-') return { file: undefined };
  const name = output.file.replace(/#(\d+)/g, (whole, number) => globbed.parts[Number(number) - 1] ?? whole);
  return { file: inFolder(operation, name) };
}

function inFolder(operation: Operation, name: string): string {
  const folder = operation.value('output-dir');
  return folder === undefined ? name : `${folder.replace(/\/$/, '')}/${name}`;
}

/** Opened by the first byte, or at the end for an empty body. */
class BodyFile {
  readonly #process: Process;
  readonly #name: string | undefined;
  readonly #createFolders: boolean;
  #file: OpenFile | undefined;
  opened = false;

  constructor(process: Process, name: string | undefined, createFolders: boolean) {
    this.#process = process;
    this.#name = name;
    this.#createFolders = createFolders;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#name === undefined) return this.#process.write(1, bytes);
    await this.#open(this.#name).write(bytes);
  }

  async finish(): Promise<void> {
    if (this.#name !== undefined) this.#open(this.#name);
  }

  close(): void {
    this.#file?.close();
  }

  #open(name: string): OpenFile {
    if (this.#file) return this.#file;
    const { files } = this.#process.machine;
    try {
      const folder = dirname(this.#process.resolve(name));
      if (this.#createFolders && !files.exists(folder)) files.makeDirectory(folder, { parents: true });
      this.#file = openOutput(this.#process, name);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      void this.#process.write(2, `Warning: Failed to open the file ${name}: ${error.message}\n`);
      throw new CurlError(23, 'client returned ERROR on write, 0 bytes failed');
    }
    this.opened = true;
    return this.#file;
  }
}

/** Why --retry tries again, in curl's words; undefined if it does not. */
function retryReason(operation: Operation, outcome: Outcome): string | undefined {
  const { error, response } = outcome;
  if (error && [5, 6, 28].includes(error.code)) return ': timeout';
  if (error?.code === 7 && operation.has('retry-connrefused')) return ': connection refused';
  const transient = [408, 429, 500, 502, 503, 504].includes(response?.status ?? 0);
  if (transient && (!error || error.code === 22)) return ': HTTP error';
  return error && operation.has('retry-all-errors') ? '(retrying all errors)' : undefined;
}
