import { encode } from '../../kernel/streams.ts';
import { openOutput } from '../lib/input.ts';
import { parseCount } from '../lib/numbers.ts';
import { UsageError } from '../lib/options.ts';
import { type Invocation, tool } from '../lib/tool.ts';

/** uniq(1). */
export const uniq = tool(
  {
    usage: '[OPTION]... [INPUT [OUTPUT]]',
    short: 'cdDf:is:uw:z',
    long: {
      count: 'c',
      repeated: 'd',
      'all-repeated': 'D',
      'skip-fields': 'f',
      'ignore-case': 'i',
      'skip-chars': 's',
      unique: 'u',
      'check-chars': 'w',
      'zero-terminated': 'z',
    },
  },
  async (run) => {
    const { options, operands } = run;
    if (operands.length > 2) throw new UsageError(`extra operand '${operands[2]}'`);
    const separator = options.has('z') ? '\0' : '\n';
    const input = await run.lines(operands[0] ?? '-', separator);
    if (!input) return 1;
    const key = keyOf(run);
    const target = operands[1] === undefined || operands[1] === '-' ? undefined : openOutput(run.process, operands[1]);
    let output = '';
    const emit = (lines: string[]) => {
      const repeated = lines.length > 1;
      if (options.has('D') ? !repeated : (options.has('d') && !repeated) || (options.has('u') && repeated)) return;
      for (const line of options.has('D') ? lines : [lines[0] as string]) {
        output += `${options.has('c') ? `${String(lines.length).padStart(7)} ` : ''}${line}${separator}`;
      }
    };
    let group: string[] = [];
    for await (const batch of input) {
      for (const line of batch.lines) {
        if (group.length > 0 && key(group[0] as string) === key(line)) group.push(line);
        else {
          if (group.length > 0) emit(group);
          group = [line];
        }
      }
      if (!target) run.print(output);
      else await target.write(encode(output));
      output = '';
      await run.flush();
    }
    if (group.length > 0) emit(group);
    if (target) await target.write(encode(output));
    else run.print(output);
    target?.close();
    return undefined;
  },
);

/** The part of a line that is compared. */
function keyOf({ options }: Invocation): (line: string) => string {
  const fields = parseCount(options.value('f') ?? '0', 'number of fields to skip');
  const skip = parseCount(options.value('s') ?? '0', 'number of bytes to skip');
  const width =
    options.value('w') === undefined
      ? undefined
      : parseCount(options.value('w') as string, 'number of bytes to compare');
  const head = new RegExp(`^(?:[ \\t]*[^ \\t]+){0,${fields}}`);
  return (line) => {
    let text = fields > 0 ? line.replace(head, '') : line;
    if (skip > 0) text = text.slice(skip);
    if (width !== undefined) text = text.slice(0, width);
    return options.has('i') ? text.toLowerCase() : text;
  };
}
