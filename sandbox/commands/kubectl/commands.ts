import { annotate } from './annotate.ts';
import { apply } from './apply.ts';
import type { Command, LazyCommand } from './command.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import { describe } from './describe.ts';
import { exec } from './exec.ts';
import { get } from './get.ts';
import { label } from './label.ts';
import { logs } from './logs.ts';
import { patch } from './patch.ts';
import { replace } from './replace.ts';
import { rollout } from './rollout.ts';
import { scale } from './scale.ts';
import { wait } from './wait.ts';

/** The groups of `kubectl` without arguments, in its order. */
export const commandGroups = [
  'Basic Commands (Beginner):',
  'Basic Commands (Intermediate):',
  'Deploy Commands:',
  'Cluster Management Commands:',
  'Troubleshooting and Debugging Commands:',
  'Advanced Commands:',
  'Settings Commands:',
  'Subcommands provided by plugins:',
  'Other Commands:',
] as const;

const [beginner, intermediate, deploy, cluster, debugging, advanced, settings, , other] = commandGroups;

const here = (group: string, command: Command): LazyCommand => ({
  name: command.name,
  short: command.short,
  group,
  load: () => Promise.resolve(command),
});
void cluster;
void other;

export const commands: readonly LazyCommand[] = [
  here(beginner, create),
  here(intermediate, get),
  here(intermediate, remove),
  here(debugging, describe),
  here(debugging, logs),
  here(debugging, exec),
  here(deploy, rollout),
  here(deploy, scale),
  here(advanced, apply),
  here(advanced, patch),
  here(advanced, replace),
  here(advanced, wait),
  here(settings, label),
  here(settings, annotate),
];
