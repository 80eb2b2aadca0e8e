import type { Container, Pod } from '../types.ts';
import type { ContainerMemory } from './memory.ts';
import type { Due, KubeletContext } from './shared.ts';

const firstBackoff = 10_000;
const longestBackoff = 300_000;
/** From the failure of a pull to the next look at the pod. */
const resyncDelay = 11_000;
/** How long a registry takes to say that it has no such image. */
const refusalTime = 1200;

/** Brings images to the node (pkg/kubelet/images/image_manager.go). */
export class ImagePuller {
  readonly #kubelet: KubeletContext;

  constructor(kubelet: KubeletContext) {
    this.#kubelet = kubelet;
  }

  /** What has to happen before the container can be made: nothing, a pull of so many ms, or it cannot be. */
  begin(pod: Pod, container: Container, state: ContainerMemory): 'present' | 'refused' | { duration: number } {
    const { runtime, kernel, record } = this.#kubelet;
    const { image } = container;
    if (!validReference(image)) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
      if (state.waiting?.reason !== 'InvalidImageName') {
        record(pod, 'Warning', 'InspectFailed', message, container);
        record(pod, 'Warning', 'Failed', 'Error: InvalidImageName', container);
      }
      state.waiting = { reason: 'InvalidImageName', message };
      state.retryAt = Number.MAX_SAFE_INTEGER;
      return 'refused';
    }
    const facts = runtime.image(image);
    const present = facts !== undefined && this.#kubelet.state().images.includes(facts.reference);
    const policy = container.imagePullPolicy ?? 'IfNotPresent';
    if (present && policy !== 'Always') {
      const message = `Container image "${image}" already present on machine and can be accessed by the pod`;
      record(pod, 'Normal', 'Pulled', message, container);
      return 'present';
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      record(pod, 'Warning', 'ErrImageNeverPull', message, container);
      record(pod, 'Warning', 'Failed', 'Error: ErrImageNeverPull', container);
      state.waiting = { reason: 'ErrImageNeverPull', message };
      state.retryAt = Number.MAX_SAFE_INTEGER;
      return 'refused';
    }
    record(pod, 'Normal', 'Pulling', `Pulling image "${image}"`, container);
    if (!facts) return { duration: refusalTime + kernel.random.int(400) };
    // A present image is only compared with the registry's digest.
    const time = present ? 400 : facts.pullTime;
    return { duration: Math.round(time * (0.9 + kernel.random.float() * 0.2)) };
  }

  /** The pull is over; false if the registry had no such image. */
  finish(pod: Pod, container: Container, state: ContainerMemory, took: number): boolean {
    const { runtime, kernel, record } = this.#kubelet;
    const { image } = container;
    const facts = runtime.image(image);
    if (!facts) {
      const message = runtime.pullError(image);
      record(pod, 'Warning', 'Failed', `Failed to pull image "${image}": ${message}`, container);
      record(pod, 'Warning', 'Failed', 'Error: ErrImagePull', container);
      state.waiting = { reason: 'ErrImagePull', message };
      state.pullBackoff = Math.min(longestBackoff, state.pullBackoff ? state.pullBackoff * 2 : firstBackoff);
      state.retryAt = kernel.now() + resyncDelay + state.pullBackoff;
      return false;
    }
    const { images } = this.#kubelet.state();
    if (!images.includes(facts.reference)) images.push(facts.reference);
    const time = goDuration(took);
    const message = `Successfully pulled image "${image}" in ${time} (${time} including waiting). Image size: ${facts.bytes} bytes.`;
    record(pod, 'Normal', 'Pulled', message, container);
    delete state.pullBackoff;
    return true;
  }

  /** Between two tries: the first look after the failure changes reason and message. */
  backOff(pod: Pod, container: Container, state: ContainerMemory, due: Due[]): void {
    const { kernel, record } = this.#kubelet;
    if (state.waiting?.reason !== 'ErrImagePull') return;
    const lookAt = (state.retryAt ?? 0) - (state.pullBackoff ?? 0);
    if (kernel.now() < lookAt) {
      due.push({ at: lookAt, idle: (state.pullBackoff ?? 0) > 80_000 });
      return;
    }
    const message = `Back-off pulling image "${container.image}"`;
    record(pod, 'Normal', 'BackOff', message, container);
    record(pod, 'Warning', 'Failed', 'Error: ImagePullBackOff', container);
    state.waiting = { reason: 'ImagePullBackOff', message: `${message}: ErrImagePull: ${state.waiting.message}` };
  }
}

/** Go's time.Duration of ms: `850ms`, `2.311s`, `1m2.5s`. */
function goDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds}ms`;
  const minutes = Math.floor(milliseconds / 60_000);
  return `${minutes > 0 ? `${minutes}m` : ''}${(milliseconds % 60_000) / 1000}s`;
}

/** github.com/distribution/reference, in short: lower-case path, optional tag and digest. */
function validReference(image: string): boolean {
  return /^(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-f]{32,})?$/.test(
    image,
  );
}
