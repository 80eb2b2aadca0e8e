import { annotationProblem } from '../../inject/annotations.ts';
import { annotationDefinitions, isIstioAnnotation } from '../annotation-definitions.ts';
import type { Analyzer, Context, Resource } from '../resource.ts';

/** Set by Istio itself. */
const ignored = ['sidecar.istio.io/status', 'gateway.istio.io/controller-version', 'istio.io/rev'];

const sidecarInject = 'sidecar.istio.io/inject';
const kinds = ['Namespace', 'Service', 'Pod', 'Deployment'] as const;

/** Unknown, deprecated, misplaced and invalid annotations (upstream annotations/annotations.go). */
export const annotationsAnalyzer: Analyzer = {
  name: 'annotations.K8sAnalyzer',
  description: 'Checks for misplaced and invalid Istio annotations in Kubernetes resources',
  inputs: kinds,
  analyze(context) {
    for (const kind of kinds) for (const resource of context.all(kind)) check(resource, kind, context);
  },
};

function check(resource: Resource, kind: string, context: Context): void {
  for (const [name, value] of Object.entries(resource.annotations)) {
    if (!isIstioAnnotation(name) || ignored.includes(name)) continue;
    const definition = annotationDefinitions.get(name);
    if (!definition) {
      context.report('UnknownAnnotation', resource, name);
      continue;
    }
    if (definition.deprecated && !(name === sidecarInject && sidecarInject in resource.labels)) {
      const favour = name === sidecarInject ? ` in favor of the "${sidecarInject}" label` : '';
      context.report('DeprecatedAnnotation', resource, name, favour);
    }
    if (definition.kinds.includes('Any')) continue;
    if (!definition.kinds.includes(kind)) {
      context.report('MisplacedAnnotation', resource, name, definition.kinds.join(', '));
      continue;
    }
    const problem = annotationProblem(name, value);
    if (problem !== undefined) context.report('InvalidAnnotation', resource, name, problem);
  }
}
