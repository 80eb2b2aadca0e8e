import { encode } from '../kernel/streams.ts';
import { calendar } from '../kernel/time.ts';
import type { HttpRequest } from '../network/http.ts';
import { httpDate, type Site, type SiteAnswer, type SiteContext } from './site.ts';

/** Title of each language's main page (its path too) and what stands in the browser's title bar. */
const mainPages: Record<string, { page: string; title: string; wiki: string }> = {
  en: { page: 'Main_Page', title: 'Wikipedia, the free encyclopedia', wiki: 'Wikipedia' },
  de: { page: 'Wikipedia:Hauptseite', title: 'Wikipedia – Die freie Enzyklopädie', wiki: 'Wikipedia' },
  fr: {
    page: 'Wikipédia:Accueil_principal',
    title: "Wikipédia, l'encyclopédie libre",
    wiki: 'Wikipédia',
  },
  es: {
    page: 'Wikipedia:Portada',
    title: 'Wikipedia, la enciclopedia libre',
    wiki: 'Wikipedia, la enciclopedia libre',
  },
  it: { page: 'Pagina_principale', title: "Wikipedia, l'enciclopedia libera", wiki: 'Wikipedia' },
  ja: { page: 'メインページ', title: 'Wikipedia', wiki: 'Wikipedia' },
  nl: { page: 'Hoofdpagina', title: 'Wikipedia, de vrije encyclopedie', wiki: 'Wikipedia' },
  pl: {
    page: 'Wikipedia:Strona_główna',
    title: 'Wikipedia, wolna encyklopedia',
    wiki: 'Wikipedia, wolna encyklopedia',
  },
  pt: {
    page: 'Wikipédia:Página_principal',
    title: 'Wikipédia, a enciclopédia livre',
    wiki: 'Wikipédia, a enciclopédia livre',
  },
  ru: { page: 'Заглавная_страница', title: 'Википедия — свободная энциклопедия', wiki: 'Википедия' },
  zh: { page: 'Wikipedia:首页', title: '维基百科,自由的百科全书', wiki: '维基百科,自由的百科全书' },
};

const languages = Object.keys(mainPages);

/** Wikipedia in its languages behind Wikimedia's edge: plain HTTP is redirected, TLS answers with pages. */
export const wikipediaOrg: Site = {
  id: 'wikipedia.org',
  hosts: [
    ...['www', ...languages].map((name) => ({ name: `${name}.wikipedia.org`, cname: 'dyna.wikimedia.org' })),
    ...languages.map((name) => ({ name: `${name}.m.wikipedia.org`, cname: 'dyna.wikimedia.org' })),
    { name: 'wikipedia.org', ipv4: ['208.80.154.224'], ipv6: ['2620:0:861:ed1a::1'] },
    { name: 'dyna.wikimedia.org', ipv4: ['208.80.154.224'], ipv6: ['2620:0:861:ed1a::1'] },
  ],
  aliases: ['91.198.174.192', '103.102.166.224', '185.15.59.224', '198.35.26.96', '208.80.153.224'],
  latency: 42,
  certificate: {
    subject: 'CN = *.wikipedia.org',
    issuer: "C = US, O = Let's Encrypt, CN = E8",
    subjectAltNames: [
      ...['*.m.mediawiki.org', '*.m.wikibooks.org', '*.m.wikidata.org', '*.m.wikimedia.org', '*.m.wikinews.org'],
      ...['*.m.wikipedia.org', '*.m.wikiquote.org', '*.m.wikisource.org', '*.m.wikiversity.org', '*.m.wikivoyage.org'],
      ...['*.m.wiktionary.org', '*.mediawiki.org', '*.planet.wikimedia.org', '*.wikibooks.org', '*.wikidata.org'],
      ...['*.wikifunctions.org', '*.wikimedia.org', '*.wikimediafoundation.org', '*.wikinews.org', '*.wikipedia.org'],
      ...['*.wikiquote.org', '*.wikisource.org', '*.wikiversity.org', '*.wikivoyage.org', '*.wiktionary.org'],
      ...['*.wmfusercontent.org', 'mediawiki.org', 'w.wiki', 'wikibooks.org', 'wikidata.org', 'wikifunctions.org'],
      ...['wikimedia.org', 'wikimediafoundation.org', 'wikinews.org', 'wikipedia.org', 'wikiquote.org'],
      ...['wikisource.org', 'wikiversity.org', 'wikivoyage.org', 'wiktionary.org', 'wmfusercontent.org'],
    ],
    root: 'ISRG Root X1',
    age: 25,
    left: 65,
  },
  handle: (request, context) => (context.secure ? secure(request, context) : toHttps(request)),
};

/** The cache server that answers to a client: the same one every time. */
const cache = 'cp1106';

function toHttps(request: HttpRequest): SiteAnswer {
  return {
    status: 301,
    headers: [
      ['content-length', '0'],
      ['location', `https://${hostOf(request)}${request.target.startsWith('/') ? request.target : '/'}`],
      ['server', 'HAProxy'],
      ['x-cache', `${cache} int`],
      ['x-cache-status', 'int-tls'],
      ['connection', 'close'],
    ],
    body: '',
    delay: 1,
  };
}

function hostOf(request: HttpRequest): string {
  return request.authority.replace(/:\d+$/, '').toLowerCase();
}

function secure(request: HttpRequest, context: SiteContext): SiteAnswer {
  const host = hostOf(request);
  const [path = '/'] = request.target.split('?');
  if (host === 'wikipedia.org') return redirect(`https://www.wikipedia.org${request.target}`, context);
  if (host === 'www.wikipedia.org') return portal(path, context);
  const language = /^([a-z-]+)(?:\.m)?\.wikipedia\.org$/.exec(host)?.[1] ?? '';
  const main = mainPages[language];
  if (!main) return page(404, 'Wikimedia Error', '<h1>Domain not configured</h1>', 'en', context);
  const home = `https://${host}/wiki/${encodeURI(main.page)}`;
  if (path === '/' || path === '/wiki' || path === '/wiki/') return redirect(home, context);
  const name = path.startsWith('/wiki/') ? decoded(path.slice('/wiki/'.length)) : undefined;
  if (name === undefined) return page(404, '404 Not Found', '<h1>Not Found</h1>', language, context);
  if (name === main.page) return page(200, main.title, `<h1>${escaped(main.title)}</h1>`, language, context);
  const words = name.replaceAll('_', ' ');
  const title = `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  return page(200, `${title} - ${main.wiki}`, `<h1 id="firstHeading">${escaped(title)}</h1>`, language, context);
}

function portal(path: string, context: SiteContext): SiteAnswer {
  if (path !== '/') return page(404, '404 Not Found', '<h1>Not Found</h1>', 'en', context);
  const links = languages.map((name) => `<li><a href="//${name}.wikipedia.org/">${name}</a></li>`).join('\n');
  return page(200, 'Wikipedia', `<ul>\n${links}\n</ul>`, 'en', context);
}

function redirect(location: string, context: SiteContext): SiteAnswer {
  return {
    status: 301,
    headers: [
      ['date', httpDate(calendar(context.now))],
      ['location', location],
      ['content-type', 'text/html; charset=UTF-8'],
      ['content-length', '0'],
      ...edge,
    ],
    body: '',
    delay: 2,
  };
}

const edge: [string, string][] = [
  ['age', '35'],
  ['x-cache', `${cache} hit, ${cache} hit/9`],
  ['x-cache-status', 'hit-front'],
  ['server-timing', `cache;desc="hit-front", host;desc="${cache}"`],
  ['strict-transport-security', 'max-age=106384710; includeSubDomains; preload'],
];

function page(status: number, title: string, content: string, language: string, context: SiteContext): SiteAnswer {
  const body = `<!DOCTYPE html>
<html class="client-nojs" lang="${language}" dir="ltr">
<head>
<meta charset="UTF-8">
<title>${escaped(title)}</title>
</head>
<body>
${content}
</body>
</html>
`;
  return {
    status,
    headers: [
      ['date', httpDate(calendar(context.now))],
      ['server', 'mw-web.eqiad.main'],
      ['x-content-type-options', 'nosniff'],
      ['content-language', language],
      ['vary', 'Accept-Encoding,Cookie,Authorization'],
      ['content-type', 'text/html; charset=UTF-8'],
      ...edge,
      ['accept-ranges', 'bytes'],
      ['content-length', String(encode(body).length)],
    ],
    body,
    delay: 3,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
