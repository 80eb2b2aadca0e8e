import type { Program } from '../kernel/process.ts';
import { applets } from './busybox.ts';
import type { DaemonContainer, Image } from './image.ts';

/** /entrypoint.sh: arguments that begin with a dash are curl's, anything else is a command line. */
function entrypoint(container: DaemonContainer): Program {
  return async (process) => {
    const words = process.argv.slice(1);
    const argv = words.length === 0 || words[0]?.startsWith('-') ? ['curl', ...words] : words;
    const program = process.machine.findProgram(argv[0] as string, container.env.get('PATH'));
    if (program) return process.spawn(program, { argv }).exited;
    await process.write(2, `/entrypoint.sh: exec: line 14: ${argv[0]}: not found\n`);
    return 127;
  };
}

const repository = 'docker.io/curlimages/curl';

export const curl: Image = {
  references: [`${repository}:8.16.0`, `${repository}:latest`, 'quay.io/curl/curl:8.16.0', 'quay.io/curl/curl:latest'],
  bytes: 9_437_184,
  pullTime: 2600,
  entrypoint: ['/entrypoint.sh'],
  cmd: ['curl'],
  env: { CURL_CA_BUNDLE: '/cacert.pem', HOME: '/home/curl_user' },
  workingDir: '/home/curl_user',
  uid: 100,
  programs: [...applets, 'curl'],
  commands: { 'entrypoint.sh': entrypoint },
  files: {
    '/entrypoint.sh': { file: '#!/bin/sh\n', mode: 0o755 },
    '/etc/alpine-release': '3.22.1\n',
    '/etc/os-release':
      'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\nHOME_URL="https://alpinelinux.org/"\n',
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\ncurl_user:x:100:101:Linux User,,,:/home/curl_user:/sbin/nologin\n',
    '/etc/group': 'root:x:0:root\ncurl_group:x:101:\n',
    '/home/curl_user': { directory: true },
    '/root': { directory: true, mode: 0o700 },
  },
};
