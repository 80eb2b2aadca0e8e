import type { Container, InjectablePod } from './types.ts';

export const isProxy = (container: Container) => container.name === 'istio-proxy';

export function initContainersOf(pod: InjectablePod): Container[] {
  return (pod.spec.initContainers as Container[] | undefined) ?? [];
}

/** Changes the container istio-proxy, wherever it is. */
export function changeProxy(pod: InjectablePod, change: (proxy: Container) => Container): InjectablePod {
  const apply = (list: Container[]) => list.map((container) => (isProxy(container) ? change(container) : container));
  const init = initContainersOf(pod);
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: apply(pod.spec.containers),
      ...(init.length > 0 ? { initContainers: apply(init) } : {}),
    },
  };
}
