import { applets } from '../busybox.ts';
import type { Image } from '../image.ts';
import { sudo } from '../sudo.ts';
import { controlCommand } from './commands.ts';
import { ProxyAgent, pilotAgent } from './pilot-agent.ts';
import { Discovery } from './pilot-discovery.ts';
import type { IstioServices } from './services.ts';

/** What Istio's base image (Ubuntu) brings for debugging. */
const tools = [
  ...applets.filter((name) => name !== 'ash'),
  'bash',
  'curl',
  'jq',
  'openssl',
  'tcpdump',
  'iptables-save',
];

/** Images of an Istio release, as the pods of the mesh run them. */
export function istioImages(services: IstioServices): Image[] {
  const { hub, version, images } = services.release;
  const references = (name: string) => [`${hub}/${name}:${version}`, `${hub}/${name}:${version}-debug`];
  const passwd = 'root:x:0:0:root:/root:/bin/bash\nistio-proxy:x:1337:1337::/home/istio-proxy:/bin/sh\n';
  return [
    {
      references: references(images.proxy),
      bytes: 104_857_600,
      pullTime: 6400,
      entrypoint: ['/usr/local/bin/pilot-agent'],
      programs: tools,
      files: {
        '/etc/passwd': passwd,
        '/etc/os-release': 'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\n',
      },
      daemons: { 'pilot-agent': (container) => pilotAgent(container, services) },
      commands: {
        sudo,
        'pilot-agent': (container) =>
          controlCommand('pilot-agent', services.release, 15000, [15000, 15004, 15020, 15021], (port, method, path) => {
            const { daemon } = container;
            if (!(daemon instanceof ProxyAgent)) return undefined;
            return port === 15000 ? daemon.admin(method, path) : daemon.status(method, path);
          }),
      },
    },
    {
      references: references(images.pilot),
      bytes: 88_080_384,
      pullTime: 5600,
      entrypoint: ['/usr/local/bin/pilot-discovery'],
      uid: 1337,
      programs: tools,
      files: { '/etc/passwd': passwd },
      daemons: { 'pilot-discovery': (container) => new Discovery(container, services) },
      commands: {
        sudo,
        'pilot-discovery': (container) =>
          controlCommand('pilot-discovery', services.release, 8080, [8080, 15014], (_port, _method, path) =>
            container.daemon instanceof Discovery ? container.daemon.debug(path) : undefined,
          ),
      },
    },
  ];
}
