import { parse } from 'yaml';
import { type AnalysisOptions, type AnalysisResult, analyze, type Suppression } from '../../istio/analyze/analyze.ts';
import { analyzers } from '../../istio/analyze/analyzers/index.ts';
import { readFileContent } from '../../istio/analyze/file-source.ts';
import type { Kind, KindName } from '../../istio/analyze/kinds.ts';
import {
  friendlyName,
  type Level,
  levels,
  line,
  type Message,
  messageTypes,
  reference,
} from '../../istio/analyze/messages.ts';
import type { Resource } from '../../istio/analyze/resource.ts';
import { clusterResources, snapshotOf } from '../../istio/analyze/sources.ts';
import type { MeshConfig } from '../../istio/pilot/api/mesh.ts';
import { meshWithDefaults } from '../../istio/pilot/model/mesh-defaults.ts';
import { formatMicros } from '../../kernel/time.ts';
import { printYaml } from '../../kernel/yaml-print.ts';
import { goQuote } from '../kubectl/flags.ts';
import { readYaml, YamlSyntaxError } from '../kubectl/yaml-read.ts';
import type { Command, Istioctl } from './command.ts';
import { IstioctlError } from './errors.ts';
import { filesAt, isManifest, statProblem } from './manifest-files.ts';
import { multierror } from './multierror.ts';
import { goJson } from './proxy-config/output.ts';

const documentation = 'https://istio.io/v1.30/docs/reference/config/analysis';
const levelNames = `[${[...levels].reverse().join(' ')}]`;

/** Exit statuses (upstream istioctl/cmd/sysexits.go). */
const exitCodes = { usage: 64, unreadable: 65, issues: 79 };

/** `istioctl analyze`. */
export const analyzeCommand: Command = {
  name: 'analyze',
  use: '<file>...',
  short: 'Analyze Istio configuration and print validation messages',
  flags: [
    { name: 'list-analyzers', short: 'L', kind: 'bool', usage: 'List the analyzers' },
    { name: 'use-kube', short: 'k', kind: 'bool', default: 'true', usage: '--use-kube=false analyzes files only' },
    { name: 'color', kind: 'bool', usage: 'Colours; by default on a terminal unless $TERM is dumb' },
    { name: 'verbose', short: 'v', kind: 'bool', usage: 'Tell which analyzers ran' },
    {
      name: 'failure-threshold',
      kind: 'string',
      default: 'Error',
      usage: `Level from which on the exit status is not zero. Valid values: ${levelNames}`,
    },
    {
      name: 'output-threshold',
      kind: 'string',
      default: 'Info',
      usage: `Level from which on messages are shown. Valid values: ${levelNames}`,
    },
    { name: 'output', short: 'o', kind: 'string', default: 'log', usage: 'Output format: one of [log json yaml]' },
    { name: 'meshConfigFile', kind: 'string', usage: 'File with the mesh configuration' },
    { name: 'all-namespaces', short: 'A', kind: 'bool', usage: 'Analyze all namespaces' },
    { name: 'suppress', short: 'S', kind: 'array', usage: 'Messages not to report: <code>=<resource>, `*` allowed' },
    { name: 'timeout', kind: 'duration', default: '30s', usage: 'How long to wait before failing' },
    { name: 'recursive', short: 'R', kind: 'bool', usage: 'Removed: directories are always read with all below them' },
    { name: 'ignore-unknown', kind: 'bool', usage: 'Do not fail over documents that cannot be read' },
    { name: 'revision', short: 'r', kind: 'string', default: 'default', usage: 'Revision of the control plane' },
    { name: 'remote-contexts', kind: 'array', usage: 'Contexts of further clusters' },
    { name: 'analyzer', kind: 'array', usage: 'Run this analyzer only' },
  ],
  run,
};

async function run(ctl: Istioctl): Promise<number> {
  const { flags } = ctl;
  const thresholds = { failure: threshold(ctl, 'failure-threshold'), output: threshold(ctl, 'output-threshold') };
  const format = flags.text('output').toLowerCase();
  if (!['log', 'json', 'yaml'].includes(format)) {
    const problem = `${format} not a valid option for format. See istioctl analyze --help`;
    throw new IstioctlError(problem, exitCodes.usage);
  }
  if (flags.bool('list-analyzers')) {
    await ctl.out(listOfAnalyzers());
    return 0;
  }
  if (flags.bool('recursive')) {
    await ctl.out('The recursive flag has been removed and is hardcoded to true without explicitly specifying it.\n');
    return 0;
  }
  const files = await gatherFiles(ctl, format);
  const live = flags.bool('use-kube');
  if (live && !namespaceExists(ctl)) {
    await ctl.err(`namespace ${goQuote(ctl.namespace)} not found\n`);
    return 0;
  }
  const namespace = flags.bool('all-namespaces') ? '' : live ? ctl.namespace : ctl.givenNamespace || 'default';
  const suppressions = await readSuppressions(ctl);
  const { resources, problems } = await readFiles(ctl, files, namespace);
  const result = analyze(snapshotOf(resources, live ? fromCluster(ctl) : undefined), {
    ...(await meshOf(ctl, live)),
    now: ctl.process.kernel.now(),
    namespace,
    suppressions,
    only: flags.list('analyzer'),
  });
  const target = flags.bool('all-namespaces') ? 'all namespaces' : `namespace: ${namespace}`;
  if (flags.bool('verbose')) await ctl.err(ranText(target, result));
  const shown = result.messages.filter(({ level }) => levels.indexOf(level) <= levels.indexOf(thresholds.output));
  await ctl.out(`${print(ctl, shown, format)}\n`);
  if (shown.length === 0) await ctl.err(nothingFound(files, problems.length > 0, target));
  if (format !== 'log') return 0;
  if (result.messages.some(({ level }) => levels.indexOf(level) <= levels.indexOf(thresholds.failure))) {
    const more = `See ${documentation} for more information about causes and resolutions.`;
    throw new IstioctlError(`Analyzers found issues when analyzing ${target}.\n${more}`, exitCodes.issues);
  }
  if (problems.length > 0 && !flags.bool('ignore-unknown'))
    throw new IstioctlError("Some files couldn't be parsed.", exitCodes.unreadable);
  return 0;
}

function threshold(ctl: Istioctl, flag: string): Level {
  const given = ctl.flags.text(flag);
  const level = levels.find((each) => each.toUpperCase() === given.toUpperCase());
  if (level) return level;
  const problem = `invalid argument ${goQuote(given)} for "--${flag}" flag: invalid level option`;
  throw new IstioctlError(problem, exitCodes.usage);
}

function listOfAnalyzers(): string {
  const sorted = [...analyzers].sort((a, b) => (a.name < b.name ? -1 : 1));
  return sorted.map(({ name, description }) => `* ${name}:\n    ${description}\n`).join('');
}

/** The files of the command line; directories with all that lies below. */
async function gatherFiles(ctl: Istioctl, format: string): Promise<string[]> {
  const found: string[] = [];
  for (const argument of ctl.args) {
    if (argument === '-') {
      if (ctl.process.isTerminal(0) && format === 'log') await ctl.out('Reading from stdin:\n');
      found.push(argument);
      continue;
    }
    let paths: string[];
    try {
      ({ paths } = filesAt(ctl, argument));
    } catch (error) {
      throw new IstioctlError(statProblem(argument, error));
    }
    for (const path of paths) {
      if (isManifest(path)) found.push(path);
      else await ctl.err(`Skipping file ${path}, recognized file extensions are: [.json .yaml .yml]\n`);
    }
  }
  return found;
}

function namespaceExists(ctl: Istioctl): boolean {
  return ctl.api.get({ group: '', version: 'v1', resource: 'namespaces' }, undefined, ctl.namespace) !== undefined;
}

async function readSuppressions(ctl: Istioctl): Promise<Suppression[]> {
  const codes = Object.values(messageTypes).map(([code]) => String(code));
  const suppressions: Suppression[] = [];
  for (const text of ctl.flags.list('suppress')) {
    const [code, resource, ...more] = text.split('=');
    if (code === undefined || resource === undefined || more.length > 0)
      throw new IstioctlError(`${text} is not a valid suppression value. See istioctl analyze --help`);
    if (!codes.includes(code)) {
      const warning = `Warning: Supplied message code '${code}' is an unknown message code and will not have any effect.`;
      await ctl.err(`${warning}\n`);
    }
    suppressions.push({ code, resource });
  }
  return suppressions;
}

/** The resources of the files, and one error for each file that holds something unreadable. */
async function readFiles(ctl: Istioctl, files: readonly string[], namespace: string) {
  const resources: [KindName, Resource][] = [];
  const problems: string[] = [];
  for (const file of files) {
    const content = readFileContent(file, await ctl.readFile(file), { namespace, syntaxProblem });
    resources.push(...content.resources);
    for (const problem of content.problems)
      await ctl.err(`${formatMicros(ctl.process.kernel.now())}\twarn\tfile\t${problem} - skipping\n`);
    if (content.problems.length > 0)
      problems.push(`errors parsing content ${goQuote(file)}: ${multierror(content.problems)}`);
  }
  if (problems.length > 0) await ctl.err(`Error(s) adding files: ${multierror(problems)}`);
  return { resources, problems };
}

function syntaxProblem(text: string): string | undefined {
  try {
    readYaml(text);
    return undefined;
  } catch (error) {
    if (error instanceof YamlSyntaxError) return error.message;
    throw error;
  }
}

function fromCluster(ctl: Istioctl): [KindName, Resource][] {
  const list = (kind: Kind) => (ctl.api.serves(kind) ? ctl.api.list(kind) : undefined);
  return clusterResources(list, ctl.istioNamespace, ctl.flags.text('revision'));
}

/** From --meshConfigFile, else from the cluster, else Istio's defaults. */
async function meshOf(ctl: Istioctl, live: boolean): Promise<Pick<AnalysisOptions, 'mesh' | 'meshNetworks'>> {
  const file = ctl.flags.text('meshConfigFile');
  const configMap = { group: '', version: 'v1', resource: 'configmaps' };
  const { mesh = '', meshNetworks = '' } = (
    live ? (ctl.api.get(configMap, ctl.istioNamespace, 'istio')?.data ?? {}) : {}
  ) as Record<string, string>;
  const text = file ? await ctl.readFile(file).catch(() => mesh) : mesh;
  return { mesh: meshWithDefaults(readRecord(text) as MeshConfig), meshNetworks: readRecord(meshNetworks) };
}

/** What cannot be read counts as nothing: the defaults hold then. */
function readRecord(text: string): AnalysisOptions['meshNetworks'] & object {
  try {
    const value: unknown = parse(text);
    return typeof value === 'object' && value !== null ? (value as AnalysisOptions['meshNetworks'] & object) : {};
  } catch {
    return {};
  }
}

function ranText(target: string, { skipped, executed }: AnalysisResult): string {
  const list = (title: string, names: readonly string[]) =>
    names.length > 0 ? [title, ...names.map((name) => `\t ${name}`)] : [];
  const lines = [
    `Analyzed resources in ${target}`,
    ...list('Skipped analyzers:', skipped),
    ...list('Executed analyzers:', executed),
  ];
  return `${lines.join('\n')}\n\n`;
}

function nothingFound(files: readonly string[], unreadable: boolean, target: string): string {
  if (unreadable) return `No validation issues found when analyzing ${target} (but 1 file could not be parsed).\n`;
  const found = '✔ No validation issues found when analyzing';
  if (files.length > 1) return `${found}:\n  - ${files.join('\n  - ')}\n`;
  return `${found} ${files[0] ?? target}.\n`;
}

const colours: Record<Level, string> = { Info: '', Warning: '\u001b[33m', Error: '\u001b[1;31m' };

function print(ctl: Istioctl, messages: readonly Message[], format: string): string {
  if (format === 'json') return goJson(messages.map(plain), '\t');
  if (format === 'yaml') return printYaml(messages.map(plain));
  const dumb = (ctl.process.env.get('TERM') ?? '').toLowerCase() === 'dumb';
  const coloured = ctl.flags.changed('color') ? ctl.flags.bool('color') : ctl.process.isTerminal(1) && !dumb;
  const paint = coloured ? (level: Level) => `${colours[level]}${level}\u001b[0m` : undefined;
  return messages.map((message) => line(message, paint)).join('\n');
}

/** A message as JSON has it; keys in the order of the alphabet. */
function plain(message: Message): Record<string, string> {
  const { code, level, text, resource } = message;
  const place = reference(message);
  return {
    code,
    documentationUrl: `${documentation}/${code.toLowerCase()}/?ref=istioctl-analyze`,
    level,
    message: text,
    origin: friendlyName(resource),
    ...(place === undefined ? {} : { reference: place }),
  };
}
