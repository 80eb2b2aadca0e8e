/**
 * The rules for names, as k8s.io/apimachinery/pkg/util/validation has them. Each answers what is wrong with a text, in
 * Kubernetes' words; nothing wrong: an empty list.
 */
const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualifiedName = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?';

const matchers = new Map<string, RegExp>();

function matches(text: string, pattern: string): boolean {
  let matcher = matchers.get(pattern);
  if (!matcher) {
    matcher = new RegExp(`^(?:${pattern})$`);
    matchers.set(pattern, matcher);
  }
  return matcher.test(text);
}

function lengthError(limit: number): string {
  return `must be no more than ${limit} bytes`;
}

function regexError(message: string, pattern: string, ...examples: string[]): string {
  const said = examples.map((example) => `'${example}', `).join('or ');
  return `${message} (e.g. ${said}regex used for validation is '${pattern}')`;
}

function check(text: string, pattern: string, limit: number, words: string, ...examples: string[]): string[] {
  const errors: string[] = [];
  if (text.length > limit) errors.push(lengthError(limit));
  if (!matches(text, pattern)) errors.push(regexError(words, pattern, ...examples));
  return errors;
}

export function dns1123Label(text: string): string[] {
  const words =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', " +
    'and must start and end with an alphanumeric character';
  return check(text, label, 63, words, 'my-name', '123-abc');
}

export function dns1123Subdomain(text: string): string[] {
  const words =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', " +
    'and must start and end with an alphanumeric character';
  return check(text, subdomain, 253, words, 'example.com');
}

export function dns1035Label(text: string): string[] {
  const words =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, " +
    'and end with an alphanumeric character';
  return check(text, label1035, 63, words, 'my-name', 'abc-123');
}

/** Names that only have to fit into a URL's path (roles). */
export function pathSegment(text: string): string[] {
  if (text === '.' || text === '..') return [`may not be '${text}'`];
  return ['/', '%'].filter((part) => text.includes(part)).map((part) => `may not contain '${part}'`);
}

/** Keys of labels and annotations: `app`, `example.com/name`. */
export function qualified(text: string): string[] {
  const parts = text.split('/');
  const name = parts.at(-1) as string;
  const words =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const nameErrors = () => {
    const errors: string[] = [];
    if (name === '') errors.push('name part must be non-empty');
    else if (name.length > 63) errors.push(`name part ${lengthError(63)}`);
    if (!matches(name, qualifiedName)) {
      errors.push(`name part ${regexError(words, qualifiedName, 'MyName', 'my.name', '123-abc')}`);
    }
    return errors;
  };
  if (parts.length === 1) return nameErrors();
  if (parts.length === 2) {
    const prefix = parts[0] as string;
    const prefixErrors =
      prefix === ''
        ? ['prefix part must be non-empty']
        : dns1123Subdomain(prefix).map((message) => `prefix part ${message}`);
    return [...prefixErrors, ...nameErrors()];
  }
  const whole = regexError(words, qualifiedName, 'MyName', 'my.name', '123-abc');
  return [`a qualified name ${whole} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
}

export function labelValueErrors(text: string): string[] {
  const words =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', " +
    'and must start and end with an alphanumeric character';
  return check(text, labelValue, 63, words, 'MyValue', 'my_value', '12345');
}

/** Names of environment variables, since 1.34 any printable ASCII character except `=`. */
export function envName(text: string): string[] {
  const words = "a valid environment variable name must consist only of printable ASCII characters other than '='";
  return matches(text, '[ -<>-~]+') ? [] : [words];
}

/** Keys of ConfigMaps and Secrets. */
export function configKey(text: string): string[] {
  const errors: string[] = [];
  const pattern = '[-._a-zA-Z0-9]+';
  if (text.length > 253) errors.push(lengthError(253));
  if (!matches(text, pattern)) {
    const words = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    errors.push(regexError(words, pattern, 'key.name', 'KEY_NAME', 'key-name'));
  }
  if (text === '.') errors.push("must not be '.'");
  else if (text === '..') errors.push("must not be '..'");
  else if (text.startsWith('..')) errors.push("must not start with '..'");
  return errors;
}

/** Names of ports of containers and services: IANA service names. */
export function portName(text: string): string[] {
  const errors: string[] = [];
  if (text.length > 15) errors.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]*$/.test(text)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(text)) errors.push('must contain at least one letter (a-z)');
  if (text.includes('--')) errors.push('must not contain consecutive hyphens');
  if (text.length > 0 && (text.startsWith('-') || text.endsWith('-'))) {
    errors.push('must not begin or end with a hyphen');
  }
  return errors;
}

export function portNumber(port: number): string[] {
  return port >= 1 && port <= 65535 ? [] : ['must be between 1 and 65535, inclusive'];
}
