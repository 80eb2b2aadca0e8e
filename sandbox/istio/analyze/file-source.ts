import { Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { typeProblem } from '../validate/decode.ts';
import { isRecord, recordOf, textOf } from '../validate/spec.ts';
import { ignoredNamespaces, type Kind, type KindName, kindNameOf, kinds } from './kinds.ts';
import { type Resource, toResource } from './resource.ts';

/** What a file holds: the resources that analyzers know, and what could not be read, in upstream's words. */
export interface FileContent {
  resources: [kind: KindName, resource: Resource][];
  problems: string[];
}

export interface ReadOptions {
  /** For objects that say none. */
  namespace: string;
  /** Read also kinds that a running cluster has, such as Pod. */
  runtime?: boolean;
  /** What go-yaml says of a document that is no YAML, without `yaml: `. */
  syntaxProblem?(text: string): string | undefined;
}

interface Chunk {
  text: string;
  /** Of its first line, from 1. */
  line: number;
}

/**
 * Reads the documents of a YAML or JSON file with their lines (upstream pilot/pkg/config/file). Kinds that no analyzer knows are
 * passed over.
 */
export function readFileContent(file: string, text: string, options: ReadOptions): FileContent {
  const content: FileContent = { resources: [], problems: [] };
  for (const [index, chunk] of chunksOf(text).entries()) {
    try {
      readChunk(file, chunk, options, content.resources);
    } catch (error) {
      if (!(error instanceof ChunkError)) throw error;
      content.problems.push(`error processing ${file}[${index}]: ${error.message}`);
    }
  }
  return content;
}

class ChunkError extends Error {
  override name = 'ChunkError';
}

/**
 * Documents between lines of `---`. One begins at its first line that is not empty; a `---` before any other line is part of the
 * text, so that lines inside such a document count one more, as upstream counts them.
 */
function chunksOf(text: string): Chunk[] {
  const chunks: Chunk[] = [];
  let [start, found]: [number, string[]] = [0, []];
  const end = () => {
    if (found.length > 0) chunks.push({ text: found.join('\n').trim(), line: start });
    [start, found] = [0, []];
  };
  for (const [index, whole] of text.split('\n').entries()) {
    const line = whole.replace(/\r$/, '');
    if (start === 0 && line !== '' && line !== '---') start = index + 1;
    if (line.startsWith('---') && line.slice(3).trim() === '' && found.length > 0) end();
    else found.push(line);
  }
  end();
  return chunks;
}

function readChunk(file: string, { text, line }: Chunk, options: ReadOptions, found: [KindName, Resource][]): void {
  if (text === '') return;
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: 'silent' });
  const problem = options.syntaxProblem?.(text) ?? document.errors[0]?.message;
  if (problem !== undefined) throw new ChunkError(`failed converting YAML to JSON: yaml: ${problem}`);
  const object: unknown = document.toJS({ maxAliasCount: 1000 });
  if (object === null || object === undefined) return;
  if (!isRecord(object) || !isMap(document.contents)) {
    const type = Array.isArray(object) ? 'array' : typeof object;
    throw new ChunkError(
      "failed interpreting jsonChunk: couldn't get version/kind; json parse error: json: cannot unmarshal " +
        `${type} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  }
  const [apiVersion, kind] = [textOf(object.apiVersion), textOf(object.kind)];
  if (kind === 'List') {
    for (const item of itemsOf(document.contents)) {
      const at = counter.linePos(item.range?.[0] ?? 0).line;
      readChunk(file, { text: print(item), line: at + line }, options, found);
    }
    return;
  }
  if (apiVersion === '' && kind === '') {
    throw new ChunkError('unable to parse resource with no group, version and kind');
  }
  const name = kindNameOf(apiVersion, kind);
  if (!name) return;
  const known: Kind = kinds[name];
  if (known.runtime && !options.runtime) return;
  const wrong = typeProblem(object);
  if (wrong !== undefined) throw new ChunkError(`failed parsing JSON for built-in type: ${wrong}`);
  const own = textOf(recordOf(object.metadata).namespace) || options.namespace;
  const resource = toResource(name, object, known.clusterScoped ? '' : own);
  if (ignoredNamespaces.includes(name === 'Namespace' ? resource.name : resource.namespace)) return;
  resource.position = { file, line };
  resource.lines = fieldLines(document.contents, counter, line);
  found.push([name, resource]);
}

function itemsOf(list: YAMLMap): YAMLMap[] {
  const items = list.get('items', true) as unknown;
  if (!isSeq(items) || !items.items.every((item) => isMap(item))) {
    throw new ChunkError(
      'failed extracting resource chunks from list yaml chunk: failed parsing yamlChunk: malformed items field',
    );
  }
  return items.items as YAMLMap[];
}

/** An item of a list as a text of its own: upstream counts the lines of this text. */
function print(item: YAMLMap): string {
  return new Document(item).toString({ lineWidth: 0 }).trim();
}

/** The line of every scalar by its path: `.spec.servers[0].port.number`. */
function fieldLines(root: Node, counter: LineCounter, start: number): Map<string, number> {
  const lines = new Map<string, number>();
  const lineOf = (node: Node) => counter.linePos(node.range?.[0] ?? 0).line + start - 1;
  const walk = (node: unknown, path: string) => {
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      const at = `${path}.${isScalar(key) ? String(key.value) : ''}`;
      if (isScalar(value)) lines.set(at, lineOf(value));
      else if (isMap(value)) walk(value, at);
      else if (isSeq(value)) {
        for (const [index, item] of value.items.entries()) {
          if (isScalar(item)) lines.set(`${at}[${index}]`, lineOf(item));
          else walk(item, `${at}[${index}]`);
        }
      }
    }
  };
  walk(root, '');
  return lines;
}
