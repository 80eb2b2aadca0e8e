import type { JsonObject } from '../../kernel/json.ts';
import { connectionPoolFindings } from './destination-rule.ts';
import { Findings } from './findings.ts';
import { serverTlsFindings } from './gateway.ts';
import {
  addressProblem,
  fqdnProblem,
  isHttp,
  isTls,
  namespacedHost,
  parseProtocol,
  portNameProblem,
  portProblem,
  protocolProblem,
  quote,
  selectorFindings,
  unixProblem,
} from './names.ts';
import { destinationFindings } from './route-destination.ts';
import { type IstioObject, isRecord, labelsOf, numberOf, objectsOf, textOf, textsOf } from './spec.ts';

const unixPrefix = 'unix://';

/** Sidecar (upstream ValidateSidecar). */
export function validateSidecar({ spec, metadata }: IstioObject): Findings {
  const findings = new Findings();
  if (isRecord(spec.workloadSelector)) {
    const labels = labelsOf(spec.workloadSelector.labels);
    const problems = selectorFindings(labels);
    if (problems.failed) return problems;
    if (Object.keys(labels).length === 0) {
      findings.warn(
        'sidecar: workload selector specified without labels, will be applied to all services in namespace',
      );
    }
  }
  const [ingress, egress] = [objectsOf(spec.ingress), objectsOf(spec.egress)];
  if (
    ingress.length + egress.length === 0 &&
    !isRecord(spec.outboundTrafficPolicy) &&
    !isRecord(spec.inboundConnectionPool)
  ) {
    return new Findings().error('sidecar: empty configuration provided');
  }
  const ports = new Set<number>();
  for (const listener of ingress) {
    if (isRecord(listener.port)) findings.add(ingressListener(listener, listener.port, ports));
    else findings.error('sidecar: port is required for ingress listeners');
  }
  findings.add(connectionPoolFindings(spec.inboundConnectionPool));
  findings.add(egressListeners(egress, metadata.namespace ?? ''));
  return findings.add(outboundTrafficPolicy(spec.outboundTrafficPolicy));
}

function ingressListener(listener: JsonObject, port: JsonObject, ports: Set<number>): Findings {
  const findings = new Findings();
  const number = numberOf(port.number);
  const protocol = textOf(port.protocol);
  if (numberOf(port.targetPort) > 0) findings.error('targetPort has no impact on Sidecars');
  findings.add(portFindings(port, textOf(listener.bind)));
  if (ports.has(number)) findings.error('sidecar: ports on IP bound listeners must be unique');
  ports.add(number);
  const endpoint = textOf(listener.defaultEndpoint);
  if (endpoint !== '') findings.add(endpointFindings(endpoint));
  if (isRecord(listener.tls)) findings.add(ingressTls(listener.tls, protocol));
  findings.add(connectionPoolFindings(listener.connectionPool));
  if (isRecord(listener.connectionPool) && listener.connectionPool.http && !isHttp(parseProtocol(protocol))) {
    findings.warn(
      `sidecar: HTTP connection pool settings are configured for port ${number} (${quote(textOf(port.name))}) ` +
        `but its protocol is not HTTP (${protocol}); only TCP settings will apply`,
    );
  }
  return findings;
}

/** Name, protocol and number of a listener's port and the address it is bound to. */
function portFindings(port: JsonObject, bind: string): Findings {
  const findings = new Findings();
  const name = textOf(port.name);
  if (name !== '') findings.error(portNameProblem(name));
  findings.error(protocolProblem(textOf(port.protocol))).error(portProblem(numberOf(port.number)));
  return bind === '' ? findings : findings.error(addressProblem(bind));
}

/** `127.0.0.1:80`, `:80`, `[::1]:80` or `unix:///path`. */
function endpointFindings(endpoint: string): Findings {
  const findings = new Findings();
  if (endpoint.startsWith(unixPrefix)) return findings.error(unixProblem(endpoint.slice(unixPrefix.length)));
  const { host = '', port = '', problem } = splitHostPort(endpoint);
  findings.error(problem);
  if (!['', '127.0.0.1', '0.0.0.0', '::1', '::'].includes(host)) {
    findings.error(
      'sidecar: defaultEndpoint must be of form 127.0.0.1:<port>,0.0.0.0:<port>,[::1]:port,[::]:port,unix://filepath or unset',
    );
  }
  if (/^[+-]?\d+$/.test(port)) return findings.error(portProblem(Number(port)));
  return findings.error(
    `sidecar: defaultEndpoint port (${port}) is not a number: strconv.Atoi: parsing ${quote(port)}: invalid syntax`,
  );
}

/** Go's net.SplitHostPort. */
function splitHostPort(text: string): { host?: string; port?: string; problem?: string } {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return { problem: `address ${text}: missing port in address` };
  const port = text.slice(colon + 1);
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    if (end < 0) return { problem: `address ${text}: missing ']' in address` };
    if (end + 1 !== colon) {
      return { problem: `address ${text}: ${text[end + 1] === ':' ? 'too many colons' : 'missing port'} in address` };
    }
    return { host: text.slice(1, end), port };
  }
  const host = text.slice(0, colon);
  if (host.includes(':')) return { problem: `address ${text}: too many colons in address` };
  return { host, port };
}

function ingressTls(tls: JsonObject, protocol: string): Findings {
  const findings = new Findings();
  if (textsOf(tls.subjectAltNames).length > 0) {
    findings.error('sidecar: subjectAltNames is not supported in ingress tls');
  }
  if (tls.httpsRedirect === true) findings.error('sidecar: httpsRedirect is not supported');
  if (tls.credentialName) findings.error('sidecar: credentialName is not currently supported');
  if (textsOf(tls.credentialNames).length > 0) findings.error('sidecar: credentialNames is not currently supported');
  if (objectsOf(tls.tlsCertificates).length > 0) {
    findings.error('sidecar: tls_certificates is not currently supported');
  }
  const mode = textOf(tls.mode);
  if (mode === 'ISTIO_MUTUAL' || mode === 'AUTO_PASSTHROUGH') {
    findings.error(`configuration is invalid: cannot set mode to ${mode} in sidecar ingress tls`);
  }
  if (!isTls(parseProtocol(protocol))) findings.error('server cannot have TLS settings for non HTTPS/TLS ports');
  return findings.add(serverTlsFindings(tls));
}

function egressListeners(listeners: readonly JsonObject[], namespace: string): Findings {
  const findings = new Findings();
  const ports = new Set<number>();
  const sockets = new Set<string>();
  for (const [index, listener] of listeners.entries()) {
    const { port } = listener;
    const bind = textOf(listener.bind);
    if (!isRecord(port)) {
      if (index < listeners.length - 1) {
        findings.error('sidecar: the egress listener with empty port should be the last listener in the list');
      }
    } else {
      const number = numberOf(port.number);
      if (numberOf(port.targetPort) > 0) findings.error('targetPort has no impact on Sidecars');
      findings.add(number === 0 ? socketFindings(port, bind, textOf(listener.captureMode)) : portFindings(port, bind));
      if (number === 0) {
        if (sockets.has(bind)) findings.error('sidecar: unix domain socket values for listeners must be unique');
        sockets.add(bind);
      } else {
        if (ports.has(number)) findings.error('sidecar: ports on IP bound listeners must be unique');
        ports.add(number);
      }
    }
    findings.add(egressHosts(textsOf(listener.hosts), namespace));
  }
  return findings;
}

function socketFindings(port: JsonObject, bind: string, captureMode: string): Findings {
  const findings = new Findings();
  const name = textOf(port.name);
  if (name !== '') findings.error(portNameProblem(name));
  findings.error(protocolProblem(textOf(port.protocol)));
  if (bind.startsWith(unixPrefix)) findings.error(unixProblem(bind.slice(unixPrefix.length)));
  else findings.error('sidecar: ports with 0 value must have a unix domain socket bind address');
  if (!['', 'DEFAULT', 'NONE'].includes(captureMode)) {
    findings.error('sidecar: captureMode must be DEFAULT/NONE for unix domain socket listeners');
  }
  return findings;
}

function egressHosts(hosts: readonly string[], namespace: string): Findings {
  const findings = new Findings();
  if (hosts.length === 0) return findings.error('sidecar: egress listener must contain at least one host');
  const services = new Map<string, Set<string>>();
  for (const host of hosts) {
    const slash = host.indexOf('/');
    if (slash >= 0) {
      const from = host.slice(0, slash) === '.' ? namespace : host.slice(0, slash);
      const service = host.slice(slash + 1);
      const seen = services.get(from) ?? new Set<string>();
      services.set(from, seen);
      if (service === '*' ? seen.size > 0 : seen.has(service) || seen.has('*')) {
        findings.warn(`duplicated egress host: ${host}`);
      }
      seen.add(service);
    }
    findings.add(namespacedHost(host, false));
  }
  if (services.get('*')?.has('*') && services.size > 1) {
    findings.warn('`*/*` host select all resources, no other hosts can be added');
  }
  return findings;
}

function outboundTrafficPolicy(policy: unknown): Findings {
  const findings = new Findings();
  if (!isRecord(policy) || !isRecord(policy.egressProxy)) return findings;
  if (textOf(policy.mode) !== 'ALLOW_ANY') {
    return findings.error('sidecar: egress_proxy must be set only with ALLOW_ANY outbound_traffic_policy mode');
  }
  findings.error(fqdnProblem(textOf(policy.egressProxy.host)));
  if (!isRecord(policy.egressProxy.port)) return findings.error('sidecar: egress_proxy port must be non-nil');
  return findings.add(destinationFindings(policy.egressProxy));
}
