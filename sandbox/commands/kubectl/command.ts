import type { Flag } from './flags.ts';
import type { Kubectl } from './kubectl.ts';

/** A verb of kubectl, or a group of them. */
export interface Command {
  name: string;
  /** One line for the list of commands. */
  short: string;
  /** Usage line behind `kubectl`: `get TYPE [NAME] [flags]`. */
  use: string;
  /** More words for --help. */
  long?: string;
  examples?: string;
  flags?: readonly Flag[];
  aliases?: readonly string[];
  /** Sub-commands; `run` (if any) is for the bare group. */
  commands?: readonly Command[];
  /** Its help for want of a sub-command goes to stderr. */
  helpToStderr?: boolean;
  /** The exit status; nothing is 0. */
  run?: (kubectl: Kubectl) => Promise<number | undefined>;
}

/** A verb whose code is fetched when it is first used. */
export interface LazyCommand {
  name: string;
  short: string;
  group: string;
  load: () => Promise<Command>;
}

export const globalFlags: readonly Flag[] = [
  { name: 'as', kind: 'string', usage: 'User to act as.' },
  { name: 'as-group', kind: 'array', usage: 'Group to act as; may be repeated.' },
  { name: 'as-uid', kind: 'string', usage: 'UID to act as.' },
  { name: 'as-user-extra', kind: 'array', usage: 'Extra of the user to act as; may be repeated.' },
  { name: 'cache-dir', kind: 'string', usage: 'Directory of the cache.' },
  { name: 'certificate-authority', kind: 'string', usage: 'File with the certificate of the authority.' },
  { name: 'client-certificate', kind: 'string', usage: 'File with a client certificate.' },
  { name: 'client-key', kind: 'string', usage: 'File with the key of a client certificate.' },
  { name: 'cluster', kind: 'string', usage: 'Cluster of the kubeconfig to use.' },
  { name: 'context', kind: 'string', usage: 'Context of the kubeconfig to use.' },
  { name: 'disable-compression', kind: 'bool', usage: 'Ask for uncompressed answers.' },
  { name: 'insecure-skip-tls-verify', kind: 'bool', usage: 'Do not check the certificate of the server.' },
  { name: 'kubeconfig', kind: 'string', usage: 'Kubeconfig file to use.' },
  { name: 'kuberc', kind: 'string', usage: 'File with preferences.' },
  { name: 'log-flush-frequency', kind: 'duration', default: '5s', usage: 'Time between flushes of the log.' },
  { name: 'match-server-version', kind: 'bool', usage: 'Ask for a server of the same version.' },
  { name: 'namespace', short: 'n', kind: 'string', usage: 'Namespace of this request.' },
  { name: 'password', kind: 'string', usage: 'Password for basic authentication.' },
  { name: 'profile', kind: 'string', default: 'none', usage: 'Profile to record.' },
  { name: 'profile-output', kind: 'string', default: 'profile.pprof', usage: 'File for the profile.' },
  { name: 'request-timeout', kind: 'string', default: '0', usage: 'How long to wait for one answer of the server.' },
  { name: 'server', short: 's', kind: 'string', usage: 'Address and port of the API server.' },
  { name: 'tls-server-name', kind: 'string', usage: 'Name to check the certificate of the server against.' },
  { name: 'token', kind: 'string', usage: 'Bearer token.' },
  { name: 'user', kind: 'string', usage: 'User of the kubeconfig to use.' },
  { name: 'username', kind: 'string', usage: 'Name for basic authentication.' },
  { name: 'v', short: 'v', kind: 'int', default: '0', usage: 'Verbosity of the log.' },
  { name: 'vmodule', kind: 'string', usage: 'Verbosity of single files.' },
  { name: 'warnings-as-errors', kind: 'bool', usage: 'Treat warnings of the server as errors.' },
];

/** -f, -R, -k of the commands that read manifests. */
export function filenameFlags(what: string): Flag[] {
  return [
    { name: 'filename', short: 'f', kind: 'slice', usage: `File or directory ${what}` },
    { name: 'kustomize', short: 'k', kind: 'string', usage: 'Kustomization directory; cannot be used with -f or -R.' },
    { name: 'recursive', short: 'R', kind: 'bool', usage: 'Read the directories of -f with all below them.' },
  ];
}

export const selectorFlag: Flag = {
  name: 'selector',
  short: 'l',
  kind: 'string',
  usage: "Label selector; knows '=', '==', '!=', 'in', 'notin' (-l key1=value1,key2 in (value2)).",
};

export const fieldSelectorFlag: Flag = {
  name: 'field-selector',
  kind: 'string',
  usage: "Field selector; knows '=', '==' and '!=' (--field-selector key1=value1,key2=value2).",
};

export const allNamespacesFlag: Flag = {
  name: 'all-namespaces',
  short: 'A',
  kind: 'bool',
  usage: 'Objects of every namespace.',
};

export const dryRunFlag: Flag = {
  name: 'dry-run',
  kind: 'string',
  default: 'none',
  bare: 'unchanged',
  usage: 'One of "none", "server" (ask, but keep nothing) and "client" (only print what would be sent).',
};

export const validateFlag: Flag = {
  name: 'validate',
  kind: 'string',
  default: 'strict',
  bare: 'strict',
  usage: 'One of strict (or true), warn, ignore (or false): what becomes of unknown and duplicate fields.',
};

export const fieldManagerFlag = (preset: string): Flag => ({
  name: 'field-manager',
  kind: 'string',
  default: preset,
  usage: 'Name of the manager that owns the changed fields.',
});

/** -o and its company where objects are printed. */
export const printFlags: readonly Flag[] = [
  { name: 'output', short: 'o', kind: 'string', usage: 'Output format.' },
  {
    name: 'allow-missing-template-keys',
    kind: 'bool',
    default: 'true',
    usage: 'Let templates pass over fields that are not there.',
  },
  { name: 'show-managed-fields', kind: 'bool', usage: 'Keep managedFields in JSON and YAML.' },
  { name: 'template', kind: 'string', usage: 'Template for -o go-template and go-template-file.' },
];
