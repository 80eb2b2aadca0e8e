import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { type Call, simulateCall } from '../envoy/simulate.ts';
import type { ProxyConfiguration } from '../envoy/xds/types.ts';
import { type MeshConfig, pilotConfigurations } from '../istio/pilot/load.ts';
import type { KubernetesObject } from '../kubernetes/objects.ts';
import { parseFlags, UsageError } from './options.ts';

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/** A call of a scenario: which proxy meets it, and what it is. Unknown fields are refused, for they would be ignored. */
const call = z.strictObject({
  name: z.string().optional(),
  proxy: z.string(),
  mode: z.enum(['outbound', 'inbound', 'gateway', '']).optional(),
  address: z.string().optional(),
  port: z.number().int().min(0).max(65535),
  protocol: z.enum(['http', 'http2', 'tcp']).optional(),
  tls: z.enum(['plaintext', 'tls', 'mtls']).optional(),
  host: z.string().optional(),
  path: z.string().optional(),
  method: z.string().optional(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  sni: z.string().optional(),
  alpn: z.string().optional(),
  sourceAddress: z.string().optional(),
});
type ProxyCall = z.infer<typeof call>;

/** `pilot`: istiod over objects exactly as given, without controllers; prints each proxy's configuration and the calls' first hops. */
export function pilot(args: string[]): number {
  const { values, positionals } = parseFlags(
    args,
    { cluster: { type: 'string' }, config: { type: 'string' }, mesh: { type: 'string' }, calls: { type: 'string' } },
    true,
  );
  const file = (name: string): string | undefined => values[name] as string | undefined;
  const cluster = file('cluster');
  if (cluster === undefined) throw new UsageError('pilot: --cluster FILE is missing');
  const callsFile = file('calls');
  const calls = callsFile === undefined ? [] : readCalls(callsFile);
  const proxies = [...new Set([...positionals, ...calls.map(({ proxy }) => proxy)])];
  for (const name of proxies) {
    if (!/^[^/]+\/[^/]+$/.test(name)) throw new UsageError(`pilot: ${name}: expected NAMESPACE/POD`);
  }
  const configurations = pilotConfigurations({
    cluster: readObjects(cluster),
    config: file('config') === undefined ? [] : readObjects(file('config') as string),
    mesh: file('mesh') === undefined ? {} : readMesh(file('mesh') as string),
    proxies,
  });
  const answers = calls.map((each) => {
    const configuration = configurations[each.proxy];
    if (!configuration) throw new UsageError(`pilot: no pod ${each.proxy} in the cluster`);
    const { name, proxy, ...given } = each;
    return {
      name,
      proxy,
      ...simulateCall(configuration, given as Call, isRouter(configuration) ? 'router' : 'sidecar'),
    };
  });
  const wanted = Object.fromEntries(Object.entries(configurations).filter(([name]) => positionals.includes(name)));
  process.stdout.write(`${JSON.stringify({ proxies: wanted, calls: answers }, undefined, 1)}\n`);
  return 0;
}

/** Only sidecars take traffic in by redirection. */
function isRouter({ listeners }: ProxyConfiguration): boolean {
  return !listeners.some(({ name }) => name === 'virtualOutbound' || name === 'virtualInbound');
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}

function documents(path: string): unknown[] {
  return parseAllDocuments(readFile(path)).flatMap((document) => {
    const problem = document.errors[0];
    if (problem) throw new UsageError(`${path}: ${problem.message}`);
    const value: unknown = document.toJS();
    return value === null ? [] : [value];
  });
}

function checked<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new UsageError(`${where}: ${z.prettifyError(result.error)}`);
  return result.data;
}

function readObjects(path: string): KubernetesObject[] {
  const items = documents(path).flatMap((value) => {
    const list = value as { kind?: string; items?: unknown[] };
    return list.kind === 'List' && Array.isArray(list.items) ? list.items : [value];
  });
  return items.map((item, index) => checked(object, item, `${path}: object ${index + 1}`) as KubernetesObject);
}

function readMesh(path: string): MeshConfig {
  const [mesh = {}] = documents(path);
  return checked(z.looseObject({}), mesh, path) as MeshConfig;
}

function readCalls(path: string): ProxyCall[] {
  const [value] = documents(path);
  const list = Array.isArray(value) ? value : ((value as { calls?: unknown } | undefined)?.calls ?? []);
  return checked(z.array(call), list, path);
}
