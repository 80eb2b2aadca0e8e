import type { JsonObject } from '../../kernel/json.ts';
import { TabWriter } from '../kubectl/tab-writer.ts';
import type { Command, Istioctl } from './command.ts';
import { IstioctlError, UsageError } from './errors.ts';
import { inferPod } from './pods.ts';
import { askProxy } from './proxy-config/commands.ts';
import { parseConfigDump, section } from './proxy-config/config-dump.ts';
import { objects, text } from './proxy-config/output.ts';

/** Order of the table. */
const actions = ['DENY', 'ALLOW', 'LOG', 'CUSTOM'] as const;
type Action = (typeof actions)[number];

/** `istioctl experimental authz check`: the AuthorizationPolicies that a proxy has. */
export const authzCommand: Command = {
  name: 'authz',
  short: 'Inspect Istio AuthorizationPolicy',
  commands: [
    {
      name: 'check',
      use: '[<type>/]<name>[.<namespace>]',
      short: 'Check AuthorizationPolicy applied in the pod.',
      flags: [
        { name: 'file', short: 'f', kind: 'string', usage: 'The json file with Envoy config dump to be checked' },
        { name: 'proxy-admin-port', kind: 'int', default: '15000', usage: 'Envoy proxy admin port' },
      ],
      run: check,
    },
  ],
};

async function check(ctl: Istioctl): Promise<number> {
  const [name] = ctl.args;
  if (ctl.args.length > 1) throw new UsageError('check requires only <pod-name>[.<pod-namespace>]');
  const file = ctl.flags.text('file');
  if (!file && name === undefined) throw new IstioctlError('expecting pod name or config dump, found: 0');
  const dump = parseConfigDump(file ? await ctl.readFile(file) : await dumpOfPod(ctl, name as string));
  const listeners = objects(section(dump, 'ListenersConfigDump').dynamicListeners).map(
    ({ activeState }) => (activeState as JsonObject | undefined)?.listener as JsonObject | undefined,
  );
  if (listeners.length > 0) await ctl.out(printPolicies(listeners.flatMap((listener) => rbacsOf(listener))));
  return 0;
}

async function dumpOfPod(ctl: Istioctl, name: string): Promise<string> {
  const { pod, namespace } = inferPod(ctl, name);
  try {
    return await askProxy(ctl, `${pod}.${namespace}`, 'config_dump');
  } catch (error) {
    if (!(error instanceof IstioctlError)) throw error;
    throw new IstioctlError(`failed to get config dump from pod ${pod} in ${namespace}`);
  }
}

const connectionManager = 'envoy.filters.network.http_connection_manager';

/** The RBAC filters of a listener, of connections and of requests. */
function rbacsOf(listener: JsonObject | undefined): JsonObject[] {
  return objects(listener?.filterChains)
    .flatMap(({ filters }) => objects(filters))
    .flatMap((filter) => {
      const config = (filter.typedConfig ?? {}) as JsonObject;
      if (filter.name === 'envoy.filters.network.rbac') return [config];
      if (filter.name !== connectionManager) return [];
      return objects(config.httpFilters)
        .filter(({ name }) => name === 'envoy.filters.http.rbac')
        .map(({ typedConfig }) => (typedConfig ?? {}) as JsonObject);
    });
}

/** A table of policies by action with the number of their rules (upstream istioctl/pkg/authz/listener.go). */
function printPolicies(rbacs: readonly JsonObject[]): string {
  const byAction = new Map<Action, Set<string>>();
  const rules = new Map<string, Set<string>>();
  const add = (action: Action, policy: string, rule: string) => {
    byAction.set(action, (byAction.get(action) ?? new Set()).add(policy));
    rules.set(policy, (rules.get(policy) ?? new Set()).add(rule));
  };
  const addNamed = (action: Action, id: string) => {
    const [, namespace = '', name = '', rule = ''] =
      /(?:istio-ext-authz-)?ns\[(.+)\]-policy\[(.+)\]-rule\[(.+)\]/.exec(id) ?? [];
    add(action, name ? `${name}.${namespace}` : '', rule);
  };
  for (const rbac of rbacs) {
    const own = (rbac.rules ?? {}) as JsonObject;
    const action = (text(own.action) || 'ALLOW') as Action;
    const policies = Object.keys((own.policies ?? {}) as JsonObject);
    for (const id of policies) addNamed(action, id);
    const shadow = Object.keys(((rbac.shadowRules as JsonObject | undefined)?.policies ?? {}) as JsonObject);
    for (const id of shadow) if (id.startsWith('istio-ext-authz-')) addNamed('CUSTOM', id);
    if (policies.length === 0) add(action, '_anonymous_match_nothing_', '0');
  }
  const table = new TabWriter(0, 3);
  table.line(['ACTION', 'AuthorizationPolicy', 'RULES']);
  for (const action of actions) {
    for (const policy of [...(byAction.get(action) ?? [])].sort())
      table.line([action, policy, String(rules.get(policy)?.size ?? 0)]);
  }
  return table.flush();
}
