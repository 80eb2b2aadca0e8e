import { FileLayer, type LayerEntry } from '../kernel/file-layer.ts';
import type { FileSystem } from '../kernel/files.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { MemoryFiles } from '../kernel/memory-files.ts';
import { basename } from '../kernel/paths.ts';
import type { Machine, Program } from '../kernel/process.ts';
import type { NetworkStack } from '../network/socket.ts';
import { type Release, releaseFiles } from '../releases/index.ts';

export const home = '/home/learner';

const kubeconfig = `apiVersion: v1
clusters:
- cluster:
    server: https://127.0.0.1:6443
  name: kind-meshtab
contexts:
- context:
    cluster: kind-meshtab
    user: kind-meshtab
  name: kind-meshtab
current-context: kind-meshtab
kind: Config
preferences: {}
users:
- name: kind-meshtab
  user: {}
`;

const binaries = '/usr/local/bin';

/** The folder where a release of Istio is unpacked: where a learner's shell starts. */
export function releaseFolder({ istio }: Release): string {
  return `${home}/istio-${istio.version}`;
}

const layers = new WeakMap<Release['istio'], FileLayer>();

function baseLayer(release: Release): FileLayer {
  const present = layers.get(release.istio);
  if (present) return present;
  const entries: Record<string, LayerEntry> = {
    [`${home}/.kube/config`]: kubeconfig,
    '/etc/hostname': 'meshtab\n',
    '/etc/passwd': `root:x:0:0:root:/root:/bin/bash\nlearner:x:1000:1000::${home}:/bin/bash\n`,
    '/root': { directory: true, mode: 0o700 },
  };
  for (const [path, text] of Object.entries(releaseFiles(release))) entries[`${releaseFolder(release)}/${path}`] = text;
  const layer = new FileLayer(entries);
  layers.set(release.istio, layer);
  return layer;
}

export interface WorkstationOptions {
  kernel: Kernel;
  release: Release;
  /** Programs on the PATH, by name. */
  programs: Readonly<Record<string, Program>>;
  sockets: NetworkStack;
  mounts?: readonly { path: string; files: FileSystem }[];
}

/** The learner's computer: Istio's release folder, kubectl and istioctl, the usual tools, a way to the internet. */
export class Workstation implements Machine {
  readonly hostname = 'meshtab';
  readonly kernel: Kernel;
  readonly files: MemoryFiles;
  readonly sockets: NetworkStack;
  readonly #programs: Readonly<Record<string, Program>>;

  constructor(options: WorkstationOptions) {
    this.kernel = options.kernel;
    this.sockets = options.sockets;
    this.#programs = options.programs;
    this.files = new MemoryFiles({ now: () => this.kernel.now(), base: baseLayer(options.release), uid: 1000 });
    for (const { path, files } of options.mounts ?? []) this.files.mount(path, files);
  }

  findProgram(name: string, path: string | undefined): Program | undefined {
    const known = Object.hasOwn(this.#programs, basename(name)) ? this.#programs[basename(name)] : undefined;
    if (!known) return undefined;
    const places = ['/bin', '/usr/bin', binaries];
    if (name.includes('/')) return places.includes(name.slice(0, name.lastIndexOf('/'))) ? known : undefined;
    return (path ?? binaries).split(':').some((folder) => places.includes(folder)) ? known : undefined;
  }

  programNames(): string[] {
    return Object.keys(this.#programs).sort();
  }
}
