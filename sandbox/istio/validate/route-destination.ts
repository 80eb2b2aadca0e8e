import { subsetNameProblem } from './destination-rule.ts';
import { Findings } from './findings.ts';
import { portProblem, wildcardDomainProblem } from './names.ts';
import { isRecord, numberOf, textOf } from './spec.ts';

/** Where a route sends (upstream validateDestination). */
export function destinationFindings(destination: unknown): Findings {
  const findings = new Findings();
  if (!isRecord(destination)) return findings;
  const host = textOf(destination.host);
  findings.error(host === '*' ? `invalid destination host ${host}` : wildcardDomainProblem(host));
  const subset = textOf(destination.subset);
  if (subset !== '') findings.error(subsetNameProblem(subset));
  if (isRecord(destination.port)) findings.error(portProblem(numberOf(destination.port.number)));
  return findings;
}
