import { analyzers } from './analyzers/index.ts';
import { friendlyName, type Message, sortedMessages } from './messages.ts';
import { type Analyzer, Context, type MeshFacts, type Resource, type Snapshot } from './resource.ts';

/** A message code that is not wanted for objects whose name (`Pod default/web`) fits a pattern with `*`. */
export interface Suppression {
  code: string;
  resource: string;
}

export interface AnalysisOptions extends MeshFacts {
  /** Only findings about this namespace; '' for all. */
  namespace: string;
  suppressions?: readonly Suppression[];
  /** Names of analyzers; none of them known: all run. */
  only?: readonly string[];
}

export interface AnalysisResult {
  messages: Message[];
  executed: string[];
  /** Analyzers whose input is not known, such as Pods where only files are read. */
  skipped: string[];
}

/** Runs the analyzers over the objects (upstream local.IstiodAnalyzer). */
export function analyze(snapshot: Snapshot, options: AnalysisOptions): AnalysisResult {
  const wanted = analyzers.filter(({ name }) => options.only?.includes(name));
  const chosen = wanted.length > 0 ? wanted : analyzers;
  const runnable = ({ inputs }: Analyzer) => inputs.every((kind) => snapshot.has(kind));
  const context = new Context(snapshot, options);
  for (const analyzer of chosen) if (runnable(analyzer)) analyzer.analyze(context);
  return {
    messages: sortedMessages(context.messages.filter((message) => isWanted(message, options))),
    executed: chosen.map(({ name }) => name),
    skipped: chosen.filter((analyzer) => !runnable(analyzer)).map(({ name }) => name),
  };
}

function isWanted({ code, resource }: Message, { namespace, suppressions = [] }: AnalysisOptions): boolean {
  const own = namespaceOf(resource);
  if (namespace !== '' && own !== '' && own !== namespace) return false;
  const suppressed = resource.annotations['galley.istio.io/analyze-suppress'];
  if (suppressed?.split(',').some((each) => each === '*' || each === code)) return false;
  return !suppressions.some((each) => each.code === code && matches(each.resource, friendlyName(resource)));
}

/** A namespace is in itself. */
function namespaceOf({ kind, name, namespace }: Resource): string {
  return kind.kind === 'Namespace' ? name : namespace;
}

function matches(pattern: string, text: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`, 's').test(text);
}
