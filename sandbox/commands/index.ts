import type { Program } from '../kernel/process.ts';
import { curl } from './curl/index.ts';
import * as change from './files/change.ts';
import { ls } from './files/ls.ts';
import { egrep, fgrep, grep } from './grep/index.ts';
import { env, printenv } from './processes/env.ts';
import { sleep, time, timeout, watch } from './processes/time.ts';
import { xargs } from './processes/xargs.ts';
import { sed } from './sed/index.ts';
import { date } from './small/date.ts';
import * as names from './small/names.ts';
import { echo, fail, noEditor, printf, seq, succeed, yes } from './small/print.ts';
import * as system from './small/system.ts';
import { test } from './small/test.ts';
import { base64 } from './text/base64.ts';
import { cat } from './text/cat.ts';
import { cut } from './text/cut.ts';
import { head } from './text/head.ts';
import { paste } from './text/paste.ts';
import { sort } from './text/sort.ts';
import { tail } from './text/tail.ts';
import { tee } from './text/tee.ts';
import { tr } from './text/tr.ts';
import { uniq } from './text/uniq.ts';
import { wc } from './text/wc.ts';

/**
 * A program whose code comes when it is first run. The clock stands still meanwhile (`Kernel.hold`), so when that was makes
 * no difference to anything in the cluster.
 */
export function lazy(load: () => Promise<Program>): Program {
  let program: Program | undefined;
  return async (process) => {
    program ??= await process.kernel.hold(load());
    return program(process);
  };
}

/** Every program that images and the learner's computer choose from, by name. */
export const programs: Readonly<Record<string, Program>> = {
  '[': test,
  awk: lazy(async () => (await import('./awk/index.ts')).awk),
  base64,
  basename: names.basename,
  cat,
  chmod: change.chmod,
  cp: change.cp,
  curl,
  cut,
  date,
  diff: lazy(async () => (await import('./text/diff.ts')).diff),
  dig: lazy(async () => (await import('./network/nslookup.ts')).dig),
  dirname: names.dirname,
  echo,
  egrep,
  env,
  false: fail,
  fgrep,
  find: lazy(async () => (await import('./files/find.ts')).find),
  grep,
  head,
  hostname: system.hostname,
  id: system.id,
  jq: lazy(async () => (await import('./jq/index.ts')).jq),
  kill: system.kill,
  ln: change.ln,
  ls,
  md5sum: lazy(async () => (await import('./text/sums.ts')).md5sum),
  mkdir: change.mkdir,
  mv: change.mv,
  nano: noEditor,
  nc: lazy(async () => (await import('./network/nc.ts')).nc),
  nslookup: lazy(async () => (await import('./network/nslookup.ts')).nslookup),
  openssl: lazy(async () => (await import('./openssl/index.ts')).openssl),
  paste,
  printenv,
  printf,
  ps: system.ps,
  readlink: names.readlink,
  realpath: names.realpath,
  rm: change.rm,
  rmdir: change.rmdir,
  sed,
  seq,
  sha1sum: lazy(async () => (await import('./text/sums.ts')).sha1sum),
  sha256sum: lazy(async () => (await import('./text/sums.ts')).sha256sum),
  sha512sum: lazy(async () => (await import('./text/sums.ts')).sha512sum),
  sleep,
  sort,
  tail,
  tee,
  test,
  time,
  timeout,
  touch: change.touch,
  tr,
  true: succeed,
  uname: system.uname,
  uniq,
  vi: noEditor,
  vim: noEditor,
  watch,
  wc,
  which: system.which,
  whoami: system.whoami,
  xargs,
  yes,
};
