import { specFindings, validatedKinds } from '../../validate/validate.ts';
import type { KindName } from '../kinds.ts';
import type { Analyzer, Context, Resource } from '../resource.ts';

/** Validation of each of Istio's kinds, as its webhook does it (upstream schema/validation.go). */
export const schemaAnalyzers: readonly Analyzer[] = (validatedKinds as KindName[]).map((kind) => ({
  name: `schema.ValidationAnalyzer.${kind}`,
  description: `Runs schema validation as an analyzer on '${kind}' resources`,
  inputs: [kind],
  analyze(context) {
    for (const resource of context.all(kind)) validate(resource, context);
  },
}));

function validate(resource: Resource, context: Context): void {
  const { kind, name, namespace, spec } = resource;
  const { errors, warnings } = specFindings({
    apiVersion: `${kind.group}/${kind.version}`,
    kind: kind.kind,
    metadata: { name, namespace },
    spec,
  });
  for (const error of errors) context.report('SchemaValidationError', resource, error);
  for (const warning of warnings) reportWarning(warning, resource, context);
}

/** Some warnings have messages of their own. */
function reportWarning(warning: string, resource: Resource, context: Context): void {
  const unreachable = /^virtualService rule (.*) not used \(([^()]*)\)$/s.exec(warning);
  const match =
    /^virtualService rule (.*?) match (.*) is not used \(duplicate\/overlapping match in rule (.*)\)$/s.exec(warning);
  const parts = (found: RegExpExecArray) => found.slice(1);
  if (match) context.report('VirtualServiceIneffectiveMatch', resource, ...parts(match));
  else if (unreachable) context.report('VirtualServiceUnreachableRule', resource, ...parts(unreachable));
  else context.report('SchemaWarning', resource, warning);
}
