import { printYaml } from '../../kernel/yaml-print.ts';
import type { Command } from './command.ts';
import { KubectlError, UsageError } from './errors.ts';
import { escapeHtml } from './manifests.ts';
import { text } from './objects.ts';

export const version: Command = {
  name: 'version',
  short: 'Print the client and server version information',
  use: 'version',
  flags: [
    { name: 'client', kind: 'bool', usage: 'Only the version of kubectl.' },
    { name: 'output', short: 'o', kind: 'string', usage: "Format: 'yaml' or 'json'." },
  ],
  run: async (k) => {
    if (k.args.length > 0) throw new UsageError(k.path, `extra arguments: [${k.args.join(' ')}]`);
    const format = k.flags.text('output');
    if (!['', 'yaml', 'json'].includes(format)) throw new KubectlError("--output must be 'yaml' or 'json'");
    const { kustomizeVersion = '', ...clientVersion } = k.context.version.client;
    const all: Record<string, unknown> = { clientVersion, ...(kustomizeVersion && { kustomizeVersion }) };
    if (!k.flags.bool('client')) all.serverVersion = await k.client.json('GET', '/version');
    if (format === 'json') k.out(`${escapeHtml(JSON.stringify(all, null, 2))}\n`);
    else if (format === 'yaml') k.out(`${printYaml(all)}\n`);
    else {
      k.out(`Client Version: ${clientVersion.gitVersion}\n`);
      if (kustomizeVersion) k.out(`Kustomize Version: ${kustomizeVersion}\n`);
      if (all.serverVersion) {
        const server = text((all.serverVersion as Record<string, unknown>).gitVersion);
        k.out(`Server Version: ${server}\n`);
        warnOfSkew(k.warn.bind(k), clientVersion.gitVersion, server);
      }
    }
    return undefined;
  },
};

/** More than one minor version apart is not supported. */
function warnOfSkew(warn: (text: string) => void, client: string, server: string): void {
  const minor = (version: string) => Number(/^v?\d+\.(\d+)/.exec(version)?.[1] ?? Number.NaN);
  if (Math.abs(minor(client) - minor(server)) <= 1) return;
  const short = (version: string) => /\d+\.\d+/.exec(version)?.[0] ?? version;
  warn(
    `version difference between client (${short(client)}) and server (${short(server)}) exceeds the supported minor version skew of +/-1`,
  );
}
