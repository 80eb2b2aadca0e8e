import { formatMicros } from '../../kernel/time.ts';
import type { DaemonContainer } from '../image.ts';

/** Istio's logger: time, level, scope (the default one unnamed), message, labels, with tabs between (pkg/log). */
export class IstioLogger {
  readonly #container: DaemonContainer;
  #last = 0;

  constructor(container: DaemonContainer) {
    this.#container = container;
  }

  info(message: string, options: { scope?: string; labels?: Record<string, string> } = {}): void {
    this.#line('info', message, options);
  }

  warn(message: string, options: { scope?: string; labels?: Record<string, string> } = {}): void {
    this.#line('warn', message, options);
  }

  #line(
    level: string,
    message: string,
    { scope, labels = {} }: { scope?: string; labels?: Record<string, string> },
  ): void {
    // Lines of one instant are some microseconds apart.
    const now = this.#container.kernel.now();
    this.#last = now <= this.#last && this.#last - now < 0.9 ? this.#last + 0.012 : now;
    const words = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const parts = [formatMicros(this.#last), level, ...(scope ? [scope] : []), message];
    this.#container.log(parts.join('\t') + (words.length > 0 ? `\t${words.join(' ')}` : ''));
  }
}
