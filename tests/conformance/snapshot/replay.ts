/** A fresh process: `replay.ts SNAPSHOT SEED FROM` restores and prints the rest of the transcript as JSON. */
import { readFileSync } from 'node:fs';
import { Session } from '../../../sandbox/lesson/session.ts';
import { turn } from '../../../sandbox/node/host.ts';
import { moves, perform } from './script.ts';

const [file, seed, from] = process.argv.slice(2);
const session = Session.restore(JSON.parse(readFileSync(file as string, 'utf8')), turn);
const transcript = await perform(session, moves(Number(seed)), Number(from));
process.stdout.write(JSON.stringify(transcript));
