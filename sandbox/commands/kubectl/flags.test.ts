import { describe, expect, it } from 'vitest';
import { globalFlags, printFlags, selectorFlag } from './command.ts';
import { type Flag, firstArgument, formatDuration, parseDuration, parseFlags } from './flags.ts';

const flags: Flag[] = [
  ...printFlags,
  selectorFlag,
  { name: 'namespace', short: 'n', kind: 'string', usage: '' },
  { name: 'watch', short: 'w', kind: 'bool', usage: '' },
  { name: 'all', short: 'A', kind: 'bool', usage: '' },
  { name: 'tail', kind: 'int64', default: '-1', usage: '' },
  { name: 'timeout', kind: 'duration', usage: '' },
  { name: 'filename', short: 'f', kind: 'slice', usage: '' },
  { name: 'env', kind: 'array', usage: '' },
  { name: 'dry-run', kind: 'string', default: 'none', bare: 'unchanged', usage: '' },
];
const parse = (line: string) => parseFlags(line.split(' '), flags);

describe('parseFlags', () => {
  it.each([
    ['-nfoo', 'foo'],
    ['-n=foo', 'foo'],
    ['-n foo', 'foo'],
    ['--namespace foo', 'foo'],
    ['--namespace=foo', 'foo'],
    ['-wn foo', 'foo'],
    ['-n a -n b', 'b'],
  ])('%s', (line, namespace) => {
    expect(parse(line).text('namespace')).toBe(namespace);
  });

  it('keeps arguments in order and marks where -- stood', () => {
    const parsed = parse('pod x -c -- ls -l -- y'.replace(' -c', ' -w'));
    expect(parsed.args).toEqual(['pod', 'x', 'ls', '-l', '--', 'y']);
    expect(parsed.dash).toBe(2);
    expect(parsed.bool('watch')).toBe(true);
  });

  it('splits slices at commas, but not arrays', () => {
    const parsed = parse('-f a,b --filename=c --env x=1,2 --env y');
    expect(parsed.list('filename')).toEqual(['a', 'b', 'c']);
    expect(parsed.list('env')).toEqual(['x=1,2', 'y']);
  });

  it('gives flags without a value their bare one', () => {
    expect(parse('--dry-run').text('dry-run')).toBe('unchanged');
    expect(parse('--dry-run=client').text('dry-run')).toBe('client');
    expect(parse('x').text('dry-run')).toBe('none');
    expect(parse('--watch=false').bool('watch')).toBe(false);
  });

  // The words are pflag's, as `kubectl get …` 1.35.2 prints them.
  it.each([
    ['-z', "unknown shorthand flag: 'z' in -z"],
    ['-wzq', "unknown shorthand flag: 'z' in -zq"],
    ['--foo=1', 'unknown flag: --foo'],
    ['-n', "flag needs an argument: 'n' in -n"],
    ['--namespace', 'flag needs an argument: --namespace'],
    ['--=x', 'bad flag syntax: --=x'],
    ['--tail=abc', 'invalid argument "abc" for "--tail" flag: strconv.ParseInt: parsing "abc": invalid syntax'],
    ['-w=maybe', 'invalid argument "maybe" for "-w, --watch" flag: strconv.ParseBool: parsing "maybe": invalid syntax'],
    ['--timeout=5', 'invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"'],
    ['--timeout=x', 'invalid argument "x" for "--timeout" flag: time: invalid duration "x"'],
  ])('%s', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });
});

describe('firstArgument', () => {
  it.each([
    ['-n foo get pods', 2],
    ['--namespace=foo get', 1],
    ['-v=6 get', 1],
    ['--unknown value get', 2],
    ['-- get', undefined],
  ])('%s', (line, place) => {
    expect(firstArgument(line.split(' '), globalFlags)).toBe(place);
  });
});

describe('durations', () => {
  it.each([
    ['1m30s', 90_000, '1m30s'],
    ['1.5h', 5_400_000, '1h30m0s'],
    ['300ms', 300, '300ms'],
    ['-2s', -2000, '-2s'],
    ['0', 0, '0s'],
  ])('%s', (text, milliseconds, printed) => {
    expect(parseDuration(text)).toBe(milliseconds);
    expect(formatDuration(milliseconds)).toBe(printed);
  });
  it('refuses what is none', () => {
    expect(parseDuration('5')).toBeUndefined();
    expect(parseDuration('')).toBeUndefined();
  });
});
