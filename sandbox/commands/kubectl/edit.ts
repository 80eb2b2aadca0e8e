import { equalJson } from '../../kernel/json.ts';
import type { Program } from '../../kernel/process.ts';
import { decode, encode } from '../../kernel/streams.ts';
import { printYaml } from '../../kernel/yaml-print.ts';
import { resourcePath } from './client.ts';
import { type Command, fieldManagerFlag, filenameFlags, printFlags, validateFlag } from './command.ts';
import { KubectlError, StatusError, throwAll } from './errors.ts';
import { goQuote } from './flags.ts';
import type { Kubectl } from './kubectl.ts';
import { sortedJson } from './manifests.ts';
import { createMergePatch } from './merge-patch.ts';
import type { KubeObject } from './objects.ts';
import { patchSchema } from './patch-schema.ts';
import { resultPrinter, withoutManagedFields } from './printers.ts';
import { flagsOf, type Info, select } from './resources.ts';
import { twoWayStrategicPatch } from './strategic-patch.ts';
import { readYaml, YamlSyntaxError } from './yaml-read.ts';

export const edit: Command = {
  name: 'edit',
  short: 'Edit a resource on the server',
  long: 'Edit a resource with the command that KUBE_EDITOR or EDITOR names.',
  use: 'edit (RESOURCE/NAME | -f FILENAME)',
  examples: `# Edit by a command
KUBE_EDITOR="sed -i s/foo/bar/" kubectl edit configmap/my-config`,
  flags: [
    ...printFlags,
    ...filenameFlags('that names the objects to edit.'),
    validateFlag,
    fieldManagerFlag('kubectl-edit'),
  ],
  run: runEdit,
};

const header = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;

async function runEdit(k: Kubectl): Promise<undefined> {
  const print = resultPrinter(k);
  const { infos, errors } = await select(k, { ...flagsOf(k), latest: true });
  throwAll(errors);
  if (infos.length === 0) throw new KubectlError('edit cancelled, no objects found');
  for (const info of infos) await editOne(k, info, print);
  return undefined;
}

async function editOne(
  k: Kubectl,
  info: Info,
  print: (object: KubeObject, operation: string) => string,
): Promise<void> {
  const { files } = k.process.machine;
  const before = withoutManagedFields(info.object as KubeObject);
  const path = `/tmp/kubectl-edit-${k.process.kernel.random.int(2 ** 31)}.yaml`;
  const original = header + printYaml(before);
  files.makeDirectory('/tmp', { parents: true });
  files.writeFile(path, encode(original), { mode: 0o600 });
  await launch(k, path);
  const content = decode(files.readFile(path));
  if (content === original) {
    k.err('Edit cancelled, no changes made.\n');
    files.remove(path);
    return;
  }
  const text = content.replace(/^#.*\n?/gm, '');
  if (text.trim() === '') {
    k.err('Edit cancelled, saved file was empty.\n');
    files.remove(path);
    return;
  }
  let after: KubeObject;
  try {
    after = readYaml(text) as KubeObject;
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    throw new KubectlError(
      `error: A copy of your changes has been stored to ${goQuote(path)}\nerror: error parsing edited-file: error converting YAML to JSON: yaml: ${error.message}`,
      { raw: true },
    );
  }
  if (equalJson(before, after)) {
    k.err('Edit cancelled, no changes made.\n');
    files.remove(path);
    return;
  }
  const schema = patchSchema(info.mapping.group, info.mapping.kind);
  const patch = schema ? twoWayStrategicPatch(before, after, schema) : createMergePatch(before, after);
  try {
    const object = await k.client.json<KubeObject>('PATCH', resourcePath(info.mapping, info.namespace, info.name), {
      query: { fieldManager: k.flags.text('field-manager'), fieldValidation: 'Strict' },
      contentType: schema ? 'application/strategic-merge-patch+json' : 'application/merge-patch+json',
      body: sortedJson(patch),
    });
    files.remove(path);
    k.out(print(object, 'edited'));
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const what = info.mapping.group === '' ? info.mapping.resource : `${info.mapping.resource}.${info.mapping.group}`;
    k.err(
      `error: ${what} ${goQuote(info.name)} ${error.reason === 'Invalid' ? 'is invalid' : `could not be patched: ${error.message}`}\n`,
    );
    k.err(`A copy of your changes has been stored to ${goQuote(path)}\n`);
    throw new KubectlError('Edit cancelled, no valid changes were saved.', { raw: true });
  }
}

/** Runs the editor on the file with this process's terminal. */
async function launch(k: Kubectl, path: string): Promise<void> {
  const { env, machine } = k.process;
  const editor = env.get('KUBE_EDITOR') || env.get('EDITOR') || 'vi';
  const words = editor.match(/"[^"]*"|'[^']*'|\S+/g)?.map((word) => word.replace(/^(['"])(.*)\1$/, '$2')) ?? [];
  const program: Program | undefined = machine.findProgram(words[0] ?? '', env.get('PATH'));
  if (!program) throw new KubectlError(`unable to launch the editor ${goQuote(editor)}`);
  await k.flush();
  const status = await k.process.spawn(program, { argv: [...words, path] }).exited;
  if (status !== 0) throw new KubectlError(`there was a problem with the editor ${goQuote(editor)}`);
}
