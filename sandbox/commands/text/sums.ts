import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { Program } from '../../kernel/process.ts';
import { readWhole, text } from '../lib/input.ts';
import { type Invocation, tool } from '../lib/tool.ts';

type Hash = (bytes: Uint8Array) => Uint8Array;

const hexadecimal = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** md5sum(1) and its like, with `-c`. */
function sum(hash: Hash, digits: number): Program {
  return tool(
    {
      usage: '[OPTION]... [FILE]...',
      short: 'bctz',
      long: { check: 'c', binary: 'b', text: 't', quiet: 'quiet', status: 'status' },
    },
    async (run) => {
      if (run.options.has('c')) return check(run, hash, digits);
      for (const name of run.inputs) {
        const file = await run.open(name);
        if (!file) continue;
        const digest = hexadecimal(hash(await readWhole(file, run.process.cancellation)));
        run.print(`${digest} ${run.options.has('b') ? '*' : ' '}${name}\n`);
      }
      return undefined;
    },
  );
}

async function check(run: Invocation, hash: Hash, digits: number): Promise<number> {
  let failed = 0;
  for (const list of run.inputs) {
    const listFile = await run.open(list);
    if (!listFile) continue;
    for (const line of text(await readWhole(listFile, run.process.cancellation)).split('\n')) {
      const [, digest, name] = /^([0-9a-fA-F]+) [ *](.*)$/.exec(line) ?? [];
      if (digest?.length !== digits || name === undefined) continue;
      const file = await run.open(name);
      const same = file && hexadecimal(hash(await readWhole(file, run.process.cancellation))) === digest.toLowerCase();
      if (!same) failed++;
      if (!run.options.has('status') && !(same && run.options.has('quiet'))) {
        run.print(`${name}: ${same ? 'OK' : file ? 'FAILED' : 'FAILED open or read'}\n`);
      }
    }
  }
  if (failed > 0) {
    await run.complain(`WARNING: ${failed} computed checksum${failed === 1 ? '' : 's'} did NOT match`);
  }
  return failed > 0 ? 1 : run.status;
}

export const md5sum = sum(md5, 32);
export const sha1sum = sum(sha1, 40);
export const sha256sum = sum(sha256, 64);
export const sha512sum = sum(sha512, 128);
