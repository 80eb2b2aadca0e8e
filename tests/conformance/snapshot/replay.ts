/** A fresh process: `replay.ts SNAPSHOT SEED FROM TO` restores and prints the transcript from move FROM up to TO as JSON. */
import { readFileSync } from 'node:fs';
import { Session } from '../../../sandbox/lesson/session.ts';
import { turn } from '../../../sandbox/node/host.ts';
import { moves, perform } from './script.ts';

const [file, seed, from, to] = process.argv.slice(2);
const session = Session.restore(JSON.parse(readFileSync(file as string, 'utf8')), turn);
const transcript = await perform(session, moves(Number(seed)).slice(0, Number(to)), Number(from));
process.stdout.write(JSON.stringify(transcript));
