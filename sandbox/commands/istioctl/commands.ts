import { analyzeCommand } from './analyze.ts';
import { authzCommand } from './authz.ts';
import type { Command } from './command.ts';
import { describeCommand } from './describe/commands.ts';
import { IstioctlError } from './errors.ts';
import { install, installCommand } from './install.ts';
import { kubeInjectCommand } from './kube-inject.ts';
import { manifestCommand } from './manifest.ts';
import { proxyConfigCommand } from './proxy-config/commands.ts';
import { proxyStatusCommand } from './proxy-status.ts';
import { tagCommand } from './tag.ts';
import { uninstallCommand } from './uninstall.ts';
import { validateCommand } from './validate.ts';
import { versionCommand } from './version.ts';

/** A command that upstream has and this sandbox not yet. */
function unavailable(name: string, short: string, aliases: readonly string[] = []): Command {
  return {
    name,
    aliases,
    short,
    run() {
      throw new IstioctlError(`${name} is not available here`);
    },
  };
}

const experimental = [
  'check-inject',
  'config',
  'envoy-stats',
  'injector',
  'internal-debug',
  'metrics',
  'precheck',
  'workload',
];

/** The commands of istioctl. */
export const commands: readonly Command[] = [
  unavailable('admin', 'Manage control plane (istiod) configuration', ['istiod']),
  analyzeCommand,
  {
    name: 'authz',
    short: '(authz is experimental. Use `istioctl experimental authz`)',
    run() {
      throw new IstioctlError('(authz is experimental. Use `istioctl experimental authz`)');
    },
  },
  unavailable('bug-report', 'Cluster information and log capture support tool.'),
  unavailable(
    'create-remote-secret',
    'Create a secret with credentials to allow Istio to access remote Kubernetes apiservers',
  ),
  unavailable('dashboard', 'Access to Istio web UIs', ['dash', 'd']),
  {
    name: 'experimental',
    aliases: ['x', 'exp'],
    short: 'Experimental commands that may be modified or deprecated',
    commands: [
      authzCommand,
      describeCommand,
      ...experimental.map((name) => unavailable(name, `Experimental: ${name}`)),
      proxyStatusCommand,
      versionCommand,
    ],
  },
  installCommand,
  kubeInjectCommand,
  manifestCommand,
  proxyConfigCommand,
  proxyStatusCommand,
  unavailable('remote-clusters', 'Lists the remote clusters each istiod instance is connected to.'),
  tagCommand,
  uninstallCommand,
  {
    ...installCommand,
    name: 'upgrade',
    aliases: [],
    short: 'Upgrade Istio control plane in-place',
    run: install,
  },
  validateCommand,
  versionCommand,
  unavailable('waypoint', 'Manage waypoint configuration'),
  unavailable('ztunnel-config', 'Update or retrieve current Ztunnel configuration.', ['zc', 'ztunnel']),
];
