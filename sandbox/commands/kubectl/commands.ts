import { apply } from './apply.ts';
import type { Command, LazyCommand } from './command.ts';
import { get } from './get.ts';
import { portForward, refused, top } from './refused.ts';

/** The groups of `kubectl` without arguments, in its order. */
export const commandGroups = [
  'Basic Commands (Beginner):',
  'Basic Commands (Intermediate):',
  'Deploy Commands:',
  'Cluster Management Commands:',
  'Troubleshooting and Debugging Commands:',
  'Advanced Commands:',
  'Settings Commands:',
  'Subcommands provided by plugins:',
  'Other Commands:',
] as const;

const [beginner, intermediate, deploy, cluster, debugging, advanced, settings, , other] = commandGroups;

/** A verb that is always there. */
const here = (group: string, command: Command): LazyCommand => ({
  name: command.name,
  short: command.short,
  group,
  load: () => Promise.resolve(command),
});

/** A verb that is fetched when it is used. */
const later = (group: string, name: string, short: string, load: () => Promise<Command>): LazyCommand => ({
  name,
  short,
  group,
  load,
});

export const commands: readonly LazyCommand[] = [
  later(
    beginner,
    'create',
    'Create a resource from a file or from stdin',
    async () => (await import('./create.ts')).create,
  ),
  later(
    beginner,
    'expose',
    'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service',
    async () => (await import('./expose.ts')).expose,
  ),
  later(beginner, 'run', 'Run a particular image on the cluster', async () => (await import('./run.ts')).run),
  later(beginner, 'set', 'Set specific features on objects', async () => (await import('./set.ts')).set),
  later(
    intermediate,
    'explain',
    'Get documentation for a resource',
    async () => (await import('./explain.ts')).explain,
  ),
  here(intermediate, get),
  later(intermediate, 'edit', 'Edit a resource on the server', async () => (await import('./edit.ts')).edit),
  later(
    intermediate,
    'delete',
    'Delete resources by file names, stdin, resources and names, or by resources and label selector',
    async () => (await import('./delete.ts')).remove,
  ),
  later(deploy, 'rollout', 'Manage the rollout of a resource', async () => (await import('./rollout.ts')).rollout),
  later(
    deploy,
    'scale',
    'Set a new size for a deployment, replica set, or replication controller',
    async () => (await import('./scale.ts')).scale,
  ),
  refused(deploy, 'autoscale', 'Auto-scale a deployment, replica set, stateful set, or replication controller'),
  refused(cluster, 'certificate', 'Modify certificate resources'),
  later(
    cluster,
    'cluster-info',
    'Display cluster information',
    async () => (await import('./discovery-commands.ts')).clusterInfo,
  ),
  here(cluster, top),
  refused(cluster, 'cordon', 'Mark node as unschedulable'),
  refused(cluster, 'uncordon', 'Mark node as schedulable'),
  refused(cluster, 'drain', 'Drain node in preparation for maintenance'),
  refused(cluster, 'taint', 'Update the taints on one or more nodes'),
  later(
    debugging,
    'describe',
    'Show details of a specific resource or group of resources',
    async () => (await import('./describe.ts')).describe,
  ),
  later(debugging, 'logs', 'Print the logs for a container in a pod', async () => (await import('./logs.ts')).logs),
  refused(debugging, 'attach', 'Attach to a running container'),
  later(debugging, 'exec', 'Execute a command in a container', async () => (await import('./exec.ts')).exec),
  here(debugging, portForward),
  refused(debugging, 'proxy', 'Run a proxy to the Kubernetes API server'),
  later(debugging, 'cp', 'Copy files and directories to and from containers', async () => (await import('./cp.ts')).cp),
  later(debugging, 'auth', 'Inspect authorization', async () => (await import('./auth.ts')).auth),
  refused(debugging, 'debug', 'Create debugging sessions for troubleshooting workloads and nodes'),
  later(debugging, 'events', 'List events', async () => (await import('./events.ts')).events),
  later(
    advanced,
    'diff',
    'Diff the live version against a would-be applied version',
    async () => (await import('./diff.ts')).diff,
  ),
  here(advanced, apply),
  later(advanced, 'patch', 'Update fields of a resource', async () => (await import('./patch.ts')).patch),
  later(
    advanced,
    'replace',
    'Replace a resource by file name or stdin',
    async () => (await import('./replace.ts')).replace,
  ),
  later(
    advanced,
    'wait',
    'Wait for a specific condition on one or many resources',
    async () => (await import('./wait.ts')).wait,
  ),
  refused(advanced, 'kustomize', 'Build a kustomization target from a directory or URL'),
  later(settings, 'label', 'Update the labels on a resource', async () => (await import('./label.ts')).label),
  later(
    settings,
    'annotate',
    'Update the annotations on a resource',
    async () => (await import('./annotate.ts')).annotate,
  ),
  refused(
    settings,
    'completion',
    'Output shell completion code for the specified shell (bash, zsh, fish, or powershell)',
  ),
  refused(other, 'alpha', 'Commands for features in alpha'),
  later(
    other,
    'api-resources',
    'Print the supported API resources on the server',
    async () => (await import('./discovery-commands.ts')).apiResources,
  ),
  later(
    other,
    'api-versions',
    'Print the supported API versions on the server, in the form of "group/version"',
    async () => (await import('./discovery-commands.ts')).apiVersions,
  ),
  later(other, 'config', 'Modify kubeconfig files', async () => (await import('./config.ts')).config),
  refused(other, 'plugin', 'Provides utilities for interacting with plugins'),
  later(
    other,
    'version',
    'Print the client and server version information',
    async () => (await import('./version.ts')).version,
  ),
];
