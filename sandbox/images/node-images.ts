import { calendar, formatMicros } from '../kernel/time.ts';
import type { KubernetesRelease } from '../releases/types.ts';
import type { Daemon, DaemonContainer, DaemonProgram, Image } from './image.ts';

/** What a node of a kind cluster runs by itself. The work of these programs is done elsewhere in the sandbox; here they live. */

/** klog's header: `I0131 10:00:00.123456       1 server.go:150] `. */
function klog(at: number, place: string, message: string): string {
  const { month, day } = calendar(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `I${two(month)}${two(day)} ${formatMicros(at).slice(11, 26)}       1 ${place}] ${message}`;
}

function component(ports: readonly number[], lines: (container: DaemonContainer) => readonly string[]): DaemonProgram {
  return (container): Daemon => {
    if (container.fresh) for (const line of lines(container)) container.log(line, 'stderr');
    return {
      terminate: () => container.exit(0),
      http: (port) => (ports.includes(port) ? 200 : undefined),
      dispose: () => {},
    };
  };
}

function coredns(container: DaemonContainer): Daemon {
  if (container.fresh) {
    container.log('maxprocs: Leaving GOMAXPROCS=8: CPU quota undefined');
    container.log('.:53');
    container.log(
      '[INFO] plugin/reload: Running configuration SHA512 = 1b226df79860026c6a52e67daa10d7f0d57ec5b023288ec00c5e05f93523c894564e15b91770d3a07ae1cfbe861d15b37d4a0027e69c546ab112970993a3b03b',
    );
    container.log('CoreDNS-1.13.1');
    container.log('linux/amd64, go1.25.2, 1db4568');
  }
  const stops = [8080, 8181, 9153].map((port) =>
    container.network.listen(port, (connection) => connection.close(), { incarnation: container.id }),
  );
  return {
    terminate: () => {
      container.log('[INFO] SIGTERM: Shutting down servers then terminating');
      container.log('[INFO] plugin/health: Going into lameduck mode for 5s');
      container.after(5000, 'end');
    },
    wake: () => container.exit(0),
    http: (port, path) => {
      if (port === 8080) return path === '/health' ? 200 : 404;
      if (port === 8181) return path === '/ready' ? 200 : 404;
      return undefined;
    },
    dispose: () => {
      for (const stop of stops) stop();
    },
  };
}

const flagLines = (container: DaemonContainer) => {
  const now = container.kernel.now();
  return container.argv.slice(1).map((flag) => {
    const [name = '', value = ''] = flag.split(/=(.*)/s);
    return klog(now, 'flags.go:64', `FLAG: ${name}=${JSON.stringify(value)}`);
  });
};

function imageOf(reference: string, size: number, name: string, program: DaemonProgram): Image {
  return { references: [reference], bytes: size, pullTime: 3000, entrypoint: [name], daemons: { [name]: program } };
}

/** Images of the release's components; on the node from the start. */
export function nodeImages({ images, version }: KubernetesRelease): Image[] {
  const proxy = component([], flagLines);
  const versionLine = (container: DaemonContainer) => [
    klog(container.kernel.now(), 'server.go:150', `"Version" version="v${version}"`),
  ];
  return [
    imageOf(images.coredns, 22_384_805, 'coredns', coredns),
    imageOf(
      images.etcd,
      23_641_797,
      'etcd',
      component([2381], () => []),
    ),
    imageOf(images['kube-apiserver'] ?? '', 27_682_962, 'kube-apiserver', component([6443], versionLine)),
    imageOf(
      images['kube-controller-manager'] ?? '',
      23_127_364,
      'kube-controller-manager',
      component([10257], versionLine),
    ),
    imageOf(images['kube-scheduler'] ?? '', 17_236_389, 'kube-scheduler', component([10259], versionLine)),
    imageOf(images['kube-proxy'] ?? '', 25_789_553, 'kube-proxy', proxy),
    {
      ...imageOf(
        images.kindnet ?? '',
        38_000_000,
        'kindnetd',
        component([], () => []),
      ),
      entrypoint: ['/bin/kindnetd'],
    },
  ];
}
