import { encode } from '../kernel/streams.ts';
import { calendar } from '../kernel/time.ts';
import { httpDate, type Site } from './site.ts';

/** Google's front page: the same over HTTP and HTTPS; the bare name leads to www. */
export const wwwGoogleCom: Site = {
  id: 'www.google.com',
  hosts: [
    { name: 'www.google.com', ipv4: ['172.217.161.36'], ipv6: ['2404:6800:4004:80c::2004'] },
    { name: 'google.com', cname: 'www.google.com' },
  ],
  latency: 9,
  certificate: {
    subject: 'CN = www.google.com',
    issuer: 'C = US, O = Google Trust Services, CN = WR2',
    subjectAltNames: ['www.google.com', 'google.com'],
    root: 'GTS Root R1',
    age: 20,
    left: 60,
  },
  handle: (request, context) => {
    if (request.authority.replace(/:\d+$/, '') === 'google.com') {
      const location = `${context.secure ? 'https' : 'http'}://www.google.com${request.target}`;
      const body = `<HTML><HEAD><TITLE>301 Moved</TITLE></HEAD><BODY>\n<H1>301 Moved</H1>\nThe document has moved\n<A HREF="${location}">here</A>.\r\n</BODY></HTML>\r\n`;
      return {
        status: 301,
        headers: [
          ['location', location],
          ['content-type', 'text/html; charset=UTF-8'],
          ['date', httpDate(calendar(context.now))],
          ['server', 'gws'],
          ['content-length', String(encode(body).length)],
        ],
        body,
        delay: 8,
      };
    }
    const found = ['/', '/search', '/webhp'].includes(request.target.split('?')[0] ?? '/');
    const body = found
      ? '<!doctype html><html itemscope="" itemtype="http://schema.org/WebPage" lang="en"><head><meta charset="UTF-8"><title>Google</title></head><body></body></html>'
      : '<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n';
    return {
      status: found ? 200 : 404,
      headers: [
        ['date', httpDate(calendar(context.now))],
        ['expires', '-1'],
        ['cache-control', 'private, max-age=0'],
        ['content-type', found ? 'text/html; charset=ISO-8859-1' : 'text/html; charset=UTF-8'],
        ['server', 'gws'],
        ['x-xss-protection', '0'],
        ['x-frame-options', 'SAMEORIGIN'],
        ['content-length', String(encode(body).length)],
      ],
      body,
      delay: 12,
    };
  },
};
