import { tool } from '../lib/tool.ts';

/** paste(1). */
export const paste = tool(
  { usage: '[OPTION]... [FILE]...', short: 'd:sz', long: { delimiters: 'd', serial: 's', 'zero-terminated': 'z' } },
  async (run) => {
    const { options } = run;
    const end = options.has('z') ? '\0' : '\n';
    const delimiters = [...(options.value('d') ?? '\t').matchAll(/\\([\s\S])|([\s\S])/gu)].map(([, escaped, plain]) =>
      escaped === undefined ? (plain as string) : ({ n: '\n', t: '\t', '0': '' }[escaped] ?? escaped),
    );
    const delimiter = (at: number) => delimiters[at % Math.max(1, delimiters.length)] ?? '';
    const files: string[][] = [];
    let standard: string[] | undefined;
    const dashes = run.inputs.filter((name) => name === '-').length;
    for (const name of run.inputs) {
      const lines: string[] = [];
      if (name !== '-' || !standard) {
        const input = await run.lines(name, end);
        if (!input) return 1;
        for await (const batch of input) lines.push(...batch.lines);
      }
      if (name === '-') standard ??= lines;
      files.push(name === '-' ? (standard as string[]) : lines);
    }
    const glue = (fields: string[]) =>
      fields.map((field, at) => (at === 0 ? field : delimiter(at - 1) + field)).join('');
    if (options.has('s')) {
      for (const lines of files) run.print(glue(lines) + end);
      return undefined;
    }
    // Several `-` take turns at the lines of standard input.
    const rows = Math.max(
      ...files.map((lines) => (lines === standard ? Math.ceil(lines.length / dashes) : lines.length)),
    );
    let next = 0;
    for (let row = 0; row < rows; row++) {
      run.print(glue(files.map((lines) => (lines === standard ? lines[next++] : lines[row]) ?? '')) + end);
    }
    return undefined;
  },
);
