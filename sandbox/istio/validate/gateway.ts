import type { JsonObject } from '../../kernel/json.ts';
import { Findings } from './findings.ts';
import {
  addressProblem,
  isHttp,
  isLabel,
  isTls,
  namespacedHost,
  parseProtocol,
  portProblem,
  quote,
  unixProblem,
} from './names.ts';
import { type IstioObject, isRecord, numberOf, objectsOf, textOf, textsOf } from './spec.ts';

/** Gateway (upstream ValidateGateway). */
export function validateGateway({ spec, metadata }: IstioObject): Findings {
  const findings = new Findings();
  const name = metadata.name ?? '';
  // Istio's own objects, made of a Gateway of the Gateway API, have freer names.
  const fromGatewayApi = metadata.annotations?.['internal.istio.io/gateway-semantics'] === 'gateway';
  if (!fromGatewayApi && !isLabel(name)) findings.error(`invalid gateway name: ${quote(name)}`);
  const servers = objectsOf(spec.servers);
  if (servers.length === 0) findings.error('gateway must have at least one server');
  for (const server of servers) findings.add(serverFindings(server, fromGatewayApi));
  const names = new Set<string>();
  for (const { port, tls } of servers) {
    if (!isRecord(port)) continue;
    const portName = textOf(port.name);
    if (names.has(portName)) findings.error(`port names in servers must be unique: duplicate name ${portName}`);
    names.add(portName);
    if (!isHttp(parseProtocol(textOf(port.protocol))) && isRecord(tls) && tls.httpsRedirect === true) {
      findings.warn('tls.httpsRedirect should only be used with http servers');
    }
  }
  return findings;
}

function serverFindings(server: JsonObject, fromGatewayApi: boolean): Findings {
  const findings = new Findings();
  const hosts = textsOf(server.hosts);
  if (hosts.length === 0) findings.error('server config must contain at least one host');
  for (const host of hosts) findings.add(namespacedHost(host, true, fromGatewayApi));
  const bind = textOf(server.bind);
  const portProblems = serverPort(server.port, bind);
  findings.add(portProblems);
  findings.add(serverBind(server.port, bind));
  const tls = isRecord(server.tls) ? server.tls : undefined;
  if (tls) findings.add(serverTlsFindings(tls));
  if (portProblems.failed || !isRecord(server.port)) return findings;
  const protocol = parseProtocol(textOf(server.port.protocol));
  if (isTls(protocol) && !tls) findings.error('server must have TLS settings for HTTPS/TLS protocols');
  else if (!isTls(protocol) && tls) {
    if (!isHttp(protocol)) findings.error('server cannot have TLS settings for non HTTPS/TLS ports');
    else if (!passesThrough(tls) || tls.caCertificates || tls.privateKey || tls.serverCertificate) {
      findings.error('server cannot have TLS settings for plain text HTTP ports');
    }
  }
  return findings;
}

/** The mode of a server's TLS; the first of the enumeration goes without saying. */
const modeOf = (tls: JsonObject) => textOf(tls.mode) || 'PASSTHROUGH';
const passesThrough = (tls: JsonObject) => ['PASSTHROUGH', 'AUTO_PASSTHROUGH'].includes(modeOf(tls));

/** A port as Go's protobuf prints it. */
function describePort(port: JsonObject): string {
  const parts: string[] = [];
  if (port.number) parts.push(`number:${String(port.number)}`);
  if (port.protocol) parts.push(`protocol:${quote(textOf(port.protocol))}`);
  if (port.name) parts.push(`name:${quote(textOf(port.name))}`);
  if (port.targetPort) parts.push(`target_port:${String(port.targetPort)}`);
  return parts.join(' ');
}

function serverPort(port: unknown, bind: string): Findings {
  const findings = new Findings();
  if (!isRecord(port)) return findings.error('port is required');
  const protocol = textOf(port.protocol);
  if (!parseProtocol(protocol)) {
    findings.error(
      `invalid protocol ${quote(protocol)}, supported protocols are HTTP, HTTP2, GRPC, GRPC-WEB, MONGO, REDIS, MYSQL, TCP`,
    );
  }
  const number = numberOf(port.number);
  if (number > 0 || !bind.startsWith('unix://')) findings.error(portProblem(number));
  if (numberOf(port.targetPort) > 0) findings.error('targetPort has no impact on Gateways');
  if (!port.name) findings.error(`port name must be set: ${describePort(port)}`);
  return findings;
}

function serverBind(port: unknown, bind: string): Findings {
  const findings = new Findings();
  if (!bind.startsWith('unix://')) return bind === '' ? findings : findings.error(addressProblem(bind));
  findings.error(unixProblem(bind.slice('unix://'.length)));
  if (isRecord(port) && numberOf(port.number) !== 0) {
    findings.error(`port number must be 0 for unix domain socket: ${describePort(port)}`);
  }
  return findings;
}

const ciphers = new Set(
  (
    'ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384 ' +
    'ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305 ECDHE-ECDSA-AES128-SHA ECDHE-RSA-AES128-SHA ' +
    'ECDHE-ECDSA-AES256-SHA ECDHE-RSA-AES256-SHA AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-SHA AES256-SHA DES-CBC3-SHA'
  ).split(' '),
);

/** TLS of a server (upstream validateTLSOptions). */
export function serverTlsFindings(tls: JsonObject): Findings {
  const findings = new Findings();
  const suites = textsOf(tls.cipherSuites);
  if (['TLSV1_0', 'TLSV1_1'].includes(textOf(tls.minProtocolVersion)) && suites.length === 0) {
    findings.warn(
      'TLS version below TLSV1_2 require setting compatible ciphers as by default they no longer include compatible ciphers.',
    );
  }
  const list = (items: Iterable<string>) => `[${[...new Set(items)].sort().join(' ')}]`;
  const invalid = suites.filter((suite) => !ciphers.has(suite));
  const twice = suites.filter((suite, index) => ciphers.has(suite) && suites.indexOf(suite) < index);
  if (invalid.length > 0) findings.warn(`ignoring invalid cipher suites: ${list(invalid)}`);
  if (twice.length > 0) findings.warn(`ignoring duplicate cipher suites: ${list(twice)}`);
  const mode = modeOf(tls);
  const certificates = objectsOf(tls.tlsCertificates);
  const names = textsOf(tls.credentialNames);
  if (mode === 'ISTIO_MUTUAL') {
    const unwanted: [unknown, string][] = [
      [tls.serverCertificate, 'server certificate'],
      [tls.privateKey, 'private key'],
      [tls.caCertificates, 'CA bundle'],
      [certificates.length, 'tlsCertificates'],
      [tls.credentialName, 'credentialName'],
      [names.length, 'credentialNames'],
    ];
    for (const [value, what] of unwanted) if (value) findings.error(`ISTIO_MUTUAL TLS cannot have associated ${what}`);
    return findings;
  }
  const credential = Boolean(tls.credentialName) || names.length > 0;
  const anyCertificate =
    tls.caCrl || tls.serverCertificate || tls.privateKey || tls.caCertificates || certificates.length;
  if (passesThrough(tls) && (anyCertificate || credential)) {
    findings.warn(`${mode} mode does not use certificates, they will be ignored`);
  }
  const sources = [
    tls.serverCertificate && tls.privateKey,
    tls.credentialName,
    names.length > 0,
    certificates.length > 0,
  ].filter(Boolean).length;
  if (sources > 1) {
    findings.error(
      'only one of credential_name, credential_names, server_certificate/private_key, tls_certificates should be specified',
    );
  }
  const mutual = mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL';
  if (mode !== 'SIMPLE' && !mutual) return findings;
  if (credential) return findings;
  const prefix = mutual ? 'MUTUAL TLS' : 'SIMPLE TLS';
  if (mutual && !tls.caCertificates) findings.error(`${prefix} requires a client CA bundle`);
  if (certificates.length > 2) findings.warn(`${prefix} can support up to 2 server certificates`);
  for (const certificate of certificates.length > 0 ? certificates : [tls]) {
    if (!certificate.serverCertificate) findings.error(`${prefix} requires a server certificate`);
    if (!certificate.privateKey) findings.error(`${prefix} requires a private key`);
  }
  if (tls.caCrl && !mutual) findings.error('CRL is not supported with SIMPLE TLS');
  return findings;
}
