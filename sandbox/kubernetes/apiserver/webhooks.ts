import type { JsonObject } from '../../kernel/json.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { decode } from '../../kernel/streams.ts';
import { decodeBase64 } from '../base64.ts';
import type { LabelSelector } from '../columns.ts';
import { isObject } from '../json.ts';
import type { KubernetesObject } from '../objects.ts';
import { matchesSelector } from '../selector.ts';
import { evaluate } from '../validation/cel/evaluate.ts';
import { CelSyntaxError, parseCel } from '../validation/cel/parse.ts';
import { toCel } from '../validation/cel/rules.ts';
import { CelError } from '../validation/cel/values.ts';
import type { Attempt } from './admission.ts';
import type { WebhookBackend } from './backends.ts';
import { ApiError, internalError } from './errors.ts';
import { applyJsonPatch } from './patch/json-patch.ts';
import { inVersion, type Served } from './served.ts';
import type { Store } from './store.ts';

interface Rule {
  operations?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  scope?: string;
}

interface Webhook {
  name: string;
  clientConfig: { url?: string; service?: { namespace: string; name: string; path?: string; port?: number } };
  rules?: Rule[];
  failurePolicy?: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  matchConditions?: { name: string; expression: string }[];
}

interface Review {
  allowed?: boolean;
  patch?: string;
  patchType?: string;
  status?: { message?: string; reason?: string; code?: number };
  warnings?: string[];
}

/** Admission webhooks as their configurations in the store say (k8s.io/apiserver/pkg/admission/plugin/webhook). */
export class Webhooks {
  readonly #store: Store;
  readonly #kernel: Kernel;
  readonly #backend: () => WebhookBackend | undefined;

  constructor(store: Store, kernel: Kernel, backend: () => WebhookBackend | undefined) {
    this.#store = store;
    this.#kernel = kernel;
    this.#backend = backend;
  }

  /** Each mutating webhook in turn; the answer is the object as the last one left it. */
  mutate(attempt: Attempt): KubernetesObject {
    let { object } = attempt;
    for (const webhook of this.#matching('mutatingwebhookconfigurations', attempt)) {
      const review = this.#ask(webhook, { ...attempt, object });
      if (review?.patch) object = this.#patched(webhook, review.patch, object);
    }
    return object;
  }

  validate(attempt: Attempt): void {
    for (const webhook of this.#matching('validatingwebhookconfigurations', attempt)) this.#ask(webhook, attempt);
  }

  #matching(table: string, attempt: Attempt): Webhook[] {
    // Configurations themselves are never asked about: a broken webhook could not be mended.
    if (attempt.served.kind.group === 'admissionregistration.k8s.io') return [];
    const configurations = this.#store.list(`admissionregistration.k8s.io/${table}`);
    const webhooks = configurations.flatMap((configuration) => (configuration.webhooks ?? []) as Webhook[]);
    return webhooks.filter((webhook) => this.#matches(webhook, attempt));
  }

  #matches(webhook: Webhook, attempt: Attempt): boolean {
    const { object, old, served } = attempt;
    if (!(webhook.rules ?? []).some((rule) => ruleMatches(rule, attempt))) return false;
    const namespace = served.kind.kind === 'Namespace' ? object : this.#namespaceOf(object);
    if (namespace && !matchesSelector(webhook.namespaceSelector ?? {}, namespace.metadata.labels)) return false;
    const selector = webhook.objectSelector ?? {};
    const fits = [object, old].some((candidate) => candidate && matchesSelector(selector, candidate.metadata.labels));
    return fits && this.#conditionsHold(webhook, attempt);
  }

  #namespaceOf({ metadata }: KubernetesObject): KubernetesObject | undefined {
    return metadata.namespace ? this.#store.get('/namespaces', undefined, metadata.namespace) : undefined;
  }

  #conditionsHold(webhook: Webhook, attempt: Attempt): boolean {
    for (const { name, expression } of webhook.matchConditions ?? []) {
      try {
        const scope = {
          object: toCel(attempt.operation === 'DELETE' ? null : attempt.object),
          oldObject: toCel(attempt.old ?? null),
          request: toCel(requestOf(attempt, '')),
        };
        if (evaluate(parseCel(expression), scope) !== true) return false;
      } catch (error) {
        if (!(error instanceof CelError || error instanceof CelSyntaxError)) throw error;
        if (webhook.failurePolicy === 'Ignore') return false;
        throw webhookForbidden(
          attempt,
          `match condition "${name}" of webhook "${webhook.name}" failed: ${error.message}`,
        );
      }
    }
    return true;
  }

  /** Calls a webhook and throws what it refuses; undefined if it failed and failures are ignored. */
  #ask(webhook: Webhook, attempt: Attempt): Review | undefined {
    const uid = this.#kernel.random.uuid();
    const answer = this.#call(webhook, {
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: requestOf(attempt, uid) as JsonObject,
    });
    if ('error' in answer) {
      if (webhook.failurePolicy === 'Ignore') return undefined;
      throw internalError(`failed calling webhook "${webhook.name}": ${answer.error}`);
    }
    const review = (isObject(answer.response.response) ? answer.response.response : answer.response) as Review;
    for (const sentence of review.warnings ?? []) attempt.caller.warn(sentence);
    if (review.allowed) return review;
    throw denied(webhook.name, review);
  }

  #call(webhook: Webhook, review: JsonObject): ReturnType<WebhookBackend['call']> {
    const { service, url } = webhook.clientConfig;
    if (!service) return { error: `failed to call webhook: Post "${url}": no such host` };
    const { namespace, name, path = '/', port = 443 } = service;
    const answer = this.#backend()?.call({ namespace, service: name, path, port }, review) ?? {
      error: `Post "https://${name}.${namespace}.svc:${port}${path}": no endpoints available for service "${name}"`,
    };
    return 'error' in answer ? { error: `failed to call webhook: ${answer.error}` } : answer;
  }

  #patched(webhook: Webhook, patch: string, object: KubernetesObject): KubernetesObject {
    const bytes = decodeBase64(patch);
    const text = 'wrongAt' in bytes ? patch : decode(bytes);
    try {
      return applyJsonPatch(object, JSON.parse(text)) as KubernetesObject;
    } catch (error) {
      throw internalError(
        `webhook "${webhook.name}" answered a patch that does not apply: ${(error as Error).message}`,
      );
    }
  }
}

function ruleMatches(rule: Rule, { operation, served, part }: Attempt): boolean {
  const has = (list: string[] | undefined, value: string) =>
    (list ?? []).some((item) => item === '*' || item === value);
  const { kind } = served;
  const resource = part === '' ? kind.plural : `${kind.plural}/${part}`;
  const resources = rule.resources ?? [];
  const named =
    resources.includes(resource) ||
    resources.includes('*/*') ||
    (part === '' && resources.includes('*')) ||
    (part !== '' && (resources.includes(`${kind.plural}/*`) || resources.includes(`*/${part}`)));
  const scope = rule.scope ?? '*';
  return (
    named &&
    has(rule.operations, operation) &&
    has(rule.apiGroups, kind.group) &&
    // matchPolicy Equivalent: any version of the kind will do
    kind.versions.some((version) => has(rule.apiVersions, version.name)) &&
    (scope === '*' || (scope === 'Namespaced') === kind.namespaced)
  );
}

function requestOf({ operation, served, part, object, old, caller }: Attempt, uid: string): Record<string, unknown> {
  const { group, kind, plural } = served.kind;
  const version = served.version.name;
  const seen = (stored: KubernetesObject | undefined) => (stored ? inRequestVersion(served, stored) : null);
  return {
    uid,
    kind: { group, version, kind },
    resource: { group, version, resource: plural },
    ...(part !== '' && { subResource: part }),
    requestKind: { group, version, kind },
    requestResource: { group, version, resource: plural },
    ...(object.metadata.name && { name: object.metadata.name }),
    ...(object.metadata.namespace && { namespace: object.metadata.namespace }),
    operation,
    userInfo: { username: caller.user, groups: ['system:authenticated'] },
    object: operation === 'DELETE' ? null : seen(object),
    oldObject: seen(old),
    dryRun: caller.dryRun,
    options: null,
  };
}

function inRequestVersion(served: Served, object: KubernetesObject): KubernetesObject {
  return object.apiVersion === served.apiVersion ? object : { ...inVersion(served, object) };
}

/** A webhook's refusal: its own code and reason stand; a reason it does not give is none (webhook/errors/statuserror.go). */
function denied(name: string, { status }: Review): ApiError {
  const head = `admission webhook "${name}" denied the request`;
  const { message, reason, code } = status ?? {};
  const text = message ? `${head}: ${message}` : reason ? `${head}: ${reason}` : `${head} without explanation`;
  return new ApiError(code !== undefined && code >= 400 && code < 600 ? code : 400, reason ?? '', text);
}

function webhookForbidden({ served, object }: Attempt, why: string): ApiError {
  const { group, plural } = served.kind;
  const resource = group ? `${plural}.${group}` : plural;
  return new ApiError(403, 'Forbidden', `${resource} "${object.metadata.name ?? ''}" is forbidden: ${why}`);
}
