import { printYaml } from '../../../sandbox/kernel/yaml-print.ts';
import type { Schema } from '../../../sandbox/kubernetes/schema.ts';
import { addLimits } from './limits.ts';
import { definitionName } from './roots.ts';
import { readTypes } from './types.ts';

/** The release whose standard channel is written: the one that Istio 1.30 is built with. */
const bundle = 'v1.5.1';
const group = 'gateway.networking.k8s.io';

type Column = [name: string, jsonPath: string, type: string, priority?: number];
type Fact = [says: Schema, ...paths: string[]];

interface GatewayKind {
  kind: string;
  plural: string;
  shortNames?: string[];
  scope?: 'Cluster';
  labels?: Record<string, string>;
  /** Beside the one of which the schema is; all have the same. */
  versions: { name: string; served?: false; storage?: true; deprecated?: true }[];
  columns: Column[];
  status?: false;
  facts?: Fact[];
}

const age: Column = ['Age', '.metadata.creationTimestamp', 'date'];
const hostnames: Column = ['Hostnames', '.spec.hostnames', 'string'];
const condition = (type: string): Column => [type, `.status.conditions[?(@.type=="${type}")].status`, 'string'];

/** What the types do not say: defaults, and which lists are maps. */
const routeFacts: Fact[] = [
  [{ default: group }, 'spec.parentRefs[].group', 'status.parents[].parentRef.group'],
  [{ default: 'Gateway' }, 'spec.parentRefs[].kind', 'status.parents[].parentRef.kind'],
  [byKey('type'), 'status.parents[].conditions'],
];

function byKey(...keys: string[]): Schema {
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys };
}

function backendFacts(...lists: string[]): Fact[] {
  return lists.flatMap((list): Fact[] => [
    [{ default: '' }, `${list}.group`],
    [{ default: 'Service' }, `${list}.kind`],
    ...(list.endsWith('[]') ? [[{ default: 1 }, `${list}.weight`] as Fact] : []),
  ]);
}

const filters = ['spec.rules[].filters[]', 'spec.rules[].backendRefs[].filters[]'];
const backends = ['spec.rules[].backendRefs[]', ...filters.map((filter) => `${filter}.requestMirror.backendRef`)];
const headerModifiers = ['requestHeaderModifier', 'responseHeaderModifier'];

/** Kinds of filters, and what a header may hold. */
function filterFacts(...types: string[]): Fact[] {
  const values = filters.flatMap((filter) =>
    headerModifiers.flatMap((modifier) => ['set', 'add'].map((list) => `${filter}.${modifier}.${list}[].value`)),
  );
  return [
    [{ enum: types }, ...filters.map((filter) => `${filter}.type`)],
    [{ pattern: '^[!-~]+([\\t ]?[!-~]+)*$' }, ...values],
    [{ default: 100 }, ...filters.map((filter) => `${filter}.requestMirror.fraction.denominator`)],
  ];
}

/** Of the listeners of a Gateway or a ListenerSet. */
const listenerFacts: Fact[] = [
  [byKey('name'), 'spec.listeners', 'status.listeners'],
  [{ default: { namespaces: { from: 'Same' } } }, 'spec.listeners[].allowedRoutes'],
  [{ default: { from: 'Same' } }, 'spec.listeners[].allowedRoutes.namespaces'],
  [{ default: 'Same', enum: ['All', 'Selector', 'Same'] }, 'spec.listeners[].allowedRoutes.namespaces.from'],
  [{ default: group }, 'spec.listeners[].allowedRoutes.kinds[].group', 'status.listeners[].supportedKinds[].group'],
  [{ default: 'Terminate' }, 'spec.listeners[].tls.mode'],
  [{ default: '' }, 'spec.listeners[].tls.certificateRefs[].group'],
  [{ default: 'Secret' }, 'spec.listeners[].tls.certificateRefs[].kind'],
];

const pathMatch = { type: 'PathPrefix', value: '/' };

const httpFacts: Fact[] = [
  ...routeFacts,
  ...backendFacts(...backends),
  [{ default: [{ matches: [{ path: pathMatch }] }] }, 'spec.rules'],
  [{ default: [{ path: pathMatch }] }, 'spec.rules[].matches'],
  [{ default: pathMatch }, 'spec.rules[].matches[].path'],
  [{ default: 'PathPrefix' }, 'spec.rules[].matches[].path.type'],
  [{ default: '/' }, 'spec.rules[].matches[].path.value'],
  [{ default: 'Exact' }, 'spec.rules[].matches[].headers[].type', 'spec.rules[].matches[].queryParams[].type'],
  [byKey('name'), 'spec.rules[].matches[].headers', 'spec.rules[].matches[].queryParams'],
  ...filterFacts(
    'RequestHeaderModifier',
    'ResponseHeaderModifier',
    'RequestMirror',
    'RequestRedirect',
    'URLRewrite',
    'ExtensionRef',
    'CORS',
  ),
  [{ pattern: '^[!-~]+([\\t ]?[!-~]+)*$' }, 'spec.rules[].matches[].headers[].value'],
  ...filters.flatMap((filter): Fact[] => [
    [{ default: 302 }, `${filter}.requestRedirect.statusCode`],
    [{ default: 5 }, `${filter}.cors.maxAge`],
    [
      { enum: ['ReplaceFullPath', 'ReplacePrefixMatch'] },
      `${filter}.requestRedirect.path.type`,
      `${filter}.urlRewrite.path.type`,
    ],
  ]),
];

const kinds: GatewayKind[] = [
  {
    kind: 'BackendTLSPolicy',
    plural: 'backendtlspolicies',
    shortNames: ['btlspolicy'],
    labels: { 'gateway.networking.k8s.io/policy': 'Direct' },
    versions: [{ name: 'v1', storage: true }],
    columns: [age],
  },
  {
    kind: 'GatewayClass',
    plural: 'gatewayclasses',
    shortNames: ['gc'],
    scope: 'Cluster',
    versions: [{ name: 'v1', storage: true }, { name: 'v1beta1' }],
    columns: [
      ['Controller', '.spec.controllerName', 'string'],
      condition('Accepted'),
      age,
      ['Description', '.spec.description', 'string', 1],
    ],
    facts: [
      [byKey('type'), 'status.conditions'],
      [byKey('name'), 'status.supportedFeatures'],
    ],
  },
  {
    kind: 'Gateway',
    plural: 'gateways',
    shortNames: ['gtw'],
    versions: [{ name: 'v1', storage: true }, { name: 'v1beta1' }],
    columns: [
      ['Class', '.spec.gatewayClassName', 'string'],
      ['Address', '.status.addresses[*].value', 'string'],
      condition('Programmed'),
      age,
    ],
    facts: [
      ...listenerFacts,
      [byKey('type'), 'status.conditions', 'status.listeners[].conditions'],
      [{ default: 'IPAddress' }, 'spec.addresses[].type', 'status.addresses[].type'],
      [{ default: { from: 'None' } }, 'spec.allowedListeners.namespaces'],
      [{ default: 'None', enum: ['All', 'Selector', 'Same', 'None'] }, 'spec.allowedListeners.namespaces.from'],
    ],
  },
  {
    kind: 'GRPCRoute',
    plural: 'grpcroutes',
    versions: [{ name: 'v1', storage: true }],
    columns: [hostnames, age],
    facts: [
      ...routeFacts,
      ...backendFacts(...backends),
      ...filterFacts('ResponseHeaderModifier', 'RequestHeaderModifier', 'RequestMirror', 'ExtensionRef'),
      [{ default: 'Exact' }, 'spec.rules[].matches[].headers[].type', 'spec.rules[].matches[].method.type'],
    ],
  },
  {
    kind: 'HTTPRoute',
    plural: 'httproutes',
    versions: [{ name: 'v1', storage: true }, { name: 'v1beta1' }],
    columns: [hostnames, age],
    facts: httpFacts,
  },
  {
    kind: 'ListenerSet',
    plural: 'listenersets',
    shortNames: ['lset'],
    versions: [{ name: 'v1', storage: true }],
    columns: [condition('Accepted'), condition('Programmed'), age],
    facts: [
      ...listenerFacts,
      [{ default: group }, 'spec.parentRef.group'],
      [{ default: 'Gateway' }, 'spec.parentRef.kind'],
    ],
  },
  {
    kind: 'ReferenceGrant',
    plural: 'referencegrants',
    shortNames: ['refgrant'],
    versions: [{ name: 'v1' }, { name: 'v1beta1', storage: true }],
    columns: [age],
    status: false,
  },
  {
    kind: 'TLSRoute',
    plural: 'tlsroutes',
    versions: [
      { name: 'v1', storage: true },
      { name: 'v1alpha2', served: false, deprecated: true },
    ],
    columns: [age],
    facts: [...routeFacts, ...backendFacts('spec.rules[].backendRefs[]')],
  },
];

/** The manifest of the standard channel's CustomResourceDefinitions, as a JSON text. */
export async function gatewayApiManifest(): Promise<string> {
  const documents: string[] = [];
  for (const kind of kinds) documents.push(printYaml(definition(kind, await schemaOf(kind))));
  return `${JSON.stringify(documents.join('---\n'))}\n`;
}

async function schemaOf({ kind, facts = [] }: GatewayKind): Promise<Schema> {
  const module = `@kubernetes-models/gateway-api/${group}/v1/${kind}`;
  const types = readTypes([module]);
  const inline = (schema: Schema): Schema => {
    const { $ref, description: _, ...own } = schema;
    if ($ref !== undefined) return inline(types.get($ref)?.schema as Schema);
    const members = Object.entries(own.properties ?? {}).filter(([name]) => name !== 'metadata');
    const properties = members.filter(([, part]) => !part.description?.includes('<gateway:experimental>'));
    return {
      ...own,
      ...(own.properties && { properties: Object.fromEntries(properties.map(([name, part]) => [name, inline(part)])) }),
      ...(own.items && { items: inline(own.items) }),
      ...(typeof own.additionalProperties === 'object' && { additionalProperties: inline(own.additionalProperties) }),
    };
  };
  const schema = inline(types.get(definitionName(module))?.schema as Schema);
  await addLimits(module, schema, true);
  tidy(schema);
  for (const field of ['apiVersion', 'kind']) (schema.properties as Record<string, Schema>)[field] = { type: 'string' };
  (schema.properties as Record<string, Schema>).metadata = { type: 'object' };
  schema.required = (schema.required ?? []).filter((name) => name === 'spec');
  if (schema.required.length === 0) delete schema.required;
  for (const [says, ...paths] of facts) for (const path of paths) Object.assign(place(schema, path, kind), says);
  return schema;
}

/** Formats and empty lists that a CustomResourceDefinition does without; what is required must be a member. */
function tidy(schema: Schema): void {
  const { properties } = schema;
  if (schema.required) {
    schema.required = schema.required.filter((name) => properties?.[name]).sort();
    if (schema.required.length === 0) delete schema.required;
  }
  if (schema.enum?.length === 0) delete schema.enum;
  for (const part of Object.values(properties ?? {})) tidy(part);
  if (schema.items) tidy(schema.items);
  if (typeof schema.additionalProperties === 'object') tidy(schema.additionalProperties);
}

function place(schema: Schema, path: string, kind: string): Schema {
  let node: Schema | undefined = schema;
  for (const step of path.split(/\.|(?=\[\])/)) node = step === '[]' ? node?.items : node?.properties?.[step];
  if (!node) throw new Error(`${kind}: no field ${path}`);
  return node;
}

function definition(of: GatewayKind, schema: Schema): Record<string, unknown> {
  const { kind, plural, shortNames, labels, columns } = of;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      annotations: {
        'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api/pull/4530',
        [`${group}/bundle-version`]: bundle,
        [`${group}/channel`]: 'standard',
      },
      ...(labels && { labels }),
      name: `${plural}.${group}`,
    },
    spec: {
      group,
      names: {
        categories: ['gateway-api'],
        kind,
        listKind: `${kind}List`,
        plural,
        ...(shortNames && { shortNames }),
        singular: kind.toLowerCase(),
      },
      scope: of.scope ?? 'Namespaced',
      versions: of.versions.map(({ name, served, storage, deprecated }) => ({
        additionalPrinterColumns: columns.map(([name, jsonPath, type, priority]) => ({
          jsonPath,
          name,
          ...(priority && { priority }),
          type,
        })),
        ...(deprecated && {
          deprecated,
          deprecationWarning: `The ${name} version of ${kind} has been deprecated and will be removed in a future release of the API. Please upgrade to v1.`,
        }),
        name,
        schema: { openAPIV3Schema: schema },
        served: served ?? true,
        storage: storage ?? false,
        subresources: of.status === false ? {} : { status: {} },
      })),
    },
  };
}
