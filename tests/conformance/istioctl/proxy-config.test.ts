import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { istioctl } from '../../../sandbox/commands/istioctl/index.ts';
import { runInstant } from '../../../sandbox/kernel/drivers.ts';
import type { JsonObject } from '../../../sandbox/kernel/json.ts';
import { Kernel } from '../../../sandbox/kernel/kernel.ts';
import { MemoryFiles } from '../../../sandbox/kernel/memory-files.ts';
import { nullDevice, writeEnd } from '../../../sandbox/kernel/open-files.ts';
import type { Machine } from '../../../sandbox/kernel/process.ts';
import { spawn } from '../../../sandbox/kernel/spawn.ts';
import { encode, Sink } from '../../../sandbox/kernel/streams.ts';
import { turn } from '../../../sandbox/node/host.ts';
import { findRelease } from '../../../sandbox/releases/index.ts';
import { describeGolden, readJson } from '../golden.ts';
import { proxyConfiguration } from './recorded.ts';

interface Recorded {
  scenario: string;
  proxy: string;
  args: string[];
  stdout: string;
  stderr: string;
  status: number;
}

/** Runs that may differ, with the reason. */
const exceptions: Record<string, string> = {
  'vs-match-kinds default/curl-776b7bcdcd-xkzqw routes --name 80 -o json':
    'istiod walks query parameters in random order: sorted in the recorded configuration, not in this printout',
};

const floor = 436;

describeGolden('istioctl proxy-config', (golden) => {
  let equal = 0;
  let total = 0;

  for (const file of readdirSync(join(golden, 'istioctl')).sort()) {
    const runs = readJson<Recorded[]>(golden, 'istioctl', file);
    test(file, async () => {
      const differences: string[] = [];
      for (const run of runs) {
        total++;
        const configuration = proxyConfiguration(golden, run.scenario, run.proxy);
        configuration.routes = inPrintedOrder(configuration.routes ?? [], runs, run.proxy);
        const result = await runIstioctl(['proxy-config', ...run.args, '-f', '/dump.json'], configDump(configuration));
        const name = `${run.scenario} ${run.proxy} ${run.args.join(' ')}`;
        const same = result.stdout === run.stdout && result.stderr === run.stderr && result.status === run.status;
        if (same) equal++;
        if (same === name in exceptions) {
          differences.push(
            `${name}\n--- ours\n${result.stderr}${result.stdout}\n--- recorded\n${run.stderr}${run.stdout}`,
          );
        }
      }
      expect(differences.slice(0, 3)).toEqual([]);
    });
  }

  test('equal runs do not become fewer', () => {
    console.log(`istioctl proxy-config: equal ${equal} of ${total}`);
    expect(equal).toBeGreaterThanOrEqual(floor);
  });
});

/**
 * The recorded configuration is sorted by name, and so lost the order in which Envoy held its routes; istioctl's own sorting
 * leaves routes without a number in their places. The table of the same proxy tells that order.
 */
function inPrintedOrder(routes: JsonObject[], runs: readonly Recorded[], proxy: string): JsonObject[] {
  const table = runs.find((run) => run.proxy === proxy && run.args.join(' ') === 'routes --verbose=false');
  const names = (table?.stdout ?? '').split('\n').map((line) => line.replace(/ +\d+$/, ''));
  return [...routes].sort((a, b) => names.indexOf(String(a.name)) - names.indexOf(String(b.name)));
}

/** What Envoy's admin interface would say of a configuration. */
function configDump(configuration: Record<string, JsonObject[]>): string {
  const type = (name: string) => `type.googleapis.com/envoy.admin.v3.${name}`;
  return JSON.stringify({
    configs: [
      { '@type': type('BootstrapConfigDump') },
      {
        '@type': type('ClustersConfigDump'),
        dynamicActiveClusters: configuration.clusters?.map((cluster) => ({ cluster: { '@type': 'c', ...cluster } })),
      },
      {
        '@type': type('ListenersConfigDump'),
        dynamicListeners: configuration.listeners?.map((listener) => ({
          name: listener.name,
          activeState: { listener: { '@type': 'l', ...listener } },
        })),
      },
      {
        '@type': type('RoutesConfigDump'),
        dynamicRouteConfigs: configuration.routes?.map((route) => ({ routeConfig: { '@type': 'r', ...route } })),
      },
    ],
  });
}

async function runIstioctl(args: string[], dump: string) {
  const kernel = new Kernel({ epoch: 1_769_853_600_000, seed: 1 });
  const files = new MemoryFiles({ now: () => kernel.now() });
  files.writeFile('/dump.json', encode(dump));
  const machine: Machine = {
    hostname: 'workstation',
    files,
    kernel,
    findProgram: () => undefined,
    programNames: () => [],
  };
  const [stdout, stderr] = [new Sink(), new Sink()];
  const program = istioctl({ transport: () => ({ status: 503, headers: {}, body: '' }), release: findRelease() });
  const child = spawn(program, {
    machine,
    argv: ['istioctl', ...args],
    env: new Map(),
    cwd: '/',
    uid: 0,
    fds: new Map([
      [0, nullDevice()],
      [1, writeEnd(stdout)],
      [2, writeEnd(stderr)],
    ]),
  });
  const stalled = { endOfInput: () => false, interrupt: () => false };
  const status = await runInstant(kernel, child.exited, turn, stalled);
  return { status, stdout: stdout.text(), stderr: stderr.text() };
}
