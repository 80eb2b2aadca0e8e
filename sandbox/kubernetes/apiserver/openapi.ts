import { type ByteReader, encode } from '../../kernel/streams.ts';
import { isObject } from '../json.ts';
import type { Kind } from '../kind.ts';
import type { Schema } from '../schema.ts';
import { definition } from '../schemas/index.ts';
import { noSuchPath } from './errors.ts';
import type { ApiRequest, ApiResponse } from './http.ts';
import { json } from './respond.ts';
import type { Served } from './served.ts';
import type { ApiServer } from './server.ts';

type Descriptions = Record<string, Record<string, string>>;

const prefix = '#/components/schemas/';
const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** `/openapi/v3` (an index, then one document a group and version). `/openapi/v2` is too old for today's clients. */
export function openApi(server: ApiServer, _request: ApiRequest, path: string): ApiResponse {
  if (path === '/openapi/v3') return json(200, { paths: index(server) });
  if (path === '/openapi/v2') {
    const info = { title: 'Kubernetes', version: server.version };
    return json(200, { swagger: '2.0', info, paths: {}, definitions: {} });
  }
  const [, group = '', version = ''] = /^\/openapi\/v3\/(?:api|apis\/([^/]+))\/([^/]+)$/.exec(path) ?? [];
  const members = server.kinds.all().filter(({ kind, version: { name } }) => kind.group === group && name === version);
  if (members.length === 0) throw noSuchPath();
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    stream: new Later(async () =>
      JSON.stringify(document(server, members, await server.kernel.hold(loadDescriptions()))),
    ),
  };
}

function index(server: ApiServer) {
  const paths: Record<string, { serverRelativeURL: string }> = {};
  for (const { kind, version } of server.kinds.all()) {
    const path = apiPath(kind, version.name);
    // Clients keep what they read under this hash: it changes with what is served.
    const hash = hashOf(kind.group, server.kinds.kinds.length);
    paths[path.slice(1)] = { serverRelativeURL: `/openapi/v3${path}?hash=${hash}` };
  }
  return paths;
}

function hashOf(group: string, count: number): string {
  let hash = (0x811c9dc5 ^ count) >>> 0;
  for (const letter of group) hash = Math.imul(hash ^ (letter.codePointAt(0) as number), 0x01000193) >>> 0;
  return hash.toString(16).toUpperCase().padStart(8, '0');
}

function apiPath({ group }: Kind, version: string): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** Texts of `kubectl explain`, loaded when somebody asks: they are several times as large as the schemas. */
async function loadDescriptions(): Promise<Descriptions> {
  const [kubernetes, istio] = await Promise.all([
    import('../schemas/kubernetes-descriptions.generated.json', { with: { type: 'json' } }),
    import('../schemas/istio-descriptions.generated.json', { with: { type: 'json' } }),
  ]);
  return { ...(kubernetes.default as Descriptions), ...(istio.default as Descriptions) };
}

function document(server: ApiServer, members: Served[], descriptions: Descriptions) {
  const schemas: Record<string, unknown> = {};
  const { apiVersion = '', kind: kindText = '' } = descriptions[typeTexts] ?? {};
  const metadata = descriptions['io.k8s.api.core.v1.Pod']?.metadata;
  const add = (name: string) => {
    if (schemas[name]) return;
    schemas[name] = {};
    schemas[name] = published(definition(name), { apiVersion, kind: kindText, ...descriptions[name] }, add);
  };
  for (const { kind, version } of members) {
    const gvk = [{ group: kind.group, kind: kind.kind, version: version.name }];
    if (typeof version.schema === 'string') {
      add(version.schema);
      schemas[version.schema] = { ...(schemas[version.schema] as object), 'x-kubernetes-group-version-kind': gvk };
    } else {
      const name = definitionNameOf(kind, version.name);
      const described = published(version.schema, descriptions[`${kind.group}.${kind.kind}`] ?? {}, add);
      add(objectMeta);
      const own = {
        apiVersion: { type: 'string', description: apiVersion },
        kind: { type: 'string', description: kindText },
        metadata: {
          ...(metadata && { description: metadata }),
          allOf: [{ $ref: `${prefix}${objectMeta}` }],
          default: {},
        },
      };
      const properties = { ...own, ...(described.properties as object) };
      schemas[name] = { ...described, type: 'object', properties, 'x-kubernetes-group-version-kind': gvk };
    }
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: server.version },
    paths: Object.assign({}, ...members.map(pathsOf)),
    components: { schemas },
  };
}

/** A definition whose texts for apiVersion and kind are those of every kind. */
const typeTexts = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions';

function definitionNameOf({ group, kind }: Kind, version: string): string {
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
}

/** What clients look for in the paths: which kinds may be patched how, and which parameters a patch knows. */
function pathsOf({ kind, version }: Served) {
  const scope = kind.namespaced ? '/namespaces/{namespace}' : '';
  const path = `${apiPath(kind, version.name)}${scope}/${kind.plural}/{name}`;
  const gvk = { group: kind.group, kind: kind.kind, version: version.name };
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
    name,
    in: 'query',
    schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
  }));
  const types = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json'];
  if (typeof version.schema === 'string') types.push('application/strategic-merge-patch+json');
  const content = Object.fromEntries(types.map((type) => [type, { schema: { type: 'object' } }]));
  const operation = { 'x-kubernetes-action': 'patch', 'x-kubernetes-group-version-kind': gvk, parameters };
  return { [path]: { patch: { ...operation, requestBody: { content }, responses: { 200: { description: 'OK' } } } } };
}

/** A schema as OpenAPI 3 has it: references under components, descriptions put back in their places. */
function published(
  schema: Schema,
  texts: Record<string, string>,
  add: (name: string) => void,
): Record<string, unknown> {
  const visit = (node: Schema, path: string): Record<string, unknown> => {
    const { $ref, properties, items, additionalProperties, ...rest } = node;
    const result: Record<string, unknown> = { ...rest };
    const text = texts[path] ?? node.description;
    if (text !== undefined) result.description = text;
    if ($ref !== undefined) {
      add($ref);
      result.allOf = [{ $ref: `${prefix}${$ref}` }];
      result.default ??= {};
    }
    if (properties) {
      const below = (key: string) => (path === '' ? key : `${path}.${key}`);
      result.properties = Object.fromEntries(
        Object.entries(properties).map(([key, part]) => [key, visit(part, below(key))]),
      );
    }
    if (items) result.items = visit(items, `${path}[]`);
    if (isObject(additionalProperties))
      result.additionalProperties = visit(additionalProperties as Schema, `${path}{}`);
    else if (additionalProperties !== undefined) result.additionalProperties = additionalProperties;
    return result;
  };
  return visit(schema, '');
}

/** A body that is made when it is read. */
class Later implements ByteReader {
  #make: (() => Promise<string>) | undefined;

  constructor(make: () => Promise<string>) {
    this.#make = make;
  }

  async read(): Promise<Uint8Array | null> {
    const make = this.#make;
    this.#make = undefined;
    return make ? encode(await make()) : null;
  }

  cancel(): void {
    this.#make = undefined;
  }
}
