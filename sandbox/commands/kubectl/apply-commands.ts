import { printYaml } from '../../kernel/yaml-print.ts';
import { type Command, filenameFlags, selectorFlag } from './command.ts';
import { KubectlError, throwAll } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import { lastAppliedAnnotation } from './last-applied.ts';
import type { KubeObject } from './objects.ts';
import { indentedJson } from './output-template.ts';
import { flagsOf, select } from './resources.ts';

const view: Command = {
  name: 'view-last-applied',
  short: 'View the latest last-applied-configuration annotations of a resource/object',
  use: 'view-last-applied (TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)',
  flags: [
    ...filenameFlags('that names the objects.'),
    selectorFlag,
    { name: 'all', kind: 'bool', usage: 'Every object of the kinds in the namespace.' },
    { name: 'output', short: 'o', kind: 'string', default: 'yaml', usage: 'Output format: yaml or json.' },
  ],
  run: async (k: Kubectl) => {
    const output = k.flags.text('output');
    if (output !== 'yaml' && output !== 'json') {
      throw new KubectlError(`Unexpected -o output mode: ${output}, the flag 'output' must be one of yaml|json`);
    }
    const { infos, errors } = await select(k, { ...flagsOf(k), allowEmptySelector: true, latest: true });
    for (const info of infos) {
      const noted = (info.object as KubeObject).metadata.annotations?.[lastAppliedAnnotation];
      if (noted === undefined) {
        k.err(`Warning: no last-applied-configuration annotation found on resource: ${info.name}\n`);
        continue;
      }
      const configuration: unknown = JSON.parse(noted);
      k.out(output === 'json' ? `${indentedJson(configuration)}\n` : printYaml(configuration));
    }
    throwAll(errors);
  },
};

export const lastAppliedCommands: readonly Command[] = [view];
