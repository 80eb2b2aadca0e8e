import { toBase64 } from '../../kernel/base64.ts';
import { decode, encode } from '../../kernel/streams.ts';
import type { Command } from './command.ts';
import { createAndPrint, createFlags, nameArgument } from './create-common.ts';
import { asText, base64Data, dataFlags, read, readData } from './create-data.ts';
import { createDeployment } from './create-deployment.ts';
import { createService } from './create-service.ts';
import { createToken } from './create-token.ts';
import { KubectlError } from './errors.ts';
import type { Kubectl } from './kubectl.ts';
import type { KubeObject } from './objects.ts';

const namespace: Command = {
  name: 'namespace',
  aliases: ['ns'],
  short: 'Create a namespace with the specified name',
  use: 'namespace NAME [--dry-run=server|client|none]',
  flags: createFlags,
  run: (k) => {
    const name = nameArgument(k);
    return createAndPrint(
      k,
      { kind: 'Namespace', apiVersion: 'v1', metadata: { name }, spec: {}, status: {} },
      { namespaced: false },
    );
  },
};

const configMap: Command = {
  name: 'configmap',
  aliases: ['cm'],
  short: 'Create a config map from a local file, directory or literal value',
  use: 'configmap NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]',
  flags: [...createFlags, ...dataFlags],
  run: (k) => {
    const name = nameArgument(k);
    const object: KubeObject = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name } };
    const data: Record<string, string> = {};
    const binaryData: Record<string, string> = {};
    for (const [key, bytes] of readData(k, 'ConfigMap', name)) {
      const text = asText(bytes);
      if (text !== undefined) data[key] = text;
      else binaryData[key] = toBase64(bytes);
    }
    if (Object.keys(data).length > 0) object.data = data;
    if (Object.keys(binaryData).length > 0) object.binaryData = binaryData;
    return createAndPrint(k, object, { namespaced: true, failure: 'failed to create configmap:' });
  },
};

const secretOf = (name: string, data: Map<string, Uint8Array>, type: string): KubeObject => ({
  kind: 'Secret',
  apiVersion: 'v1',
  metadata: { name },
  ...(data.size > 0 && { data: base64Data(data) }),
  ...(type !== '' && { type }),
});

const secretOptions = { namespaced: true, failure: 'failed to create secret' };

const genericSecret: Command = {
  name: 'generic',
  short: 'Create a secret from a local file, directory, or literal value',
  use: 'generic NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]',
  flags: [...createFlags, ...dataFlags, { name: 'type', kind: 'string', usage: 'Type of the secret.' }],
  run: (k) => {
    const name = nameArgument(k);
    return createAndPrint(k, secretOf(name, readData(k, 'Secret', name), k.flags.text('type')), secretOptions);
  },
};

const tlsSecret: Command = {
  name: 'tls',
  short: 'Create a TLS secret',
  use: 'tls NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none]',
  flags: [
    ...createFlags,
    { name: 'cert', kind: 'string', usage: 'File with the certificate (PEM).' },
    { name: 'key', kind: 'string', usage: 'File with its private key (PEM).' },
    { name: 'append-hash', kind: 'bool', usage: 'Append a hash of the content to the name.' },
  ],
  run: (k) => {
    const name = nameArgument(k);
    const [cert, key] = [k.flags.text('cert'), k.flags.text('key')];
    if (cert === '' || key === '') throw new KubectlError('key and cert must be specified');
    const certificate = readPart(k, cert);
    const privateKey = readPart(k, key);
    requirePem(certificate, privateKey);
    const data = new Map([
      ['tls.crt', certificate],
      ['tls.key', privateKey],
    ]);
    return createAndPrint(k, secretOf(name, data, 'kubernetes.io/tls'), secretOptions);
  },
};

function readPart(k: Kubectl, path: string): Uint8Array {
  try {
    return read(k, path);
  } catch (error) {
    if (error instanceof KubectlError) throw new KubectlError(`Cannot read file ${path}, ${error.message}`);
    throw error;
  }
}

/** What crypto/tls says of files that hold no pair. */
function requirePem(certificate: Uint8Array, key: Uint8Array): void {
  const types = (bytes: Uint8Array) => [...decode(bytes).matchAll(/-----BEGIN ([^-]+)-----/g)].map((match) => match[1]);
  const certificates = types(certificate);
  if (certificates.length === 0) throw new KubectlError('tls: failed to find any PEM data in certificate input');
  if (!certificates.includes('CERTIFICATE')) {
    throw new KubectlError(
      certificates.some((type) => type?.endsWith('PRIVATE KEY'))
        ? 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
        : `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${certificates.join(' ')}]`,
    );
  }
  const keys = types(key);
  if (keys.length === 0) throw new KubectlError('tls: failed to find any PEM data in key input');
  if (keys.some((type) => type === 'PRIVATE KEY' || type?.endsWith(' PRIVATE KEY'))) return;
  throw new KubectlError(
    keys[0] === 'CERTIFICATE'
      ? 'tls: found a certificate rather than a key in the PEM for the private key'
      : `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${keys.join(' ')}]`,
  );
}

const dockerSecret: Command = {
  name: 'docker-registry',
  short: 'Create a secret for use with a Docker registry',
  use: 'docker-registry NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source] [--dry-run=server|client|none]',
  flags: [
    ...createFlags,
    { name: 'docker-server', kind: 'string', default: 'https://index.docker.io/v1/', usage: 'Server of the registry.' },
    { name: 'docker-username', kind: 'string', usage: 'Name for the registry.' },
    { name: 'docker-password', kind: 'string', usage: 'Password for the registry.' },
    { name: 'docker-email', kind: 'string', usage: 'Mail address for the registry.' },
    { name: 'from-file', kind: 'slice', usage: 'Configuration file of docker.' },
    { name: 'append-hash', kind: 'bool', usage: 'Append a hash of the content to the name.' },
  ],
  run: runDocker,
};

async function runDocker(k: Kubectl): Promise<undefined> {
  const name = nameArgument(k);
  const { flags } = k;
  const [username, password] = [flags.text('docker-username'), flags.text('docker-password')];
  const files = flags.list('from-file');
  if (files.length === 0 && (username === '' || password === '')) {
    throw new KubectlError(
      'either --from-file or the combination of --docker-username, --docker-password and --docker-server is required',
    );
  }
  let content: Uint8Array;
  if (files.length > 0) content = read(k, (files[0] as string).replace(/^[^=]*=/, ''));
  else {
    const email = flags.text('docker-email');
    const auth = toBase64(encode(`${username}:${password}`));
    const entry = { username, password, ...(email !== '' && { email }), auth };
    content = encode(JSON.stringify({ auths: { [flags.text('docker-server')]: entry } }));
  }
  const data = new Map([['.dockerconfigjson', content]]);
  return createAndPrint(k, secretOf(name, data, 'kubernetes.io/dockerconfigjson'), secretOptions);
}

const secret: Command = {
  name: 'secret',
  helpToStderr: true,
  short: 'Create a secret using a specified subcommand',
  long: 'Create a secret with specified type.',
  use: 'secret (docker-registry | generic | tls)',
  commands: [dockerSecret, genericSecret, tlsSecret],
};

const serviceAccount: Command = {
  name: 'serviceaccount',
  aliases: ['sa'],
  short: 'Create a service account with the specified name',
  use: 'serviceaccount NAME [--dry-run=server|client|none]',
  flags: createFlags,
  run: (k) => {
    const object = { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: nameArgument(k) } };
    return createAndPrint(k, object, { namespaced: true, failure: 'failed to create serviceaccount:' });
  },
};

export const createCommands: readonly Command[] = [
  configMap,
  createDeployment,
  namespace,
  secret,
  createService,
  serviceAccount,
  createToken,
];
