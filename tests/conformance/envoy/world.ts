import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { curl } from '../../../sandbox/commands/curl/index.ts';
import { TestMachine } from '../../../sandbox/commands/lib/test-machine.ts';
import { EnvoyProxy } from '../../../sandbox/envoy/proxy.ts';
import type { ProxyConfiguration, Secret } from '../../../sandbox/envoy/xds/types.ts';
import { httpDate } from '../../../sandbox/images/go-time.ts';
import { toBase64 } from '../../../sandbox/kernel/base64.ts';
import { runInstant } from '../../../sandbox/kernel/drivers.ts';
import { Kernel } from '../../../sandbox/kernel/kernel.ts';
import { decode, encode } from '../../../sandbox/kernel/streams.ts';
import { keyPair, makeCertificate, toPem } from '../../../sandbox/kernel/x509.ts';
import type { DnsRecord } from '../../../sandbox/network/dns.ts';
import { serveHttp } from '../../../sandbox/network/http-server.ts';
import { istioRules } from '../../../sandbox/network/iptables.ts';
import { Network } from '../../../sandbox/network/network.ts';
import type { ServicePort } from '../../../sandbox/network/services.ts';
import type { Connection } from '../../../sandbox/network/socket.ts';
import type { Namespace } from '../../../sandbox/network/stack.ts';
import { publicRoots } from '../../../sandbox/network/trust.ts';
import { readJson, readObjects } from '../golden.ts';
import { configuration } from './configurations.ts';
import { echo, tcpEcho } from './echo.ts';
import { addOutside, connectProxy, type Misbehaviour, misbehave, serveHttpbin } from './outside.ts';

const epoch = 1_795_245_241_000;
const root = 'ISRG Root X1';
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Manifest {
  kind: string;
  metadata: { name: string; namespace: string; labels?: Record<string, string> };
  spec?: {
    clusterIP?: string;
    externalName?: string;
    serviceAccountName?: string;
    containers?: { name: string }[];
    ports?: { name?: string; port: number; protocol?: 'TCP' | 'UDP' }[];
  };
  status?: { podIP?: string };
  ports?: { name?: string; port: number }[];
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean } }[];
}

/** What differs from the recording's usual world in one case. */
export interface Circumstances {
  /** Names that resolve elsewhere (or, empty, nowhere) for one run. */
  zone?: Record<string, string[]>;
  /** Pods whose Envoy is gone. */
  stopped?: string[];
  /** Addresses whose packets are lost. */
  silent?: string[];
  /** Texts in the configuration that stand for others. */
  replace?: [from: string, to: string][];
  /** Another scenario's configuration for all, or for all but the client. */
  scenario?: string;
  serverScenario?: string;
  /** Clusters whose endpoints are gone. */
  emptied?: string[];
  /** All egress of other namespaces but to istio-system and kube-dns is dropped. */
  policy?: boolean;
  /** What the application of foo/httpbin does instead of answering. */
  application?: Misbehaviour | 'stopped';
  /** A pod that has no sidecar this time. */
  bare?: string;
}

/** Changes recorded configuration as the recording did: without Istio's own filter that tells who is there. */
function withoutPeerMetadata(whole: ProxyConfiguration): ProxyConfiguration {
  const present = stripped.get(whole);
  if (present) return present;
  const changed = JSON.parse(JSON.stringify(whole), (_, value: unknown) => {
    if (!Array.isArray(value)) return value;
    return value.filter((item) => (item as { name?: string } | null)?.name !== 'istio.metadata_exchange');
  }) as ProxyConfiguration;
  stripped.set(whole, changed);
  return changed;
}

const stripped = new WeakMap<ProxyConfiguration, ProxyConfiguration>();
const _manifests = new Map<string, Manifest[]>();
const pems = new Map<string, string>();

/** Files and certificates are the same in every world. */
function remembered<T>(cache: Map<string, T>, key: string, make: () => T): T {
  const present = cache.get(key);
  if (present !== undefined) return present;
  const made = make();
  cache.set(key, made);
  return made;
}

const authority = keyPair(encode('0123456789abcdef0123456789abcdef'));
const rootName = [['CN', root]] as const;

const rootPem = () => remembered(pems, 'root', makeRoot);

function makeRoot(): string {
  const template = { serial: Uint8Array.of(1), subject: rootName, issuer: rootName, notBefore: 0, isCA: true };
  return toPem(
    'CERTIFICATE',
    makeCertificate({ ...template, notAfter: 4e12, subjectPoint: authority.point, signer: authority }),
  );
}

const leafPem = (uriNames: string[], dnsNames: string[]) =>
  remembered(pems, [...uriNames, ...dnsNames].join(), () => makeLeaf(uriNames, dnsNames));

function makeLeaf(uriNames: string[], dnsNames: string[]): string {
  const template = { serial: Uint8Array.of(2), subject: [], issuer: rootName, notBefore: 0, isCA: false };
  return toPem(
    'CERTIFICATE',
    makeCertificate({
      ...template,
      notAfter: 4e12,
      uriNames,
      dnsNames,
      subjectPoint: authority.point,
      signer: authority,
    }),
  );
}

/** The world of the recorded outcomes, fed with one scenario's recorded configuration. */
export class World {
  readonly kernel: Kernel;
  readonly network: Network;
  readonly proxies = new Map<string, EnvoyProxy>();
  logs: { proxy: string; line: string }[] = [];
  readonly #machines = new Map<string, TestMachine>();
  readonly #golden: string;
  readonly #zone: Record<string, string[]>;
  readonly #circumstances: Circumstances;

  constructor(golden: string, given: string, circumstances: Circumstances = {}, seed = 0) {
    const scenario = circumstances.scenario ?? given;
    this.kernel = new Kernel({ epoch, seed });
    this.network = new Network(this.kernel);
    this.#golden = golden;
    this.#circumstances = circumstances;
    this.#zone = { ...readJson<Record<string, string[]>>(golden, 'outcomes', 'zone.json'), ...circumstances.zone };
    this.network.setLocalRanges(['10.244.0.0/16', '10.96.0.0/12']);
    this.network.setZone('zone', new Map(Object.entries(this.#zone).map(([name, ipv4]) => [name, { ipv4 }])));
    const objects = this.#objects(scenario);
    this.#addNames(objects);
    this.#addServices(objects);
    for (const pod of objects.filter(({ kind }) => kind === 'Pod')) {
      this.#addPod(pod, scenario, circumstances.stopped ?? []);
    }
    const { silent = [], policy } = circumstances;
    this.network.policy = ({ from, to, destination, protocol }) => {
      const open = !policy || !from.startsWith('test-egress/') || protocol === 'UDP' || to?.startsWith('istio-system/');
      return { allowed: !silent.includes(destination) && open === true };
    };
    this.network.addNamespace({ id: 'node', address: '172.18.0.2' });
    addOutside(this.network, Object.keys(this.#zone), root);
  }

  /** The baseline's objects with the scenario's in their places. */
  #objects(scenario: string): Manifest[] {
    const key = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace}/${metadata.name}`;
    const all = new Map(readObjects<Manifest>(this.#golden, 'cluster.yaml').map((object) => [key(object), object]));
    if (existsSync(join(this.#golden, 'xds', scenario, 'config.yaml'))) {
      for (const object of readObjects<Manifest>(this.#golden, 'xds', scenario, 'config.yaml'))
        all.set(key(object), object);
    }
    return [...all.values()];
  }

  /** Services that the scenario adds have names too. */
  #addNames(objects: Manifest[]): void {
    const records = new Map<string, DnsRecord>();
    for (const { kind, metadata, spec } of objects) {
      if (kind !== 'Service') continue;
      const name = `${metadata.name}.${metadata.namespace}.svc.cluster.local`;
      if (spec?.externalName) records.set(name, { cname: spec.externalName });
      else if (spec?.clusterIP && spec.clusterIP !== 'None') records.set(name, { ipv4: [spec.clusterIP] });
    }
    this.network.setZone('services', records);
  }

  #addServices(objects: Manifest[]): void {
    const ports: ServicePort[] = [];
    for (const service of objects.filter(({ kind }) => kind === 'Service')) {
      const { name, namespace } = service.metadata;
      const address = service.spec?.clusterIP;
      if (!address || address === 'None') continue;
      const slices = objects.filter(
        ({ kind, metadata }) =>
          kind === 'EndpointSlice' &&
          metadata.namespace === namespace &&
          metadata.labels?.['kubernetes.io/service-name'] === name,
      );
      for (const port of service.spec?.ports ?? []) {
        const backends = slices.flatMap((slice) => {
          const target = slice.ports?.find((entry) => (entry.name ?? '') === (port.name ?? ''))?.port;
          const ready = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
          return target === undefined
            ? []
            : ready.flatMap(({ addresses }) => addresses.map((backend) => ({ address: backend, port: target })));
        });
        ports.push({
          address,
          port: port.port,
          protocol: port.protocol ?? 'TCP',
          service: `${namespace}/${name}`,
          backends,
        });
      }
    }
    const dns = ports.find(({ address, protocol }) => address === '10.96.0.10' && protocol === 'UDP');
    if (dns) dns.backends = [{ address: '10.244.0.2', port: 53 }];
    this.network.setServices(ports);
  }

  #addPod(pod: Manifest, scenario: string, stopped: string[]): void {
    const { name, namespace } = pod.metadata;
    const id = `${namespace}/${name}`;
    const address = pod.status?.podIP;
    if (!address) return;
    const domains = `${namespace}.svc.cluster.local svc.cluster.local cluster.local`;
    const stack = this.network.addNamespace({
      id,
      address,
      hostname: name,
      resolvConf: `search ${domains}\nnameserver 10.96.0.10\noptions ndots:5\n`,
    });
    const machine = new TestMachine({ curl }, { kernel: this.kernel, sockets: stack, turn });
    machine.files.writeFile('/home/ca.pem', encode(rootPem()));
    this.#machines.set(id, machine);
    this.#serve(stack, name, pod.spec?.containers?.[0]?.name ?? '');
    const known = this.#configuration(scenario, id);
    if (id === this.#circumstances.bare) return;
    if (!known || known.listeners.length + known.clusters.length === 0) return;
    const gateway = /gateway-/.test(name) && !known.listeners.some((listener) => listener.name === 'virtualInbound');
    if (!gateway) this.network.setIptables(id, istioRules());
    if (!stopped.includes(id)) this.#addProxy(stack, pod, known, gateway);
  }

  #configuration(scenario: string, id: string): ProxyConfiguration | undefined {
    const { replace = [], serverScenario, emptied = [] } = this.#circumstances;
    const client = configuration(this.#golden, scenario, id);
    const isClient = /\/(curl|istio-)/.test(id);
    const known = serverScenario && !isClient ? configuration(this.#golden, serverScenario, id) : client;
    if (!known || (replace.length === 0 && emptied.length === 0)) return known;
    const text = replace.reduce((whole, [from, to]) => whole.replaceAll(from, to), JSON.stringify(known));
    const changed = JSON.parse(text) as ProxyConfiguration;
    changed.endpoints = changed.endpoints.filter(({ clusterName }) => !emptied.includes(clusterName));
    return changed;
  }

  #serve(stack: Namespace, name: string, container: string): void {
    const json = (connection: Connection) => {
      void serveHttp(connection, echo(name, httpDate(this.kernel.now())));
    };
    const { application } = this.#circumstances;
    if (container === 'httpbin' && application && stack.id.startsWith('foo/')) {
      if (application === 'stopped') return;
      stack.listen(8080, (connection) => misbehave(this.kernel, application, connection));
    } else if (container === 'httpbin')
      stack.listen(8080, (connection) => serveHttpbin(this.kernel, connection, false));
    else if (container === 'helloworld') stack.listen(5000, json);
    else if (['productpage', 'details', 'ratings', 'reviews'].includes(container)) stack.listen(9080, json);
    else if (container === 'squid') stack.listen(3128, (connection) => connectProxy(this.kernel, stack, connection));
    else if (container === 'tcp-echo') {
      const word = name.includes('v1') ? 'one' : 'two';
      for (const port of [9000, 9001, 9002]) stack.listen(port, (connection) => void tcpEcho(connection, word));
    }
  }

  #addProxy(stack: Namespace, pod: Manifest, known: ProxyConfiguration, gateway: boolean): void {
    const { name, namespace } = pod.metadata;
    const id = `${namespace}/${name}`;
    const account = pod.spec?.serviceAccountName ?? 'default';
    const identity = `spiffe://cluster.local/ns/${namespace}/sa/${account}`;
    const recorded = withoutPeerMetadata(known);
    const proxy = new EnvoyProxy({
      kernel: this.kernel,
      stack,
      incarnation: id,
      node: { id: `${gateway ? 'router' : 'sidecar'}~${stack.address}~${name}.${namespace}~x`, namespace, pod: name },
      systemRoots: publicRoots,
      readFile: (path) => (/ca|root/i.test(path) ? rootPem() : leafPem([], ['client.example.org'])),
      writeLog: (line, stream) => {
        this.logs.push({ proxy: id, line: stream === 'stderr' ? `stderr: ${line}` : line });
      },
      xds: {
        connect: (_, receive) => {
          const all = ['CDS', 'EDS', 'LDS', 'RDS'] as const;
          receive({ version: '1', nonce: '1', changed: all, configuration: recorded });
          return {
            acknowledge: () => {},
            secret: (wanted) => secretFor(wanted, identity, Object.keys(this.#zone)),
            close: () => {},
          };
        },
      },
    });
    proxy.start();
    this.proxies.set(id, proxy);
  }

  /** Runs `curl …` in a pod and lets the proxies write their lines. */
  async curl(from: string, argv: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
    const machine = this.#machines.get(from);
    if (!machine) throw new Error(`no pod ${from}`);
    const outcome = await machine.run(argv);
    const flushed = runInstant(this.kernel, this.kernel.sleep(3000), turn, {
      endOfInput: () => false,
      interrupt: () => false,
    });
    await flushed;
    return outcome;
  }

  /** What `-D /home/headers` wrote last. */
  headers(from: string): string[] {
    const files = this.#machines.get(from)?.files;
    if (!files?.exists('/home/headers')) return [];
    const text = decode(files.readFile('/home/headers'));
    files.remove('/home/headers');
    return text.split('\r\n').filter((line) => line !== '');
  }

  takeLogs(): { proxy: string; line: string }[] {
    const { logs } = this;
    this.logs = [];
    return logs;
  }
}

function secretFor(name: string, identity: string, hosts: string[]): Secret | undefined {
  const pem = (text: string) => ({ inlineBytes: toBase64(encode(text)) });
  if (name === 'ROOTCA' || name.endsWith('-cacert')) return { name, validationContext: { trustedCa: pem(rootPem()) } };
  if (name === 'default') return certificate(name, leafPem([identity], []));
  if (name.startsWith('kubernetes://')) return certificate(name, leafPem([], [...hosts, '*.example.com']));
  return undefined;
}

function certificate(name: string, text: string): Secret {
  const bytes = (content: string) => ({ inlineBytes: toBase64(encode(content)) });
  return { name, tlsCertificate: { certificateChain: bytes(text), privateKey: bytes('') } };
}
