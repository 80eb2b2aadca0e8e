import { selects } from '../../../istio/pilot/model/labels.ts';
import { labelsOf, objectsOf, recordOf, textOf } from '../../../istio/validate/spec.ts';
import type { KubernetesObject } from '../../../kubernetes/objects.ts';
import { type Flag, goQuote } from '../../kubectl/flags.ts';
import { type Command, globalFlags, type Istioctl } from '../command.ts';
import { IstioctlError, UsageError } from '../errors.ts';
import { printHelp } from '../help.ts';
import { describeIngress } from './ingress.ts';
import { inferName, mustGet, resources, separator, shortName } from './objects.ts';
import { describePod } from './pod.ts';
import { describePeerAuthentication } from './policies.ts';
import { describePodServices } from './services.ts';

const flags: readonly Flag[] = [
  { name: 'ignoreUnmeshed', kind: 'bool', usage: 'Suppress warnings for unmeshed pods' },
  { name: 'proxy-admin-port', kind: 'int', default: '15000', usage: 'Envoy proxy admin port' },
];

/** `istioctl experimental describe`. */
export const describeCommand: Command = {
  name: 'describe',
  aliases: ['des'],
  short: 'Describe resource and related Istio configuration',
  commands: [
    {
      name: 'pod',
      aliases: ['po'],
      use: '<pod-name>[.<namespace>]',
      short: 'Describe pods and their Istio configuration [kube-only]',
      flags,
      run: pod,
    },
    {
      name: 'service',
      aliases: ['svc'],
      use: '<svc-name>[.<namespace>]',
      short: 'Describe services and their Istio configuration [kube-only]',
      flags,
      run: service,
    },
  ],
  run: help,
};

/** Help, or what is wrong with the word that is no kind. */
async function help(ctl: Istioctl): Promise<number> {
  const [kind] = ctl.args;
  if (kind !== undefined) throw new IstioctlError(`unknown resource type ${goQuote(kind)}`);
  await ctl.out(printHelp(ctl.command, ctl.path, globalFlags));
  return 0;
}

async function pod(ctl: Istioctl): Promise<number> {
  const [name] = ctl.args;
  if (name === undefined || ctl.args.length > 1) throw new IstioctlError('expecting pod name');
  const ignoreUnmeshed = ctl.flags.bool('ignoreUnmeshed');
  const found = mustGet(ctl, resources.pods, inferName(ctl, name));
  const { labels = {}, namespace = '' } = found.metadata;
  await ctl.out(describePod(ctl, found, ignoreUnmeshed));
  const services = ctl.api.list(resources.services, {}, { namespace }).filter(({ spec }) => {
    const selector = labelsOf(recordOf(spec).selector);
    return Object.keys(selector).length > 0 && selects(selector, labels);
  });
  if (services.length === 0 && !ignoreUnmeshed) {
    const page = 'https://istio.io/docs/setup/kubernetes/additional-setup/requirements/';
    await ctl.out(`Warning: No Kubernetes Services select pod ${shortName(ctl, found)} (see ${page} )\n`);
  }
  await ctl.out(separator);
  await describePodServices(ctl, found, services, [labels]);
  await ctl.out(separator);
  await ctl.out(describePeerAuthentication(ctl, found));
  await describeIngress(ctl, services, [labels]);
  return 0;
}

async function service(ctl: Istioctl): Promise<number> {
  const [name] = ctl.args;
  if (name === undefined || ctl.args.length > 1) throw new UsageError('expecting service name');
  const found = mustGet(ctl, resources.services, inferName(ctl, name));
  const selector = labelsOf(recordOf(found.spec).selector);
  const { namespace = '' } = found.metadata;
  const selected = Object.keys(selector).length > 0 ? ctl.api.list(resources.pods, selector, { namespace }) : [];
  const ready: KubernetesObject[] = [];
  for (const each of selected) {
    const problem = problemOf(ctl, each);
    if (problem === undefined) ready.push(each);
    else await ctl.out(`${problem}\n`);
  }
  const quoted = goQuote(shortName(ctl, found));
  const [first] = ready;
  if (selected.length === 0) await ctl.out(`Service ${quoted} has no pods.\n`);
  else if (!first) {
    await ctl.out(`Service ${quoted} has no Istio pods.  (${selected.length} pods in service).\n`);
    await ctl.out('Use `istioctl kube-inject` or redeploy with Istio automatic sidecar injection.\n');
  } else {
    const labels = ready.map(({ metadata }) => metadata.labels ?? {});
    await describePodServices(ctl, first, [found], labels);
    await describeIngress(ctl, [found], labels);
  }
  return 0;
}

/** Why a pod's proxy cannot be asked. */
function problemOf(ctl: Istioctl, found: KubernetesObject): string | undefined {
  const status = recordOf(found.status);
  if (status.phase !== 'Running') return `   Pod is not Running (${textOf(status.phase)})`;
  const statuses = [...objectsOf(status.containerStatuses), ...objectsOf(status.initContainerStatuses)];
  const proxy = statuses.find((each) => each.name === 'istio-proxy');
  if (!proxy) return `Pod ${shortName(ctl, found)}: no container "istio-proxy" in pod`;
  return proxy.ready === true ? undefined : `WARNING: Pod ${shortName(ctl, found)} Container istio-proxy NOT READY`;
}
