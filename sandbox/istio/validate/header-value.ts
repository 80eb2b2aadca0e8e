/** What is wrong with a header's value for Envoy: control characters, or a `%` that begins no variable (upstream validateHeaderValue). */
export function headerValueProblem(value: string): string | undefined {
  for (const sign of value) {
    const code = sign.charCodeAt(0);
    if ((code < 0x20 && code !== 9) || code === 0x7f) return `header value configuration ${value} is invalid`;
  }
  const problem = variableProblem(value);
  return problem && `header value configuration: invalid header configuration. ${problem}`;
}

function variableProblem(value: string): string | undefined {
  for (let at = value.indexOf('%'); at >= 0; at = value.indexOf('%', at)) {
    if (at === value.length - 1) return 'Un-escaped %';
    if (value[at + 1] === '%') {
      at += 2;
      continue;
    }
    const end = variableEnd(value, at + 1);
    if (typeof end === 'string') return end;
    at = end;
  }
  return undefined;
}

/** Where `VAR%` or `VAR(…)%` ends, or what is wrong with it. */
function variableEnd(value: string, start: number): number | string {
  const unterminated = `Un-terminated variable expression '${value}'`;
  const name = /^[^%(]*/.exec(value.slice(start))?.[0].length ?? 0;
  let at = start + name;
  if (at >= value.length) return unterminated;
  if (value[at] === '%') return at + 1;
  while (at < value.length && value[at] !== ')') at += value[at] === '\\' ? 2 : 1;
  for (at++; at < value.length; at++) {
    if (value[at] === '%') return at + 1;
    if (value[at] !== ' ') return "Expecting '%' or whitespace after";
  }
  return unterminated;
}
