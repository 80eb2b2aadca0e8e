import type { IstioRelease } from '../types.ts';
import { baseDefaults, egressDefaults, ingressDefaults, istiodDefaults } from './chart-defaults.ts';
import { operatorProfiles, valueProfiles } from './profiles.ts';
import { valuesSchema } from './values-schema.ts';

export const istio1303: IstioRelease = {
  version: '1.30.3',
  minor: '1.30',
  build: {
    revision: '56df41f63e513f834c9a3af33d8aed82d1d961f2',
    golangVersion: 'go1.25.9',
    status: 'Clean',
    tag: '1.30.3',
  },
  hub: 'docker.io/istio',
  images: { pilot: 'pilot', proxy: 'proxyv2' },
  envoyVersion: '1.38.3-dev',
  operatorProfiles,
  valueProfiles,
  chartDefaults: { base: baseDefaults, istiod: istiodDefaults, ingress: ingressDefaults, egress: egressDefaults },
  valuesSchema,
  minimumKubernetesMinor: 32,
};
