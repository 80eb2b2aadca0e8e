/** Paths of members that occur twice in one object of a JSON text; the text is valid JSON (if not: none). */
export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  let at = 0;

  const space = () => {
    while (at < text.length && ' \t\n\r'.includes(text[at] as string)) at++;
  };
  const string = (): string => {
    const start = at++;
    while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    return text.slice(start, ++at);
  };
  const value = (path: string): void => {
    space();
    if (text[at] === '{') object(path);
    else if (text[at] === '[') list(path);
    else if (text[at] === '"') string();
    else while (at < text.length && !',]}'.includes(text[at] as string)) at++;
    space();
  };
  const object = (path: string): void => {
    const seen = new Set<string>();
    at++;
    for (space(); at < text.length && text[at] !== '}'; space()) {
      const key = JSON.parse(string()) as string;
      const below = path === '' ? key : `${path}.${key}`;
      if (seen.has(key) && !found.includes(below)) found.push(below);
      seen.add(key);
      space();
      at++; // the colon
      value(below);
      if (text[at] === ',') at++;
    }
    at++;
  };
  const list = (path: string): void => {
    at++;
    for (let index = 0; at < text.length && text[at] !== ']'; index++) {
      value(`${path}[${index}]`);
      if (text[at] === ',') at++;
    }
    at++;
  };

  try {
    value('');
  } catch {
    return []; // no JSON after all
  }
  return found;
}
