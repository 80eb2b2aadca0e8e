import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { UsageError } from './options.ts';

// Types are stripped and code is compiled once, not at every start.
enableCompileCache(join(import.meta.dirname, '../../.cache/compile'));

const usage = `usage: npm run sandbox                          an interactive shell on a cluster with Istio
       npm run --silent sandbox -- run [SESSION] SCRIPT|- [ARG…]
       npm run --silent sandbox -- serve --port N [SESSION]
       npm run --silent sandbox -- pilot --cluster FILE [--config FILE] [--mesh FILE] [--calls FILE] NAMESPACE/POD…
SESSION: [--istio V] [--kubernetes V] [--profile demo|default|minimal|none] [--seed N] [--epoch TIME]
         [--mount HOSTDIR=/path]… [--cwd /path]`;

async function main(args: string[]): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case undefined:
    case 'shell':
      return (await import('./shell.ts')).shell(rest);
    case 'run':
      return (await import('./run.ts')).run(rest);
    case 'serve':
      return (await import('./serve.ts')).serve(rest);
    case 'pilot':
      return (await import('./pilot.ts')).pilot(rest);
    case 'help':
    case '--help':
    case '-h':
      console.log(usage);
      return 0;
    default:
      throw new UsageError(`unknown command: ${command}\n${usage}`);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Error && error.name === 'UsageError')) throw error;
  console.error(`sandbox: ${error.message}`);
  process.exitCode = 2;
}
