import { formatAddress } from '../../network/addresses.ts';
import type { CertificateChain } from '../../network/socket.ts';
import { requestHeader } from '../headers.ts';
import type { StreamInfo } from '../stream-info.ts';
import { formatTime } from './time.ts';

/** What an operator yields: undefined is printed `-` in text and null in JSON. */
export type Operator = (info: StreamInfo) => string | number | undefined;

interface Token {
  operator: Operator;
  limit: number | undefined;
}

const compiled = new Map<string, (string | Token)[]>();

/** A line by a format string with `%OPERATORS%` (Envoy's substitution formatter). An unknown operator is an error, as in Envoy. */
export function formatText(format: string, info: StreamInfo): string {
  let text = '';
  for (const token of tokens(format)) {
    if (typeof token === 'string') text += token;
    else text += truncated(token, info) ?? '-';
  }
  return text;
}

/** One value of a JSON format: a lone operator keeps its type, anything else is text. */
export function formatValue(format: string, info: StreamInfo): string | number | null {
  const parts = tokens(format);
  const only = parts[0];
  if (parts.length === 1 && only !== undefined && typeof only !== 'string') return truncated(only, info) ?? null;
  return formatText(format, info);
}

function truncated({ operator, limit }: Token, info: StreamInfo): string | number | undefined {
  const value = operator(info);
  return limit !== undefined && typeof value === 'string' ? value.slice(0, limit) : value;
}

function tokens(format: string): (string | Token)[] {
  let parts = compiled.get(format);
  if (!parts) {
    parts = parse(format);
    compiled.set(format, parts);
  }
  return parts;
}

function parse(format: string): (string | Token)[] {
  const parts: (string | Token)[] = [];
  const pattern = /%%|%([A-Z0-9_]+)(?:\(([^)]*)\))?(?::(\d+))?%/g;
  let end = 0;
  for (const match of format.matchAll(pattern)) {
    if (match.index > end) parts.push(format.slice(end, match.index));
    end = match.index + match[0].length;
    const [whole, name = '', argument, limit] = match;
    if (whole === '%%') parts.push('%');
    else parts.push({ operator: operatorFor(name, argument), limit: limit === undefined ? undefined : Number(limit) });
  }
  if (end < format.length) parts.push(format.slice(end));
  return parts;
}

function operatorFor(name: string, argument: string | undefined): Operator {
  const plain = operators[name];
  if (plain && argument === undefined) return plain;
  const made = operatorsWithArgument[name]?.(argument ?? '');
  if (made) return made;
  throw new Error(`Not supported field in StreamInfo: ${name}`);
}

const withoutSpaces = (text: string | undefined) => text?.replaceAll(/\s/g, '_');
const since = (info: StreamInfo) => Math.max(0, Math.floor((info.endTime ?? info.startTime) - info.startTime));
const uriNames = (chain: CertificateChain | undefined) =>
  chain?.subjectAltNames.filter((name) => name.includes('://')).join(',') || undefined;

const operators: Record<string, Operator> = {
  START_TIME: (info) => formatTime(info.startTime),
  PROTOCOL: (info) => info.protocol,
  RESPONSE_CODE: (info) => info.responseCode,
  RESPONSE_FLAGS: (info) => info.flags.join(',') || '-',
  RESPONSE_CODE_DETAILS: (info) => withoutSpaces(info.responseCodeDetails),
  CONNECTION_TERMINATION_DETAILS: (info) => info.connectionTerminationDetails,
  UPSTREAM_TRANSPORT_FAILURE_REASON: (info) => withoutSpaces(info.upstreamTransportFailureReason),
  BYTES_RECEIVED: (info) => info.bytesReceived,
  BYTES_SENT: (info) => info.bytesSent,
  DURATION: since,
  REQUEST_DURATION: (info) => (info.request ? 0 : undefined),
  RESPONSE_DURATION: (info) => (info.response ? since(info) : undefined),
  UPSTREAM_HOST: (info) => info.upstreamHost,
  UPSTREAM_CLUSTER: (info) => info.upstreamCluster?.observability,
  UPSTREAM_CLUSTER_RAW: (info) => info.upstreamCluster?.name,
  UPSTREAM_LOCAL_ADDRESS: (info) => info.upstreamLocalAddress && formatAddress(info.upstreamLocalAddress),
  UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: (info) => info.upstreamLocalAddress?.address,
  UPSTREAM_PEER_URI_SAN: (info) => uriNames(info.upstreamTls?.serverCertificate),
  DOWNSTREAM_LOCAL_ADDRESS: (info) => formatAddress(info.downstream.local),
  DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: (info) => info.downstream.local.address,
  DOWNSTREAM_LOCAL_PORT: (info) => info.downstream.local.port,
  DOWNSTREAM_REMOTE_ADDRESS: (info) => formatAddress(info.remoteAddress ?? info.downstream.remote),
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: (info) => (info.remoteAddress ?? info.downstream.remote).address,
  DOWNSTREAM_REMOTE_PORT: (info) => (info.remoteAddress ?? info.downstream.remote).port,
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: (info) => formatAddress(info.downstream.remote),
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT: (info) => info.downstream.remote.address,
  DOWNSTREAM_PEER_URI_SAN: (info) => uriNames(info.downstream.tls?.clientCertificate),
  DOWNSTREAM_LOCAL_URI_SAN: (info) => info.downstream.tls && uriNames(info.downstream.tls.serverCertificate),
  DOWNSTREAM_PEER_SUBJECT: (info) => info.downstream.tls?.clientCertificate?.subject,
  DOWNSTREAM_TLS_VERSION: (info) => info.downstream.tls?.version,
  REQUESTED_SERVER_NAME: (info) => info.downstream.serverName,
  ROUTE_NAME: (info) => info.routeName,
  VIRTUAL_CLUSTER_NAME: () => undefined,
  VIRTUAL_HOST_NAME: (info) => info.virtualHostName,
  CONNECTION_ID: (info) => info.downstream.connectionId,
};

const operatorsWithArgument: Record<string, (argument: string) => Operator> = {
  START_TIME: (argument) => (info) => formatTime(info.startTime, argument),
  REQ: (argument) => alternatives(argument, (info, name) => info.request && requestHeader(info.request, name)),
  RESP: (argument) => alternatives(argument, (info, name) => info.response?.get(name)),
  TRAILER: () => () => undefined,
  DYNAMIC_METADATA: (argument) => (info) => structured(metadata(info, argument)),
  FILTER_STATE: (argument) => (info) => structured(info.filterState[argument.split(':')[0] ?? '']),
  DURATION: () => since,
};

/** `X?Y`: the second where the first is not there. */
function alternatives(argument: string, lookup: (info: StreamInfo, name: string) => string | undefined): Operator {
  const [first = '', second] = argument.toLowerCase().split('?');
  return (info) => lookup(info, first) || (second === undefined ? undefined : lookup(info, second) || undefined);
}

function metadata(info: StreamInfo, argument: string): unknown {
  const [namespace = '', ...path] = argument.split(':');
  let value: unknown = info.dynamicMetadata[namespace];
  for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
  return value;
}

function structured(value: unknown): string | number | undefined {
  if (value === undefined || typeof value === 'string' || typeof value === 'number') return value;
  return JSON.stringify(value);
}
