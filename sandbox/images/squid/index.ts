import type { Image } from '../image.ts';
import { command, defaultFile, entrypoint, squid } from './daemon.ts';
import { version } from './error-page.ts';

/** What Ubuntu's package brings along, without its comments. */
const packaged = `acl SSL_ports port 443
acl Safe_ports port 80
acl Safe_ports port 21
acl Safe_ports port 443
acl Safe_ports port 70
acl Safe_ports port 210
acl Safe_ports port 1025-65535
acl Safe_ports port 280
acl Safe_ports port 488
acl Safe_ports port 591
acl Safe_ports port 777
acl CONNECT method CONNECT
http_access deny !Safe_ports
http_access deny CONNECT !SSL_ports
http_access allow localhost manager
http_access deny manager
http_access allow localhost
http_access deny all
http_port 3128
coredump_dir /var/spool/squid
refresh_pattern ^ftp:		1440	20%	10080
refresh_pattern ^gopher:	1440	0%	1440
refresh_pattern -i (/cgi-bin/|\\?) 0	0%	0
refresh_pattern (Release|Packages(.gz)*)$      0       20%     2880
refresh_pattern .		0	20%	4320
`;

const repository = 'docker.io/sameersbn/squid';

/** Squid 3.5 on Ubuntu 18.04, as sameersbn/docker-squid builds it. */
export const squidImage: Image = {
  references: [`${repository}:3.5.27-2`, `${repository}:3.5.27-1`, `${repository}:3.5.27`, `${repository}:latest`],
  bytes: 87_500_000,
  pullTime: 5200,
  entrypoint: ['/sbin/entrypoint.sh'],
  env: {
    SQUID_VERSION: version,
    SQUID_CACHE_DIR: '/var/spool/squid',
    SQUID_LOG_DIR: '/var/log/squid',
    SQUID_USER: 'proxy',
  },
  programs: [
    ...[
      '[',
      'awk',
      'base64',
      'basename',
      'bash',
      'cat',
      'chmod',
      'cp',
      'cut',
      'date',
      'diff',
      'dirname',
      'echo',
      'egrep',
    ],
    ...[
      'env',
      'false',
      'fgrep',
      'find',
      'grep',
      'head',
      'hostname',
      'id',
      'ln',
      'ls',
      'md5sum',
      'mkdir',
      'mv',
      'paste',
    ],
    ...[
      'printenv',
      'printf',
      'pwd',
      'readlink',
      'realpath',
      'rm',
      'rmdir',
      'sed',
      'seq',
      'sh',
      'sha256sum',
      'sleep',
      'sort',
    ],
    ...['tail', 'tee', 'test', 'timeout', 'touch', 'tr', 'true', 'uname', 'uniq', 'wc', 'whoami', 'xargs', 'yes'],
  ],
  daemons: { 'entrypoint.sh': entrypoint, squid },
  commands: { squid: command },
  files: {
    [defaultFile]: packaged,
    '/sbin/entrypoint.sh': { file: '#!/bin/bash\n', mode: 0o755 },
    '/etc/os-release':
      'NAME="Ubuntu"\nVERSION="18.04.2 LTS (Bionic Beaver)"\nID=ubuntu\nID_LIKE=debian\nPRETTY_NAME="Ubuntu 18.04.2 LTS"\nVERSION_ID="18.04"\n',
    '/etc/passwd':
      'root:x:0:0:root:/root:/bin/bash\nproxy:x:13:13:proxy:/bin:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
    '/etc/group': 'root:x:0:\nproxy:x:13:\n',
    '/var/log/squid': { directory: true },
    '/var/spool/squid': { directory: true },
    '/root': { directory: true, mode: 0o700 },
  },
};
