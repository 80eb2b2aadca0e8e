import type { JsonObject } from '../../../kernel/json.ts';
import { TabWriter } from '../../kubectl/tab-writer.ts';
import { type ConfigDump, section } from './config-dump.ts';
import { dump, text } from './output.ts';

/** `istioctl proxy-config bootstrap`: what Envoy was started with, or just the versions. */
export function printBootstrap(config: ConfigDump, format: 'short' | 'json' | 'yaml'): string {
  const { '@type': _, ...bootstrapDump } = section(config, 'BootstrapConfigDump');
  if (format !== 'short') return dump(bootstrapDump, format);
  const bootstrap = (bootstrapDump.bootstrap ?? {}) as JsonObject;
  const node = (bootstrap.node ?? {}) as JsonObject;
  const metadata = (node.metadata ?? {}) as JsonObject;
  const table = new TabWriter(0, 1);
  const line = (name: string, value: string) => {
    if (value) table.line([name, value]);
  };
  line('Istio Version:', text(metadata.ISTIO_VERSION));
  const sha = text(metadata.ISTIO_PROXY_SHA);
  line('Istio Proxy Version:', sha.split(':')[1] ?? sha);
  const build = (node.userAgentBuildVersion ?? {}) as JsonObject;
  const version = (build.version ?? {}) as JsonObject;
  const own = (build.metadata ?? {}) as JsonObject;
  const numbers = [version.majorNumber, version.minorNumber, version.patch].map((part) => String(part ?? 0)).join('.');
  const label = own['build.label'] === undefined ? '' : `-${text(own['build.label'])}`;
  const rest = ['revision.status', 'build.type', 'ssl.version'].flatMap((key) =>
    own[key] === undefined ? [] : [text(own[key])],
  );
  line('Envoy Version:', [`${numbers}${label}`, ...rest].join('/'));
  return table.flush();
}
