import { Findings } from './findings.ts';
import { labelsFindings, portProblem } from './names.ts';
import { type IstioObject, isRecord, labelsOf, numberOf, objectsOf, textOf, textsOf } from './spec.ts';

/** WorkloadGroup (upstream ValidateWorkloadGroup). */
export function validateWorkloadGroup({ spec }: IstioObject): Findings {
  const findings = new Findings();
  if (!isRecord(spec.template)) return findings.error('template is required');
  if (isRecord(spec.metadata)) {
    const labels = labelsFindings(labelsOf(spec.metadata.labels));
    if (labels.failed) return findings.error(`invalid labels: ${labels.message()}`);
  }
  return findings.add(probeFindings(spec.probe));
}

const counts = ['periodSeconds', 'initialDelaySeconds', 'timeoutSeconds', 'successThreshold', 'failureThreshold'];

function probeFindings(probe: unknown): Findings {
  const findings = new Findings();
  if (!isRecord(probe)) return findings;
  for (const field of counts) if (numberOf(probe[field]) < 0) findings.error(`${field} must be non-negative`);
  const { httpGet, tcpSocket, exec } = probe;
  if (isRecord(httpGet)) {
    findings.error(portProblem(numberOf(httpGet.port)));
    if (!['', 'HTTP', 'HTTPS'].includes(textOf(httpGet.scheme))) {
      findings.error('httpGet.scheme must be one of "HTTPS", "HTTP"');
    }
    for (const header of objectsOf(httpGet.httpHeaders)) {
      const name = textOf(header.name);
      if (name === '') findings.error('header name cannot be empty');
      else if (!/^[-A-Za-z0-9]+$/.test(name)) findings.error(`header name ${name} is not a valid header name`);
    }
  } else if (isRecord(tcpSocket)) findings.error(portProblem(numberOf(tcpSocket.port)));
  else if (isRecord(exec)) {
    if (textsOf(exec.command).length === 0) findings.error('exec.command is required');
  } else {
    const method = isRecord(probe.grpc) ? '*v1alpha3.ReadinessProbe_Grpc' : '<nil>';
    findings.error(`unknown health check method ${method}`);
  }
  return findings;
}
