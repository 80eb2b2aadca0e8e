import type { XdsServer } from '../envoy/xds/server.ts';
import type { Network } from '../network/network.ts';
import type { Release } from '../releases/types.ts';
import { busybox } from './busybox.ts';
import { curl } from './curl.ts';
import { goHttpbin } from './go-httpbin.ts';
import type { Image } from './image.ts';
import { istioImages } from './istio/index.ts';
import { nodeImages } from './node-images.ts';
import { networkId } from './runtime.ts';
import { squidImage } from './squid/index.ts';
import { helloworlds, nginx, tcpEchoServer } from './web-servers.ts';

export interface ImagesOptions {
  network: Network;
  /** istiod as proxies reach it. */
  xds: XdsServer;
  release: Release;
  /** istiod's debug interface: JSON, or undefined where there is no such page. */
  istiodDebug(path: string): string | undefined;
}

/** Every image that can be pulled. A reference that is on none of them ends in ErrImagePull. */
export function images({ network, xds, release, istiodDebug }: ImagesOptions): Image[] {
  const istio = istioImages({
    release: release.istio,
    xds,
    istiodDebug,
    setIptables: (pod, rules) => network.setIptables(networkId(pod), rules),
  });
  const servers = [goHttpbin, nginx, ...helloworlds, squidImage, tcpEchoServer];
  return [...nodeImages(release.kubernetes), busybox, curl, ...servers, ...istio];
}
