import { encode } from '../kernel/streams.ts';
import { calendar } from '../kernel/time.ts';
import type { HttpRequest } from '../network/http.ts';
import { httpDate, type Site, type SiteAnswer, type SiteContext } from './site.ts';

/** CNN's edition behind Fastly: plain HTTP is redirected, TLS answers with a page. */
export const editionCnnCom: Site = {
  id: 'edition.cnn.com',
  hosts: [
    { name: 'edition.cnn.com', cname: 'cnn-tls.map.fastly.net' },
    { name: 'www.cnn.com', cname: 'cnn-tls.map.fastly.net' },
    {
      name: 'cnn-tls.map.fastly.net',
      ipv4: ['151.101.1.67', '151.101.65.67', '151.101.129.67', '151.101.193.67'],
      ipv6: ['2a04:4e42::323', '2a04:4e42:200::323', '2a04:4e42:400::323', '2a04:4e42:600::323'],
    },
  ],
  aliases: ['151.101.3.5', '151.101.67.5', '151.101.131.5', '151.101.195.5'],
  latency: 7,
  certificate: {
    subject: 'CN = *.api.cnn.com',
    issuer: 'C = BE, O = GlobalSign nv-sa, CN = GlobalSign Atlas R3 DV TLS CA 2025 Q4',
    subjectAltNames: ['*.api.cnn.com', '*.cnn.com', 'cnn.com', 'edition.cnn.com', 'www.cnn.com'],
    root: 'GlobalSign',
    age: 60,
    left: 130,
  },
  handle: (request, context) => (context.secure ? page(request, context) : redirect(request, context)),
};

function cacheHeaders(context: SiteContext): [string, string][] {
  return [
    ['accept-ranges', 'bytes'],
    ['date', httpDate(calendar(context.now))],
    ['via', '1.1 varnish'],
    ['x-served-by', `cache-fra-eddf82300${context.hex(2)}-FRA`],
  ];
}

function redirect(request: HttpRequest, context: SiteContext): SiteAnswer {
  const path = request.target.startsWith('/') ? request.target : '/';
  return {
    status: 301,
    headers: [
      ['server', 'Varnish'],
      ['retry-after', '0'],
      ['content-length', '0'],
      ['location', `https://${request.authority.replace(/:80$/, '')}${path}`],
      ...cacheHeaders(context),
      ['x-cache', 'HIT'],
      ['x-cache-hits', '0'],
      ['connection', 'close'],
    ],
    body: '',
    delay: 1,
  };
}

function page(request: HttpRequest, context: SiteContext): SiteAnswer {
  const [path = '/'] = request.target.split('?');
  const section = path.split('/')[1] ?? '';
  const title =
    section === '' ? 'Breaking News, Latest News and Videos' : `${section.charAt(0).toUpperCase()}${section.slice(1)}`;
  const items = [
    'World',
    'Politics',
    'Business',
    'Health',
    'Entertainment',
    'Style',
    'Travel',
    'Sports',
    'Science',
    'Climate',
    'Weather',
  ];
  const links = items.map((item) => `    <li><a href="/${item.toLowerCase()}">${item}</a></li>`).join('\n');
  const body = `<!DOCTYPE html>
<html lang="en" data-layout-uri="cms.cnn.com/_layouts/layout-homepage/instances/${section || 'homepage'}-intl">
<head>
  <meta charset="utf-8">
  <title>${title} | CNN</title>
  <link rel="canonical" href="https://${request.authority}${path}">
</head>
<body>
  <nav><ul>
${links}
  </ul></nav>
  <main><h1>${title}</h1></main>
</body>
</html>
`;
  return {
    status: 200,
    headers: [
      ['content-type', 'text/html; charset=utf-8'],
      ['cache-control', 'max-age=60'],
      ['x-content-type-options', 'nosniff'],
      ['x-xss-protection', '1; mode=block'],
      ['vary', 'Accept-Encoding, X-Theme-Config'],
      ...cacheHeaders(context),
      ['x-cache', 'HIT'],
      ['x-cache-hits', '2'],
      ['content-length', String(encode(body).length)],
    ],
    body,
    delay: 3,
  };
}
