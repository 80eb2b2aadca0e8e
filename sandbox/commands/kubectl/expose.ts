import { type Command, dryRunFlag, fieldManagerFlag, filenameFlags, printFlags } from './command.ts';
import { createAndPrint } from './create-common.ts';
import { KubectlError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import { at, isRecord, type KubeObject, records, text } from './objects.ts';
import { flagsOf, select, throwErrors } from './resources.ts';

export const expose: Command = {
  name: 'expose',
  short: 'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service',
  use: 'expose (-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type]',
  flags: [
    ...printFlags,
    ...filenameFlags('that names the object to expose.'),
    { name: 'selector', kind: 'string', usage: 'Label selector of the service; taken from the object if absent.' },
    dryRunFlag,
    fieldManagerFlag('kubectl-expose'),
    { name: 'name', kind: 'string', usage: 'Name of the service.' },
    { name: 'port', kind: 'string', usage: 'Port of the service; taken from the object if absent.' },
    { name: 'target-port', kind: 'string', usage: 'Port or name of the port of the container.' },
    { name: 'protocol', kind: 'string', usage: 'Protocol; TCP if absent.' },
    { name: 'type', kind: 'string', usage: 'ClusterIP, NodePort, LoadBalancer or ExternalName.' },
    { name: 'cluster-ip', kind: 'string', usage: 'Own address; None for a headless service.' },
    { name: 'external-ip', kind: 'string', usage: 'Address outside the cluster that leads here too.' },
    { name: 'labels', short: 'l', kind: 'string', usage: 'Labels of the service.' },
    { name: 'session-affinity', kind: 'string', usage: 'None or ClientIP.' },
  ],
  run: runExpose,
};

async function runExpose(k: Kubectl): Promise<undefined> {
  const { infos, errors } = await select(k, { ...flagsOf(k), selector: '', all: false });
  throwErrors(errors);
  for (const info of infos)
    await createAndPrint(k, serviceFor(k, info.object as KubeObject), { namespaced: true, operation: 'exposed' });
  return undefined;
}

const exposable = ['Service', 'Pod', 'Deployment', 'ReplicaSet', 'ReplicationController'];

function serviceFor(k: Kubectl, object: KubeObject): KubeObject {
  const { flags } = k;
  if (!exposable.includes(object.kind)) {
    const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0] : '';
    throw new KubectlError(`cannot expose a ${object.kind}${group === '' ? '' : `.${group}`}`);
  }
  const selector = selectorOf(object, flags.text('selector'));
  const ports =
    flags.text('port') === ''
      ? portsOf(object)
      : flags
          .text('port')
          .split(',')
          .map((port) => ({ port: Number(port), protocol: '' }));
  if (ports.length === 0) throw new KubectlError("couldn't find port via --port flag or introspection");
  const target = flags.text('target-port');
  const wanted = flags.text('protocol');
  const type = flags.text('type');
  const clusterIP = flags.text('cluster-ip');
  const external = flags.text('external-ip');
  const labelText = flags.text('labels');
  const labels =
    labelText === '' ? object.metadata.labels : Object.fromEntries(labelText.split(',').map((pair) => pair.split('=')));
  const affinity = flags.text('session-affinity');
  return {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name: flags.text('name') || object.metadata.name.slice(0, 63), ...(labels && { labels }) },
    spec: {
      ports: ports.map(({ port, protocol }, index) => ({
        ...(ports.length > 1 && { name: `port-${index + 1}` }),
        protocol: (wanted || protocol || 'TCP').toUpperCase(),
        port,
        targetPort: target === '' ? port : /^\d+$/.test(target) ? Number(target) : target,
      })),
      selector,
      ...(clusterIP !== '' && { clusterIP }),
      ...(type !== '' && { type }),
      ...(external !== '' && { externalIPs: [external] }),
      ...(affinity !== '' && { sessionAffinity: affinity }),
    },
    status: { loadBalancer: {} },
  };
}

function selectorOf(object: KubeObject, given: string): Record<string, unknown> {
  if (given !== '') return Object.fromEntries(given.split(',').map((pair) => pair.split('=')));
  if (object.kind === 'Pod') {
    const labels = object.metadata.labels ?? {};
    if (Object.keys(labels).length === 0)
      throw new KubectlError(
        "couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed",
      );
    return labels;
  }
  const selector = at(object, 'spec', 'selector');
  const labels =
    object.kind === 'Service' || object.kind === 'ReplicationController' ? selector : at(selector, 'matchLabels');
  if (!isRecord(labels) || Object.keys(labels).length === 0) {
    throw new KubectlError(
      object.kind === 'Service'
        ? "couldn't retrieve selectors via --selector flag or introspection: the service has no pod selector set"
        : "couldn't retrieve selectors via --selector flag or introspection: invalid deployment: no selectors, therefore cannot be exposed",
    );
  }
  return labels;
}

function portsOf(object: KubeObject): { port: number; protocol: string }[] {
  if (object.kind === 'Service') {
    return records(at(object, 'spec', 'ports')).map(({ port, protocol }) => ({
      port: Number(port),
      protocol: text(protocol),
    }));
  }
  const spec = object.kind === 'Pod' ? object.spec : at(object, 'spec', 'template', 'spec');
  return records(at(spec, 'containers')).flatMap((container) =>
    records(container.ports).map(({ containerPort, protocol }) => ({
      port: Number(containerPort),
      protocol: text(protocol),
    })),
  );
}
