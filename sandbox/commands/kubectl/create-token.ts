import { type Command, printFlags } from './command.ts';
import { nameArgument } from './create-common.ts';
import { KubectlError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import { at, type KubeObject, text } from './objects.ts';
import { noPrinter, resultFormats, structuredPrinter } from './printers.ts';

export const createToken: Command = {
  name: 'token',
  short: 'Request a service account token',
  use: 'token SERVICE_ACCOUNT_NAME',
  flags: [
    ...printFlags,
    { name: 'audience', kind: 'array', usage: 'Audience of the token; may be repeated.' },
    { name: 'duration', kind: 'duration', usage: 'How long the token is good.' },
    { name: 'bound-object-kind', kind: 'string', usage: 'Kind of an object to bind the token to.' },
    { name: 'bound-object-name', kind: 'string', usage: 'Name of an object to bind the token to.' },
    { name: 'bound-object-uid', kind: 'string', usage: 'UID of an object to bind the token to.' },
  ],
  run: runCreateToken,
};

async function runCreateToken(k: Kubectl): Promise<undefined> {
  const name = nameArgument(k);
  const { flags } = k;
  const seconds = Math.floor(flags.duration('duration') / 1000);
  if (flags.duration('duration') < 0) throw new KubectlError('--duration must be greater than or equal to 0');
  const kind = flags.text('bound-object-kind');
  const request = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {},
    spec: {
      audiences: flags.list('audience').length > 0 ? flags.list('audience') : null,
      expirationSeconds: seconds > 0 ? seconds : null,
      boundObjectRef:
        kind === ''
          ? null
          : {
              kind,
              apiVersion: 'v1',
              name: flags.text('bound-object-name'),
              uid: flags.text('bound-object-uid'),
            },
    },
    status: { token: '', expirationTimestamp: null },
  };
  const path = `/api/v1/namespaces/${k.namespace}/serviceaccounts/${name}/token`;
  const answer = await k.client.json<KubeObject>('POST', path, { body: request });
  const format = flags.text('output');
  if (format === '') {
    const token = text(at(answer, 'status', 'token'));
    if (token === '') {
      throw new KubectlError(`failed to create token: no token in server response`);
    }
    k.out(`${token}\n`);
    return undefined;
  }
  const printer = structuredPrinter(k, format);
  if (!printer) throw noPrinter(format, resultFormats);
  k.out(printer(answer));
  return undefined;
}
