import { allNamespacesFlag, type Command, filenameFlags, selectorFlag } from './command.ts';
import { describeGeneric } from './describe/generic.ts';
import { describeNetworkPolicy } from './describe/network-policy.ts';
import { describeNode } from './describe/node.ts';
import { describePod } from './describe/pod.ts';
import { describeEndpointSlice, describeEndpoints, describeService } from './describe/service.ts';
import { describeConfigMap, describeNamespace, describeSecret, describeServiceAccount } from './describe/small.ts';
import { describeDaemonSet, describeDeployment, describeReplicaSet } from './describe/workloads.ts';
import { ErrorList, isNotFound, KubectlError, StatusError, throwAll } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import type { KubeObject } from './objects.ts';
import { flagsOf, getObject, type Info, listObjects, select } from './resources.ts';

export const describe: Command = {
  name: 'describe',
  short: 'Show details of a specific resource or group of resources',
  use: 'describe (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)',
  examples: `# A node
kubectl describe nodes kubernetes-node-emt8

# The pods of a name's beginning
kubectl describe pods frontend

# Pods by label
kubectl describe pods -l name=myLabel`,
  flags: [
    ...filenameFlags('that names the objects to describe.'),
    selectorFlag,
    allNamespacesFlag,
    { name: 'show-events', kind: 'bool', default: 'true', usage: 'Show the events about the object.' },
    { name: 'chunk-size', kind: 'int64', default: '500', usage: 'Size of the pieces long lists come in.' },
  ],
  run: runDescribe,
};

const describers: Record<string, (k: Kubectl, object: KubeObject) => Promise<string>> = {
  Service: describeService,
  Endpoints: describeEndpoints,
  'EndpointSlice.discovery.k8s.io': describeEndpointSlice,
  'Deployment.apps': describeDeployment,
  'ReplicaSet.apps': describeReplicaSet,
  'DaemonSet.apps': describeDaemonSet,
  'NetworkPolicy.networking.k8s.io': describeNetworkPolicy,
  Node: describeNode,
  Namespace: describeNamespace,
  ConfigMap: describeConfigMap,
  Secret: describeSecret,
  ServiceAccount: describeServiceAccount,
};

async function runDescribe(k: Kubectl): Promise<undefined> {
  if (k.args.length === 0 && k.flags.list('filename').length === 0 && k.flags.text('kustomize') === '') {
    throw new KubectlError(
      'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.',
    );
  }
  const { infos, errors } = await select(k, { ...flagsOf(k), all: false, allowEmptySelector: true });
  const [first] = errors;
  if (first && isNotFound(first) && errors.length === 1 && k.args.length === 2) {
    return describeMatching(k, first, k.args[0] as string, k.args[1] as string);
  }
  const failures: Error[] = errors.length > 1 ? [new ErrorList(errors)] : [...errors];
  let printed = false;
  for (const info of infos) {
    try {
      const content = await describeOne(k, info);
      k.out(printed ? `\n\n${content}` : content);
      printed = true;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (!failures.some(({ message }) => message === error.message)) failures.push(error);
    }
  }
  if (infos.length === 0 && failures.length === 0) {
    k.err(
      k.flags.bool('all-namespaces') ? 'No resources found\n' : `No resources found in ${k.namespace} namespace.\n`,
    );
  }
  throwAll(failures);
  return undefined;
}

/** The objects whose names begin with `prefix`; the first complaint where there are none. */
async function describeMatching(k: Kubectl, notFound: Error, type: string, prefix: string): Promise<undefined> {
  const mapping = k.mapper.resource(type);
  const { items } = await listObjects(k, mapping, mapping.namespaced ? k.namespace : '', {});
  const matching = items.filter(({ metadata }) => metadata.name.startsWith(prefix));
  if (matching.length === 0) throw notFound;
  for (const object of matching) {
    const { name, namespace = '' } = object.metadata;
    k.out(`${await describeOne(k, { mapping, name, namespace, source: '' })}\n`);
  }
  return undefined;
}

export async function describeOne(k: Kubectl, info: Info): Promise<string> {
  const { kind, group } = info.mapping;
  if (kind === 'Pod' && group === '') return describePod(k, info.namespace, info.name);
  const describer = describers[group === '' ? kind : `${kind}.${group}`] ?? describeGeneric;
  return describer(k, await getObject(k, info));
}
