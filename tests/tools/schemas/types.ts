import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import type { Schema } from '../../../sandbox/kubernetes/schema.ts';
import { definitionName } from './roots.ts';

const require = createRequire(import.meta.url);

/** Definitions that are more (or less) than their TypeScript type says. */
const special: Record<string, Schema> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string', format: 'quantity' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': { type: 'string', format: 'date-time' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': { type: 'string', format: 'date-time' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { 'x-kubernetes-int-or-string': true },
};
const anyValue = /\.(JSON|JSONSchemaPropsOr[A-Za-z]+)$/;

export interface Definition {
  /** Module of the package: `kubernetes-models/v1/Pod`. */
  module: string;
  schema: Schema;
}

function folderOf(module: string): string {
  const name = module.startsWith('@') ? module.split('/').slice(0, 2).join('/') : (module.split('/')[0] as string);
  return join(dirname(require.resolve(`${name}/package.json`)), module.slice(name.length));
}

/** Reads the types of the roots and of what they refer to. */
export function readTypes(roots: readonly string[]): Map<string, Definition> {
  const definitions = new Map<string, Definition>();
  const queue = [...roots];
  for (let module = queue.pop(); module; module = queue.pop()) {
    const name = definitionName(module);
    if (definitions.has(name)) continue;
    const reader = new Reader(module, (target) => queue.push(target));
    definitions.set(name, { module, schema: special[name] ?? reader.read() });
  }
  return new Map([...definitions].sort(([a], [b]) => (a < b ? -1 : 1)));
}

class Reader {
  readonly #module: string;
  readonly #refer: (module: string) => void;
  readonly #imports = new Map<string, string>();
  readonly #source: ts.SourceFile;

  constructor(module: string, refer: (module: string) => void) {
    this.#module = module;
    this.#refer = refer;
    const text = readFileSync(`${folderOf(module)}.d.ts`, 'utf8');
    this.#source = ts.createSourceFile(`${module}.d.ts`, text, ts.ScriptTarget.Latest, true);
  }

  read(): Schema {
    for (const statement of this.#source.statements) {
      if (!ts.isImportDeclaration(statement)) continue;
      const bindings = statement.importClause?.namedBindings;
      if (!bindings || !ts.isNamedImports(bindings)) continue;
      const from = (statement.moduleSpecifier as ts.StringLiteral).text.replace(/\.js$/, '');
      const target = from.startsWith('.') ? resolve(`/${dirname(this.#module)}`, from).slice(1) : from;
      for (const { name } of bindings.elements) this.#imports.set(name.text, target);
    }
    const own = `I${this.#module.split('/').pop()}`;
    for (const statement of this.#source.statements) {
      if (ts.isInterfaceDeclaration(statement) && statement.name.text === own) {
        if (anyValue.test(definitionName(this.#module))) return { 'x-kubernetes-preserve-unknown-fields': true };
        return described(statement, this.#inherited(statement, this.#members(statement.members)));
      }
      if (ts.isTypeAliasDeclaration(statement) && statement.name.text === own) {
        return described(statement, this.#type(statement.type));
      }
    }
    throw new Error(`${this.#module}: no ${own}`);
  }

  /** With the members of the interfaces it extends. */
  #inherited(statement: ts.InterfaceDeclaration, own: Schema): Schema {
    let { properties, required } = own;
    for (const { expression } of (statement.heritageClauses ?? []).flatMap(({ types }) => [...types])) {
      const module = this.#imports.get(expression.getText(this.#source));
      if (!module || module.startsWith('@kubernetes-models/base')) continue;
      const base = new Reader(module, this.#refer).read();
      properties = { ...base.properties, ...properties };
      if (base.required) required = [...base.required, ...(required ?? [])];
    }
    return { ...own, ...(properties && { properties }), ...(required && { required }) };
  }

  #members(members: ts.NodeArray<ts.TypeElement>): Schema {
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    for (const member of members) {
      if (ts.isIndexSignatureDeclaration(member))
        return { type: 'object', additionalProperties: this.#type(member.type) };
      if (!ts.isPropertySignature(member) || !member.type) throw this.#strange(member);
      const name = (member.name as ts.StringLiteral).text;
      properties[name] = described(member, this.#type(member.type));
      if (!member.questionToken) required.push(name);
    }
    if (Object.keys(properties).length === 0) return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    return { type: 'object', properties, ...(required.length > 0 && { required }) };
  }

  #type(type: ts.TypeNode): Schema {
    if (ts.isParenthesizedTypeNode(type)) return this.#type(type.type);
    if (ts.isTypeLiteralNode(type)) return this.#members(type.members);
    if (ts.isIntersectionTypeNode(type)) return this.#type(type.types[0] as ts.TypeNode);
    if (ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal)) return { type: 'string' };
    if (ts.isArrayTypeNode(type)) return { type: 'array', items: this.#type(type.elementType) };
    if (ts.isUnionTypeNode(type)) return this.#union(type);
    if (ts.isTypeReferenceNode(type)) return this.#reference(type);
    switch (type.kind) {
      case ts.SyntaxKind.StringKeyword:
        return { type: 'string' };
      case ts.SyntaxKind.NumberKeyword:
        return { type: 'number' };
      case ts.SyntaxKind.BooleanKeyword:
        return { type: 'boolean' };
    }
    throw this.#strange(type);
  }

  #union(type: ts.UnionTypeNode): Schema {
    const kinds = new Set(type.types.map((part) => part.kind));
    if (type.types.every((part) => ts.isLiteralTypeNode(part) && ts.isStringLiteral(part.literal))) {
      return { type: 'string', enum: [] }; // the validator tells the values in their order
    }
    if (type.types.every((part) => ts.isLiteralTypeNode(part) && ts.isNumericLiteral(part.literal))) {
      return { type: 'number', enum: [] };
    }
    if (kinds.has(ts.SyntaxKind.StringKeyword) && kinds.has(ts.SyntaxKind.NumberKeyword) && kinds.size === 2) {
      return { 'x-kubernetes-int-or-string': true };
    }
    return this.#type(type.types[0] as ts.TypeNode);
  }

  #reference(type: ts.TypeReferenceNode): Schema {
    const name = (type.typeName as ts.Identifier).text;
    const argument = type.typeArguments?.[0];
    if (name === 'Array' && argument) return { type: 'array', items: this.#type(argument) };
    if (name === 'Exclude' && argument) return this.#type(argument);
    const module = this.#imports.get(name) ?? (name === `I${this.#module.split('/').pop()}` ? this.#module : undefined);
    if (!module) throw this.#strange(type);
    this.#refer(module);
    return { $ref: definitionName(module) };
  }

  #strange(node: ts.Node): Error {
    return new Error(`${this.#module}: cannot read ${node.getText(this.#source).slice(0, 200)}`);
  }
}

/** The schema with the comment above a declaration as its description. */
function described(node: ts.Node, schema: Schema): Schema {
  const [comment] = ts.getJSDocCommentsAndTags(node);
  const text = comment && ts.isJSDoc(comment) ? ts.getTextOfJSDocComment(comment.comment) : undefined;
  return text ? { ...schema, description: text.replaceAll('\\*', '*') } : schema;
}
