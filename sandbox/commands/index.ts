import type { Program } from '../kernel/process.ts';
import { curl } from './curl/index.ts';
import { ls } from './files/ls.ts';
import { egrep, fgrep, grep } from './grep/index.ts';
import { env, printenv } from './processes/env.ts';
import { sleep, time, timeout, watch } from './processes/time.ts';
import { echo, fail, noEditor, printf, seq, succeed, yes } from './small/print.ts';
import { test } from './small/test.ts';
import { cat } from './text/cat.ts';
import { head } from './text/head.ts';
import { tail } from './text/tail.ts';

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
  base64: lazy(async () => (await import('./text/base64.ts')).base64),
  basename: lazy(async () => (await import('./small/names.ts')).basename),
  cat,
  chmod: lazy(async () => (await import('./files/change.ts')).chmod),
  cp: lazy(async () => (await import('./files/change.ts')).cp),
  curl,
  cut: lazy(async () => (await import('./text/cut.ts')).cut),
  date: lazy(async () => (await import('./small/date.ts')).date),
  diff: lazy(async () => (await import('./text/diff.ts')).diff),
  dig: lazy(async () => (await import('./network/nslookup.ts')).dig),
  dirname: lazy(async () => (await import('./small/names.ts')).dirname),
  echo,
  egrep,
  env,
  false: fail,
  fgrep,
  find: lazy(async () => (await import('./files/find.ts')).find),
  grep,
  head,
  hostname: lazy(async () => (await import('./small/system.ts')).hostname),
  id: lazy(async () => (await import('./small/system.ts')).id),
  jq: lazy(async () => (await import('./jq/index.ts')).jq),
  kill: lazy(async () => (await import('./small/system.ts')).kill),
  ln: lazy(async () => (await import('./files/change.ts')).ln),
  ls,
  md5sum: lazy(async () => (await import('./text/sums.ts')).md5sum),
  mkdir: lazy(async () => (await import('./files/change.ts')).mkdir),
  mv: lazy(async () => (await import('./files/change.ts')).mv),
  nano: noEditor,
  nc: lazy(async () => (await import('./network/nc.ts')).nc),
  nslookup: lazy(async () => (await import('./network/nslookup.ts')).nslookup),
  openssl: lazy(async () => (await import('./openssl/index.ts')).openssl),
  paste: lazy(async () => (await import('./text/paste.ts')).paste),
  printenv,
  printf,
  ps: lazy(async () => (await import('./small/system.ts')).ps),
  readlink: lazy(async () => (await import('./small/names.ts')).readlink),
  realpath: lazy(async () => (await import('./small/names.ts')).realpath),
  rm: lazy(async () => (await import('./files/change.ts')).rm),
  rmdir: lazy(async () => (await import('./files/change.ts')).rmdir),
  sed: lazy(async () => (await import('./sed/index.ts')).sed),
  seq,
  sha1sum: lazy(async () => (await import('./text/sums.ts')).sha1sum),
  sha256sum: lazy(async () => (await import('./text/sums.ts')).sha256sum),
  sha512sum: lazy(async () => (await import('./text/sums.ts')).sha512sum),
  sleep,
  sort: lazy(async () => (await import('./text/sort.ts')).sort),
  tail,
  tcpdump: lazy(async () => (await import('./tcpdump/index.ts')).tcpdump),
  tee: lazy(async () => (await import('./text/tee.ts')).tee),
  test,
  time,
  timeout,
  touch: lazy(async () => (await import('./files/change.ts')).touch),
  tr: lazy(async () => (await import('./text/tr.ts')).tr),
  true: succeed,
  uname: lazy(async () => (await import('./small/system.ts')).uname),
  uniq: lazy(async () => (await import('./text/uniq.ts')).uniq),
  vi: noEditor,
  vim: noEditor,
  watch,
  wc: lazy(async () => (await import('./text/wc.ts')).wc),
  which: lazy(async () => (await import('./small/system.ts')).which),
  whoami: lazy(async () => (await import('./small/system.ts')).whoami),
  xargs: lazy(async () => (await import('./processes/xargs.ts')).xargs),
  yes,
};
