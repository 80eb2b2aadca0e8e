import { type Command, printFlags } from './command.ts';
import { KubectlError, QuietExit, StatusError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import { at, type KubeObject, text } from './objects.ts';
import { noPrinter, resultFormats, structuredPrinter } from './printers.ts';
import { TabWriter } from './tab-writer.ts';

const canI: Command = {
  name: 'can-i',
  short: 'Check whether an action is allowed',
  use: 'can-i VERB [TYPE | TYPE/NAME | NONRESOURCEURL]',
  flags: [
    { name: 'all-namespaces', short: 'A', kind: 'bool', usage: 'Ask for every namespace.' },
    { name: 'quiet', short: 'q', kind: 'bool', usage: 'Tell by the exit status only.' },
    { name: 'subresource', kind: 'string', usage: 'Subresource to ask for.' },
    { name: 'list', kind: 'bool', usage: 'Show all that is allowed.' },
    { name: 'no-headers', kind: 'bool', usage: 'Print no headers.' },
  ],
  run: runCanI,
};

async function runCanI(k: Kubectl): Promise<undefined> {
  const { args, flags } = k;
  if (flags.bool('list')) throw new KubectlError('--list is not supported by this kubectl');
  if (args.length < 2 || args.length > 3) {
    throw new KubectlError(
      "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
    );
  }
  const [verb, target = '', third] = args;
  let attributes: Record<string, unknown>;
  if (target.startsWith('/')) attributes = { nonResourceAttributes: { path: target, verb } };
  else {
    const [type = '', name = third ?? ''] = target.split('/');
    let group = '';
    let resource = type;
    try {
      const mapping = k.mapper.resource(type);
      ({ group, resource } = mapping);
      if (!mapping.namespaced && !flags.bool('all-namespaces')) {
        k.warn(
          `resource '${resource}' is not namespace scoped${group === '' ? '' : ` in group '${group}'`}\n`.trimEnd(),
        );
      }
    } catch {
      if (type !== '*') k.warn(`the server doesn't have a resource type '${type}'`);
    }
    attributes = {
      resourceAttributes: {
        namespace: flags.bool('all-namespaces') ? '' : k.namespace,
        verb,
        group,
        resource,
        subresource: flags.text('subresource'),
        name,
      },
    };
  }
  const answer = await k.client.json('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    body: { kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', metadata: {}, spec: attributes },
  });
  const allowed = at(answer, 'status', 'allowed') === true;
  const reason = text(at(answer, 'status', 'reason'));
  const failure = text(at(answer, 'status', 'evaluationError'));
  if (!flags.bool('quiet')) {
    k.out(allowed ? 'yes\n' : `no${reason === '' ? '' : ` - ${reason}`}${failure === '' ? '' : ` - ${failure}`}\n`);
  }
  if (!allowed) throw new QuietExit(1);
  return undefined;
}

const whoAmI: Command = {
  name: 'whoami',
  short: 'Experimental: Check self subject attributes',
  use: 'whoami',
  flags: printFlags,
  run: async (k) => {
    let answer: KubeObject;
    try {
      answer = await k.client.json('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
        body: {
          kind: 'SelfSubjectReview',
          apiVersion: 'authentication.k8s.io/v1',
          metadata: {},
          status: { userInfo: {} },
        },
      });
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'NotFound') {
        throw new KubectlError('the selfsubjectreviews API is not enabled in the cluster');
      }
      throw error;
    }
    const format = k.flags.text('output');
    if (format !== '') {
      const printer = structuredPrinter(k, format);
      if (!printer) throw noPrinter(format, resultFormats);
      k.out(printer(answer));
      return undefined;
    }
    const user = at(answer, 'status', 'userInfo');
    const writer = new TabWriter();
    writer.line(['ATTRIBUTE', 'VALUE']);
    writer.line(['Username', text(at(user, 'username'))]);
    if (at(user, 'uid')) writer.line(['UID', text(at(user, 'uid'))]);
    const groups = at(user, 'groups');
    if (Array.isArray(groups) && groups.length > 0) writer.line(['Groups', `[${groups.join(' ')}]`]);
    const extra = at(user, 'extra');
    for (const key of Object.keys((extra ?? {}) as object).sort()) {
      const values = at(extra, key);
      writer.line([`Extra: ${key}`, `[${Array.isArray(values) ? values.join(' ') : ''}]`]);
    }
    k.out(writer.flush());
    return undefined;
  },
};

export const auth: Command = {
  name: 'auth',
  helpToStderr: true,
  short: 'Inspect authorization',
  use: 'auth [flags]',
  commands: [canI, whoAmI],
};
