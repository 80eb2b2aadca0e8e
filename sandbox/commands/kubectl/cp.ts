import { FileError } from '../../kernel/files.ts';
import { readEnd, writeEnd } from '../../kernel/open-files.ts';
import { basename } from '../../kernel/paths.ts';
import { Sink, Source } from '../../kernel/streams.ts';
import type { Command } from './command.ts';
import { KubectlError } from './errors.ts';
import { runRemote } from './exec.ts';
import type { Kubectl } from './kubectl.ts';
import type { KubeObject } from './objects.ts';
import { defaultContainer } from './pods.ts';

export const cp: Command = {
  name: 'cp',
  short: 'Copy files and directories to and from containers',
  long: 'Copy a file to or from a container, which must have cat (to read) or sh and cat (to write).',
  use: 'cp <file-spec-src> <file-spec-dest>',
  flags: [
    { name: 'container', short: 'c', kind: 'string', usage: 'Container; the default one of the pod if absent.' },
    { name: 'no-preserve', kind: 'bool', usage: 'Do not keep owner and permissions.' },
    { name: 'retries', kind: 'int', default: '0', usage: 'How often to try again.' },
  ],
  run: runCp,
};

interface Place {
  pod?: { namespace: string; name: string };
  path: string;
}

async function runCp(k: Kubectl): Promise<number | undefined> {
  if (k.args.length !== 2) throw new KubectlError('source and destination are required');
  const [from, to] = k.args.map((argument) => parse(k, argument)) as [Place, Place];
  if (from.pod && to.pod) {
    throw new KubectlError('one of src or dest must be a local file specification');
  }
  if (!from.pod && !to.pod) throw new KubectlError('one of src or dest must be a remote file specification');
  if (from.path === '' || to.path === '') throw new KubectlError('filepath can not be empty');
  return from.pod ? download(k, from, to.path) : upload(k, from.path, to);
}

/** `[namespace/]pod:path` or a path. */
function parse(k: Kubectl, argument: string): Place {
  const colon = argument.indexOf(':');
  if (colon === 0) throw new KubectlError('filespec must match the canonical format: [[namespace/]pod:]file/path');
  if (colon < 0 || argument.slice(0, colon).startsWith('.') || argument.startsWith('/')) return { path: argument };
  const parts = argument.slice(0, colon).split('/');
  const path = argument.slice(colon + 1);
  if (parts.length === 1) return { pod: { namespace: k.namespace, name: parts[0] as string }, path };
  if (parts.length === 2) return { pod: { namespace: parts[0] as string, name: parts[1] as string }, path };
  throw new KubectlError('filespec must match the canonical format: [[namespace/]pod:]file/path');
}

async function podAt(k: Kubectl, place: Place): Promise<{ pod: KubeObject; container: string }> {
  const { namespace, name } = place.pod as { namespace: string; name: string };
  const pod = await k.client.json<KubeObject>('GET', `/api/v1/namespaces/${namespace}/pods/${name}`);
  const container = k.flags.text('container');
  if (container !== '') return { pod, container };
  const chosen = defaultContainer(pod);
  k.err(chosen.note);
  return { pod, container: chosen.name };
}

async function download(k: Kubectl, from: Place, target: string): Promise<number> {
  const { pod, container } = await podAt(k, from);
  const content = new Sink();
  const stdout = writeEnd(content);
  const status = await runRemote(k, pod, container, ['cat', from.path], {
    stdin: false,
    tty: false,
    streams: { stdout },
  });
  const { files } = k.process.machine;
  let path = k.process.resolve(target);
  if (files.exists(path) && files.stat(path).type === 'directory') path += `/${basename(from.path)}`;
  try {
    files.writeFile(path, content.bytes());
  } catch (error) {
    if (error instanceof FileError) throw new KubectlError(`open ${target}: ${error.message.toLowerCase()}`);
    throw error;
  }
  return status;
}

async function upload(k: Kubectl, source: string, to: Place): Promise<number> {
  const { files } = k.process.machine;
  const path = k.process.resolve(source);
  if (!files.exists(path)) throw new KubectlError(`${source} doesn't exist in local filesystem`);
  if (files.stat(path).type === 'directory')
    throw new KubectlError(`${source} is a directory: this kubectl copies single files only`);
  const { pod, container } = await podAt(k, to);
  const target = to.path.endsWith('/') ? to.path + basename(source) : to.path;
  const stdin = readEnd(new Source(files.readFile(path)));
  const command = ['sh', '-c', `cat > '${target.replaceAll("'", "'\\''")}'`];
  return runRemote(k, pod, container, command, { stdin: true, tty: false, streams: { stdin } });
}
