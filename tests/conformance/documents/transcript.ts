/** A document's expected transcript, as the head of each file in `documents/` says, and how it is judged. */

export interface Document {
  title: string;
  start: {
    istio: string;
    kubernetes: string;
    profile: 'demo' | 'default';
    labels?: Record<string, Record<string, string>>;
  };
  steps: Step[];
}

export interface Step {
  id: string;
  variant: string;
  command: string;
  run: boolean;
  input?: string;
  expect?: Expectation;
  proof?: (Omit<Expectation, 'within'> & { command: string })[];
}

export interface Expectation {
  exitCode?: number;
  stdout?: Matcher;
  stderr?: Matcher;
  /** Poll at most so many seconds of cluster time. */
  within?: number;
}

export interface Matcher {
  lines?: string[];
  contains?: string[];
  notContains?: string[];
  matches?: string[];
}

export interface Output {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Where steps run: a session's shell and its clock. */
export interface Stage {
  run(command: string, input?: string): Promise<Output>;
  advance(seconds: number): Promise<void>;
}

function mismatches(name: string, text: string, matcher: Matcher | undefined): string[] {
  if (!matcher) return [];
  const plain = text.replaceAll('\r\n', '\n');
  const found: string[] = [];
  if (matcher.lines) {
    const lines = plain.split('\n').map((line) => line.trimEnd());
    if (lines.at(-1) === '') lines.pop();
    if (JSON.stringify(lines) !== JSON.stringify(matcher.lines.map((line) => line.trimEnd()))) {
      found.push(`${name} is not ${JSON.stringify(matcher.lines)}`);
    }
  }
  for (const part of matcher.contains ?? [])
    if (!plain.includes(part)) found.push(`${name} lacks ${JSON.stringify(part)}`);
  for (const part of matcher.notContains ?? [])
    if (plain.includes(part)) found.push(`${name} has ${JSON.stringify(part)}`);
  for (const regex of matcher.matches ?? [])
    if (!new RegExp(regex, 'm').test(plain)) found.push(`${name} does not match /${regex}/`);
  return found;
}

export function judge(output: Output, expected: Expectation): string[] {
  const found = [
    ...mismatches('stdout', output.stdout, expected.stdout),
    ...mismatches('stderr', output.stderr, expected.stderr),
  ];
  if (expected.exitCode !== undefined && output.exitCode !== expected.exitCode) {
    found.push(`exit code ${output.exitCode} is not ${expected.exitCode}`);
  }
  return found;
}

async function hold(
  stage: Stage,
  command: string,
  input: string | undefined,
  expected: Expectation,
  within: number,
): Promise<string[]> {
  for (let second = 0; ; second++) {
    const output = await stage.run(command, input);
    const found = judge(output, expected);
    if (found.length === 0) return [];
    if (second >= within) return [...found, `stdout: ${output.stdout}`, `stderr: ${output.stderr}`];
    await stage.advance(1);
  }
}

/** Runs a step and its proofs; what does not hold, in words. */
export async function play(stage: Stage, step: Step): Promise<string[]> {
  const found = await hold(stage, step.command, step.input, step.expect ?? {}, step.expect?.within ?? 0);
  for (const proof of step.proof ?? []) {
    const failed = await hold(stage, proof.command, undefined, proof, 30);
    if (failed.length > 0) found.push(`proof ${proof.command}`, ...failed);
  }
  return found.map((text) => `${step.id}: ${text}`);
}

/** A matcher that the real component refutes (disputed.yaml). */
export interface Dispute {
  document: string;
  step: string;
  /** `stdout.lines`, `stderr.contains`, of the step or of one of its proofs (from 0): `proof[1].stdout.lines`. */
  matcher: string;
  proof: string;
}

/** The step without its disputed matchers; throws where a dispute names a matcher that is not there. */
export function withoutDisputes(step: Step, disputes: readonly Dispute[]): Step {
  const own = disputes.filter((dispute) => dispute.step === step.id);
  if (own.length === 0) return step;
  const copy = structuredClone(step);
  for (const { matcher } of own) {
    const [, proof, stream, kind] = /^(?:proof\[(\d+)\]\.)?(stdout|stderr)\.(\w+)$/.exec(matcher) ?? [];
    const expected = proof === undefined ? copy.expect : copy.proof?.[Number(proof)];
    const matchers = expected?.[stream as 'stdout' | 'stderr'];
    if (matchers?.[kind as keyof Matcher] === undefined) {
      throw new Error(`disputed.yaml: ${step.id} has no matcher ${matcher}`);
    }
    delete matchers[kind as keyof Matcher];
  }
  return copy;
}
