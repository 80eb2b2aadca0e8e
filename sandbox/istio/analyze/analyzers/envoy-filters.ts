import type { JsonObject } from '../../../kernel/json.ts';
import { numberOf, objectsOf, recordOf, textOf } from '../../validate/spec.ts';
import type { Analyzer, Context, Resource } from '../resource.ts';

/** Patches that do nothing or may come before what they need (upstream envoyfilter/envoyfilter.go). */
export const envoyFilterAnalyzer: Analyzer = {
  name: 'envoyfilter.EnvoyPatchAnalyzer',
  description: 'Checks an envoyFilters ',
  inputs: ['EnvoyFilter'],
  analyze(context) {
    /** What patches for one proxy version only touched so far. */
    const versioned: string[] = [];
    for (const filter of context.all('EnvoyFilter')) checkPatches(filter, versioned, context);
  },
};

function checkPatches(filter: Resource, versioned: string[], context: Context): void {
  for (const [index, configPatch] of objectsOf(filter.spec.configPatches).entries()) {
    if (!configPatch.patch) break;
    const { operation } = recordOf(configPatch.patch);
    const applyTo = textOf(configPatch.applyTo);
    const name = patchedName(configPatch);
    const path = `.spec.configPatches[${index}].patch.value`;
    const relative = () => {
      if (numberOf(filter.spec.priority) !== 0) return;
      context.reportAt(
        path,
        versioned.includes(name)
          ? 'EnvoyFilterUsesRelativeOperationWithProxyVersion'
          : 'EnvoyFilterUsesRelativeOperation',
        filter,
      );
    };
    const onRoutes = applyTo === 'ROUTE_CONFIGURATION' || applyTo === 'HTTP_ROUTE';
    if (operation === 'ADD') {
      if (onRoutes) context.reportAt(path, 'EnvoyFilterUsesAddOperationIncorrectly', filter);
    } else if (operation === 'REMOVE') {
      if (onRoutes) context.reportAt(path, 'EnvoyFilterUsesRemoveOperationIncorrectly', filter);
      else relative();
    } else if (operation === 'REPLACE') {
      if (['NETWORK_FILTER', 'HTTP_FILTER', 'VIRTUAL_HOST'].includes(applyTo)) relative();
      else context.reportAt(path, 'EnvoyFilterUsesReplaceOperationIncorrectly', filter);
    } else if (operation === 'INSERT_BEFORE' || operation === 'INSERT_AFTER') relative();
    if (textOf(recordOf(recordOf(configPatch.match).proxy).proxyVersion)) versioned.push(name);
  }
}

/** The filter a patch is about: its own name, else the one it matches. */
function patchedName({ patch, match }: JsonObject): string {
  const { value } = recordOf(patch);
  if (!value) return '';
  const { name } = recordOf(value);
  if (name !== undefined && name !== null) return String(name);
  const { filterChain } = recordOf(recordOf(match).listener);
  return textOf(recordOf(recordOf(filterChain).filter).name);
}
