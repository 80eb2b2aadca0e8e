import type { JsonObject } from '../../kernel/json.ts';
import { Findings } from './findings.ts';
import { fqdnProblem, isAddress, labelsFindings, portNameProblem, portProblem, quote, unixProblem } from './names.ts';
import { type IstioObject, labelsOf, numberOf, recordOf, textOf } from './spec.ts';

const unixPrefix = 'unix://';

/** WorkloadEntry (upstream ValidateWorkloadEntry). */
export function validateWorkloadEntry({ spec }: IstioObject): Findings {
  return workloadEntryFindings(spec, undefined, true);
}

/** An entry by itself, or an endpoint of a ServiceEntry, whose ports it may name then. */
export function workloadEntryFindings(entry: JsonObject, portNames: Set<string> | undefined, names: boolean): Findings {
  const findings = new Findings();
  const address = textOf(entry.address);
  if (address === '') {
    const network = textOf(entry.network);
    if (network === '') return findings.error('address is required');
    findings.warn(`address is unset with network ${quote(network)}`);
  }
  const ports = recordOf(entry.ports);
  const unix = address.startsWith(unixPrefix);
  if (unix) {
    findings.error(unixProblem(address.slice(unixPrefix.length)));
    if (Object.keys(ports).length > 0) findings.error(`unix endpoint ${address} must not include ports`);
  } else if (address !== '' && !isAddress(address)) {
    if (!names) findings.error(`endpoint address ${quote(address)} is not a valid IP address`);
    else if (fqdnProblem(address))
      findings.error(`endpoint address ${quote(address)} is not a valid FQDN or an IP address`);
  }
  for (const name of Object.keys(ports).sort()) {
    const port = numberOf(ports[name]);
    if (portNames && !portNames.has(name)) findings.error(`endpoint port ${port} is not defined by the service entry`);
    findings.error(portNameProblem(name)).error(portProblem(port));
  }
  findings.add(labelsFindings(labelsOf(entry.labels)));
  if (unix && portNames && portNames.size !== 1) findings.error('exactly 1 service port required for unix endpoints');
  return findings;
}
