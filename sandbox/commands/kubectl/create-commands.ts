import type { Command } from './command.ts';

export const createCommands: readonly Command[] = [];
