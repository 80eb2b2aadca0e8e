import type { Random } from '../../kernel/random.ts';
import type { Pod } from '../kinds/pod.ts';
import type { ServiceAccount } from '../kinds/serviceaccount.ts';
import { forbidden } from './errors.ts';
import type { Store } from './store.ts';

const pods = { group: '', name: 'pods' };
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';

type Spec = NonNullable<Pod['spec']>;

/** The plugin ServiceAccount: every pod runs as somebody and gets that one's token (plugin/pkg/admission/serviceaccount). */
export function admitServiceAccount(pod: Pod, store: Store, random: Random): void {
  const { spec } = pod;
  if (!spec || isMirror(pod)) return;
  spec.serviceAccountName ||= 'default';
  spec.serviceAccount = spec.serviceAccountName;
  const namespace = pod.metadata.namespace as string;
  const name = spec.serviceAccountName;
  const account = store.get('/serviceaccounts', namespace, name) as ServiceAccount | undefined;
  if (!account) {
    const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
    throw forbidden(pods, podName(pod), why);
  }
  if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec, random);
  if ((spec.imagePullSecrets ?? []).length === 0 && account.imagePullSecrets) {
    spec.imagePullSecrets = structuredClone(account.imagePullSecrets);
  }
}

export function podName({ metadata }: Pod): string {
  return metadata.name || metadata.generateName || '';
}

/** Static pods' copies come from the kubelet and get nothing. */
function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
}

function mountToken(spec: Spec, random: Random): void {
  const present = spec.volumes?.find((volume) => volume.name.startsWith(volumePrefix))?.name;
  const name = present ?? `${volumePrefix}${random.suffix(5)}`;
  let used = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === tokenPath)) continue;
    container.volumeMounts = [...(container.volumeMounts ?? []), { mountPath: tokenPath, name, readOnly: true }];
    used = true;
  }
  if (used && !present) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

function tokenVolume(name: string): NonNullable<Spec['volumes']>[number] {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { items: [{ key: 'ca.crt', path: 'ca.crt' }], name: 'kube-root-ca.crt' } },
        {
          downwardAPI: {
            items: [{ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' }],
          },
        },
      ],
    },
  };
}

/** The plugin DefaultTolerationSeconds: five minutes on a node that is gone. */
export function admitTolerations({ spec }: Pod): void {
  if (!spec) return;
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const met = (spec.tolerations ?? []).some(
      (toleration) =>
        (toleration.key === key || !toleration.key) && (toleration.effect === 'NoExecute' || !toleration.effect),
    );
    if (met) continue;
    const toleration = { effect: 'NoExecute', key, operator: 'Exists', tolerationSeconds: 300 } as const;
    spec.tolerations = [...(spec.tolerations ?? []), toleration];
  }
}

const systemPriorities: Record<string, number> = {
  'system-node-critical': 2000001000,
  'system-cluster-critical': 2000000000,
};

/** The plugin Priority: the class by name, as a number. */
export function admitPriority(pod: Pod, store: Store): void {
  const { spec } = pod;
  if (!spec) return;
  const name = spec.priorityClassName;
  const found = name ? store.get('scheduling.k8s.io/priorityclasses', undefined, name) : undefined;
  const value = name ? ((found?.value as number | undefined) ?? systemPriorities[name]) : 0;
  if (value === undefined) throw forbidden(pods, podName(pod), `no PriorityClass with name ${name} was found`);
  spec.priority = value;
  spec.preemptionPolicy ||= ((found?.preemptionPolicy as string | undefined) ?? 'PreemptLowerPriority') as NonNullable<
    typeof spec.preemptionPolicy
  >;
}
