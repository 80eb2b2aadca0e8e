import type { KubernetesRelease } from '../releases/types.ts';
import { busybox } from './busybox.ts';
import { curl } from './curl.ts';
import { goHttpbin } from './go-httpbin.ts';
import type { Image } from './image.ts';
import { istioImages } from './istio/index.ts';
import type { IstioServices } from './istio/services.ts';
import { nodeImages } from './node-images.ts';
import { helloworlds, nginx, tcpEchoServer } from './web-servers.ts';

/** Every image that can be pulled. A reference that is on none of them ends in ErrImagePull. */
export function images(kubernetes: KubernetesRelease, istio: IstioServices): Image[] {
  const servers = [goHttpbin, nginx, ...helloworlds, tcpEchoServer];
  return [...nodeImages(kubernetes), busybox, curl, ...servers, ...istioImages(istio)];
}
