import { FileError } from '../../kernel/files.ts';
import type { Program } from '../../kernel/process.ts';
import type { NetworkStack } from '../../network/socket.ts';
import { CurlError } from './errors.ts';
import { type Operation, OptionError, parseArguments } from './options.ts';
import { Runner } from './run.ts';
import { helpText, versionText } from './version.ts';

/** curl 8.16.0 over the machine's network. */
export const curl: Program = async (process) => {
  const hint = "curl: try 'curl --help' or 'curl --manual' for more information\n";
  let operations: Operation[];
  try {
    operations = parseArguments(process.argv.slice(1));
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    await process.write(2, `curl: ${error.message}\n${hint}`);
    return 2;
  }
  const first = operations[0] as Operation;
  if (first.has('help')) {
    await process.write(1, helpText);
    return 0;
  }
  if (first.has('version')) {
    await process.write(1, versionText);
    return 0;
  }
  if (operations.some((operation) => operation.values('url').length === 0)) {
    await process.write(2, `curl: (2) no URL specified\n${hint}`);
    return 2;
  }
  const stack = process.machine.sockets as NetworkStack | undefined;
  if (!stack) {
    await process.write(2, 'curl: (7) this machine has no network\n');
    return 7;
  }
  const runner = new Runner(process, stack, operations);
  try {
    return await runner.run();
  } catch (error) {
    if (error instanceof FileError) {
      await process.write(2, `curl: (23) ${error.path}: ${error.message}\n`);
      return 23;
    }
    if (!(error instanceof CurlError)) throw error;
    await process.write(2, `curl: (${error.code}) ${error.message}\n`);
    return error.code;
  } finally {
    runner.close();
  }
};
