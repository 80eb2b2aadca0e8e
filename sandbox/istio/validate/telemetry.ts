import type { JsonObject } from '../../kernel/json.ts';
import { Findings } from './findings.ts';
import { targetFindings } from './policy.ts';
import { type IstioObject, isRecord, numberOf, objectsOf, recordOf, textOf } from './spec.ts';

/** Telemetry (upstream ValidateTelemetry). */
export function validateTelemetry({ spec }: IstioObject): Findings {
  const findings = targetFindings(spec);
  for (const metrics of objectsOf(spec.metrics)) findings.add(metricsFindings(metrics));
  findings.add(tracingFindings(objectsOf(spec.tracing)));
  for (const logging of objectsOf(spec.accessLogging)) {
    // Only the CEL expression of a filter is looked at, which is not read here.
    findings.error(providersProblem(logging));
  }
  return findings;
}

function providersProblem({ providers }: JsonObject): string | undefined {
  return objectsOf(providers).some(({ name }) => !name) ? 'providers.name may not be empty' : undefined;
}

function metricsFindings(metrics: JsonObject): Findings {
  const findings = new Findings().error(providersProblem(metrics));
  for (const override of objectsOf(metrics.overrides)) {
    const tags = recordOf(override.tagOverrides);
    for (const name of Object.keys(tags).sort()) {
      const tag = recordOf(tags[name]);
      if (name === '') findings.warn('tagOverrides.name may not be empty');
      const removes = textOf(tag.operation) === 'REMOVE';
      if (!removes && !tag.value) findings.error('tagOverrides.value must be set when operation is UPSERT');
      if (removes && tag.value) findings.error('tagOverrides.value may only be set when operation is UPSERT');
    }
    if (isRecord(override.match) && override.match.customMetric === '') {
      findings.error('customMetric may not be empty');
    }
  }
  return findings;
}

function tracingFindings(tracing: readonly JsonObject[]): Findings {
  const findings = new Findings();
  if (tracing.length > 1) findings.warn('multiple tracing is not currently supported');
  for (const entry of tracing) {
    if (objectsOf(entry.providers).length > 1) findings.warn('multiple providers is not currently supported');
    findings.error(providersProblem(entry));
    const sampling = numberOf(entry.randomSamplingPercentage);
    if (sampling < 0 || sampling > 100) findings.error('randomSamplingPercentage must be in range [0.0, 100.0]');
    const tags = recordOf(entry.customTags);
    for (const name of Object.keys(tags).sort()) {
      const tag = recordOf(tags[name]);
      if (name === '') findings.error('tag name may not be empty');
      if (isRecord(tag.literal) && !tag.literal.value) findings.error('literal tag value may not be empty');
      if (isRecord(tag.header) && !tag.header.name) findings.error('header tag name may not be empty');
      if (isRecord(tag.environment) && !tag.environment.name) findings.error('environment tag name may not be empty');
    }
  }
  return findings;
}
