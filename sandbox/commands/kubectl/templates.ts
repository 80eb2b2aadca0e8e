import { decode } from '../../kernel/streams.ts';
import { customColumnsFilePrinter, customColumnsPrinter } from './custom-columns.ts';
import { KubectlError } from './errors.ts';
import { goTemplatePrinter } from './go-template.ts';
import { jsonPathPrinter } from './jsonpath-printer.ts';
import type { Kubectl } from './kubectl.ts';
import type { KubeObject } from './objects.ts';
import { jsonPathFormats, listItems, templateFormats } from './printers.ts';

export { sortByField } from './sorting.ts';

/** The printer of a format that takes a template; undefined for other formats. */
export function templatePrinter(k: Kubectl, format: string): ((object: KubeObject) => string) | undefined {
  const equal = format.indexOf('=');
  const name = equal < 0 ? format : format.slice(0, equal);
  let argument = equal < 0 ? '' : format.slice(equal + 1);
  const all = [...templateFormats, ...jsonPathFormats, 'custom-columns', 'custom-columns-file'];
  if (!all.includes(name)) return undefined;
  if (argument === '') argument = k.flags.text('template');
  const allowMissingKeys = k.flags.bool('allow-missing-template-keys');
  if (name.startsWith('custom-columns')) {
    const noHeaders = k.flags.bool('no-headers');
    if (name === 'custom-columns') {
      const print = customColumnsPrinter(argument, noHeaders);
      return (object) => print(listItems(object));
    }
    const print = customColumnsFilePrinter(templateFile(k, argument, 'error reading template'), noHeaders);
    return (object) => print(listItems(object));
  }
  if (argument === '') throw new KubectlError('template format specified but no template given');
  if (name === 'jsonpath-file') {
    return jsonPathPrinter(templateFile(k, argument), { asJson: false, allowMissingKeys });
  }
  if (jsonPathFormats.includes(name)) {
    return jsonPathPrinter(argument, { asJson: name === 'jsonpath-as-json', allowMissingKeys });
  }
  const template = name.endsWith('file') ? templateFile(k, argument) : argument;
  return goTemplatePrinter(template, allowMissingKeys);
}

function templateFile(k: Kubectl, path: string, failure = 'error reading --template'): string {
  const { files } = k.process.machine;
  const absolute = k.process.resolve(path);
  if (!files.exists(absolute)) {
    throw new KubectlError(`${failure} ${path}, open ${path}: no such file or directory\n`);
  }
  return decode(files.readFile(absolute));
}
