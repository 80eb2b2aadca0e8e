import type { JsonObject } from '../../kernel/json.ts';
import {
  attributeFindings,
  emptyProblem,
  ipsFindings,
  pathsProblem,
  portsFindings,
  serviceAccountsProblem,
  trustDomainsProblem,
} from './attributes.ts';
import { Findings } from './findings.ts';
import { targetFindings } from './policy.ts';
import { type IstioObject, isRecord, objectsOf, recordOf, textOf, textsOf } from './spec.ts';

const neverTriggered =
  'is meaningless as it will never be triggered, add an empty rule `{}` if you want it be triggered for every request';

/** AuthorizationPolicy (upstream ValidateAuthorizationPolicy). */
export function validateAuthorizationPolicy({ spec, metadata }: IstioObject): Findings {
  const findings = targetFindings(spec);
  const action = textOf(spec.action) || 'ALLOW';
  const rules = objectsOf(spec.rules);
  if (action === 'CUSTOM') {
    // Nothing tells an empty list of rules from none.
    if (rules.length === 0) findings.error(`CUSTOM action without \`rules\` ${neverTriggered}`);
    else if (!recordOf(spec.provider).name) findings.error('`provider.name` must not be empty');
    for (const rule of rules) findings.add(customRule(rule));
  } else if (isRecord(spec.provider)) {
    findings.error(`\`provider\` must not be with non CUSTOM action, found ${action}`);
  }
  if (action === 'DENY' && rules.length === 0) findings.error(`DENY action without \`rules\` ${neverTriggered}`);
  for (const [index, rule] of rules.entries()) findings.add(ruleFindings(rule, index, action));
  return findings.prefixed(`invalid policy ${metadata.name ?? ''}.${metadata.namespace ?? ''}:`);
}

const unsupportedSources = ['namespaces', 'serviceAccounts', 'trustDomains', 'principals', 'requestPrincipals'];
const unsupportedKeys = ['source.namespace', 'source.serviceAccount', 'source.trustDomain', 'source.principal'];

const capital = (text: string) => text.replace(/^./, (first) => first.toUpperCase());
const negated = (field: string) => `not${capital(field)}`;

/** What an external authorizer cannot be asked about. */
function customRule(rule: JsonObject): Findings {
  const findings = new Findings();
  const unsupported = (name: string) => findings.error(`${name} is currently not supported with CUSTOM action`);
  for (const from of objectsOf(rule.from)) {
    const source = recordOf(from.source);
    for (const field of unsupportedSources.flatMap((field) => [field, negated(field)])) {
      if (textsOf(source[field]).length > 0) unsupported(`From.${capital(field)}`);
    }
  }
  for (const when of objectsOf(rule.when)) {
    const key = textOf(when.key);
    if (unsupportedKeys.includes(key) || key.startsWith('request.auth.')) unsupported(key);
  }
  return findings;
}

function ruleFindings(rule: JsonObject, index: number, action: string): Findings {
  const findings = new Findings();
  const sources: JsonObject[] = [];
  for (const from of objectsOf(rule.from)) {
    if (!isRecord(from.source)) findings.error(`\`from.source\` must not be nil, found at rule ${index}`);
    else {
      sources.push(from.source);
      findings.add(sourceFindings(from.source, index));
    }
  }
  const operations: JsonObject[] = [];
  for (const to of objectsOf(rule.to)) {
    if (!isRecord(to.operation)) findings.error(`\`to.operation\` must not be nil, found at rule ${index}`);
    else {
      operations.push(to.operation);
      findings.add(operationFindings(to.operation, index));
    }
  }
  for (const condition of objectsOf(rule.when)) findings.add(conditionFindings(condition));
  const tcpSource = sources.some((source) => has(source, [...tcpFields, ...tcpFields.map(negated)]));
  const tcpOperation = operations.some((operation) => has(operation, ['ports', 'notPorts']));
  const onlyHttp =
    (sources.length > 0 && operations.length === 0 && !tcpSource) || (operations.length > 0 && !tcpOperation);
  if (onlyHttp && action === 'DENY') {
    findings.warn(
      'configured AuthorizationPolicy will deny all traffic to TCP ports under its scope due to the use of only HTTP attributes in a DENY rule; ' +
        'it is recommended to explicitly specify the port',
    );
  }
  return findings;
}

const has = (fields: JsonObject, names: readonly string[]) => names.some((name) => textsOf(fields[name]).length > 0);

/** Fields of a source that also TCP connections have. */
const tcpFields = ['principals', 'ipBlocks', 'namespaces', 'remoteIpBlocks', 'serviceAccounts'];
const sourceFields = [
  'principals',
  'requestPrincipals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'ipBlocks',
  'remoteIpBlocks',
];
const operationFields = ['ports', 'methods', 'paths', 'hosts'];

function sourceFindings(source: JsonObject, index: number): Findings {
  const findings = new Findings();
  const identities = ['principals', 'notPrincipals', 'namespaces', 'notNamespaces'];
  if (has(source, identities) && has(source, ['serviceAccounts', 'notServiceAccounts'])) {
    findings.error(`cannot set serviceAccounts with namespaces or principals, found at rule ${index}`);
  }
  if (!has(source, [...sourceFields, ...sourceFields.map(negated)])) {
    findings.error(`\`from.source\` must not be empty, found at rule ${index}`);
  }
  for (const field of ['ipBlocks', 'notIpBlocks', 'remoteIpBlocks', 'notRemoteIpBlocks']) {
    findings.add(ipsFindings(textsOf(source[field])));
  }
  for (const field of [...sourceFields, ...sourceFields.map(negated)]) {
    const check = /serviceAccounts$/i.test(field)
      ? serviceAccountsProblem
      : /trustDomains$/i.test(field)
        ? trustDomainsProblem
        : emptyProblem;
    findings.error(check(capital(field), textsOf(source[field])));
  }
  return findings;
}

function operationFindings(operation: JsonObject, index: number): Findings {
  const findings = new Findings();
  const fields = [...operationFields, ...operationFields.map(negated)];
  if (!has(operation, fields)) findings.error(`\`to.operation\` must not be empty, found at rule ${index}`);
  findings.add(portsFindings(textsOf(operation.ports))).add(portsFindings(textsOf(operation.notPorts)));
  for (const field of fields) findings.error(emptyProblem(capital(field), textsOf(operation[field])));
  for (const field of ['paths', 'notPaths']) findings.error(pathsProblem(capital(field), textsOf(operation[field])));
  return findings;
}

function conditionFindings(condition: JsonObject): Findings {
  const findings = new Findings();
  const key = textOf(condition.key);
  const [values, notValues] = [textsOf(condition.values), textsOf(condition.notValues)];
  if (key === '') return findings.error('`key` must not be empty');
  if (values.length + notValues.length === 0) {
    return findings.error(`at least one of \`values\` or \`notValues\` must be set for key ${key}`);
  }
  const [problem, notProblem] = [attributeFindings(key, values), attributeFindings(key, notValues)];
  if (problem.failed) findings.error(`invalid \`value\` for \`key\` ${key}: ${problem.message()}`);
  if (notProblem.failed) findings.error(`invalid \`notValue\` for \`key\` ${key}: ${notProblem.message()}`);
  return findings;
}
