import { readInjectorConfig, readMeshConfig } from '../../istio/inject/config.ts';
import { kubeInject } from '../../istio/inject/kube-inject.ts';
import type { Command, Istioctl } from './command.ts';
import { IstioctlError } from './errors.ts';

const configMaps = { group: '', version: 'v1', resource: 'configmaps' };

/** `istioctl kube-inject`: injection by hand, into a manifest. */
export const kubeInjectCommand: Command = {
  name: 'kube-inject',
  short: 'Inject Istio sidecar into Kubernetes pod resources',
  flags: [
    { name: 'filename', short: 'f', kind: 'string', usage: 'Manifest to inject' },
    { name: 'output', short: 'o', kind: 'string', usage: 'File for the result' },
    { name: 'injectConfigFile', kind: 'string', usage: "File with the injector's configuration" },
    {
      name: 'injectConfigMapName',
      kind: 'string',
      default: 'istio-sidecar-injector',
      usage: 'ConfigMap of the injector',
    },
    { name: 'meshConfigFile', kind: 'string', usage: 'File with the mesh configuration' },
    { name: 'meshConfigMapName', kind: 'string', default: 'istio', usage: 'ConfigMap of the mesh configuration' },
    { name: 'valuesFile', kind: 'string', usage: 'File with the values of the injector' },
    { name: 'revision', short: 'r', kind: 'string', usage: 'Revision of the control plane' },
    { name: 'operatorFileName', kind: 'string', usage: 'File with an IstioOperator' },
  ],
  run: inject,
};

async function inject(ctl: Istioctl): Promise<number> {
  const { flags } = ctl;
  const filename = flags.text('filename');
  if (filename === '') {
    throw new IstioctlError('1 error occurred:\n\t* filename not specified (see --filename or -f)\n\n');
  }
  const revision = flags.text('revision');
  const suffix = revision && revision !== 'default' ? `-${revision}` : '';
  const read = async (flag: string) => (flags.text(flag) ? ctl.readFile(flags.text(flag)) : undefined);
  const meshText = await read('meshConfigFile');
  const mesh = readMeshConfig(
    meshText === undefined ? data(ctl, `${flags.text('meshConfigMapName')}${suffix}`) : { mesh: meshText },
  );
  const [config, values] = [await read('injectConfigFile'), await read('valuesFile')];
  const fromCluster =
    config === undefined || values === undefined ? data(ctl, `${flags.text('injectConfigMapName')}${suffix}`) : {};
  const injector = readInjectorConfig({
    ...fromCluster,
    ...(config === undefined ? {} : { config }),
    ...(values === undefined ? {} : { values }),
  });
  const manifest = await ctl.readFile(filename);
  const { output, warnings } = kubeInject(manifest, {
    ...injector,
    mesh,
    revision: revision || 'default',
    nativeSidecars: supportsNativeSidecars(ctl),
    proxyEnvironment: {},
  });
  for (const warning of warnings) await ctl.err(warning);
  const target = flags.text('output');
  if (target) ctl.writeFile(target, output);
  else await ctl.out(output);
  return 0;
}

function data(ctl: Istioctl, name: string): Record<string, string> {
  const found = ctl.api.get(configMaps, ctl.istioNamespace, name);
  if (found) return (found.data as Record<string, string> | undefined) ?? {};
  throw new IstioctlError(
    `could not find valid configmap "${name}" from namespace "${ctl.istioNamespace}" - configmaps "${name}" not found - ` +
      `Use --meshConfigFile or re-run kube-inject with \`-i <istioSystemNamespace> and ensure valid MeshConfig exists`,
  );
}

/** Native sidecars are stable from Kubernetes 1.33; every node's kubelet must be that new. */
function supportsNativeSidecars(ctl: Istioctl): boolean {
  const nodes = ctl.api.list({ group: '', version: 'v1', resource: 'nodes' });
  return nodes.every(({ status }) => {
    const version = (status as { nodeInfo?: { kubeletVersion?: string } } | undefined)?.nodeInfo?.kubeletVersion ?? '';
    return Number(/^v1\.(\d+)/.exec(version)?.[1] ?? 0) >= 33;
  });
}
