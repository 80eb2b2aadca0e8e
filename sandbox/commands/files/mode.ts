/** The permission bits that `755`, `u+x`, `go-w,a=r` make of `before`; undefined if the text is no mode. */
export function parseMode(text: string, before: number, directory: boolean): number | undefined {
  if (/^[0-7]{1,4}$/.test(text)) return Number.parseInt(text, 8);
  let mode = before;
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)((?:[-+=][rwxXst]*)+)$/.exec(clause);
    if (!match) return undefined;
    const who = match[1] === '' || match[1]?.includes('a') ? 'ugo' : (match[1] as string);
    for (const [, operator, letters = ''] of (match[2] as string).matchAll(/([-+=])([rwxXst]*)/g)) {
      let three = 0;
      if (letters.includes('r')) three |= 4;
      if (letters.includes('w')) three |= 2;
      if (letters.includes('x') || (letters.includes('X') && (directory || before & 0o111))) three |= 1;
      // Without letters for whom, the umask (022) keeps group and others from write.
      const shifts = [...who].map((one) => ({ u: 6, g: 3, o: 0 })[one as 'u']);
      let bits = shifts.reduce((sum, shift) => sum | (three << shift), 0);
      if (match[1] === '') bits &= ~0o022;
      if (letters.includes('t')) bits |= 0o1000;
      const mask = shifts.reduce((sum, shift) => sum | (7 << shift), 0);
      if (operator === '+') mode |= bits;
      else if (operator === '-') mode &= ~bits;
      else mode = (mode & ~mask) | bits;
    }
  }
  return mode;
}
