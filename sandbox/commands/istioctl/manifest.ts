import { sortedObjects } from '../../istio/install/manifest.ts';
import { printYaml } from '../../kernel/yaml-print.ts';
import type { Command, Istioctl } from './command.ts';
import { IstioctlError } from './errors.ts';
import { install, installCommand, manifestsOf, operatorFlags } from './install.ts';

/** `istioctl manifest generate`. */
async function generate(ctl: Istioctl): Promise<number> {
  if (ctl.args.length > 0) throw new IstioctlError(`accepts 0 arg(s), received ${ctl.args.length}`);
  const manifests = await manifestsOf(ctl);
  await ctl.out(
    sortedObjects(manifests)
      .map((object) => `${printYaml(object)}---\n`)
      .join(''),
  );
  return 0;
}

/** `istioctl manifest …`. */
export const manifestCommand: Command = {
  name: 'manifest',
  short: 'Commands related to Istio manifests',
  commands: [
    {
      name: 'generate',
      short: 'Generates an Istio install manifest',
      flags: [
        ...operatorFlags,
        { name: 'cluster-specific', kind: 'bool', usage: 'Ask the cluster what suits it' },
        { name: 'dry-run', kind: 'bool', usage: 'No difference here' },
      ],
      run: generate,
    },
    { ...installCommand, run: install },
  ],
};
