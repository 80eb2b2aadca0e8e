import type { CustomResourceDefinition } from '../../kubernetes/kinds/crd.ts';
import { authorizationpolicy } from './authorizationpolicy.ts';
import { destinationrule } from './destinationrule.ts';
import { envoyfilter } from './envoyfilter.ts';
import { gateway } from './gateway.ts';
import { peerauthentication } from './peerauthentication.ts';
import { proxyconfig } from './proxyconfig.ts';
import { requestauthentication } from './requestauthentication.ts';
import { serviceentry } from './serviceentry.ts';
import { sidecar } from './sidecar.ts';
import { telemetry } from './telemetry.ts';
import { trafficextension } from './trafficextension.ts';
import { virtualservice } from './virtualservice.ts';
import { wasmplugin } from './wasmplugin.ts';
import { workloadentry } from './workloadentry.ts';
import { workloadgroup } from './workloadgroup.ts';

/** The CustomResourceDefinitions that an installation of Istio creates, without the labels of the installation. */
export const crds: readonly CustomResourceDefinition[] = [
  authorizationpolicy,
  destinationrule,
  envoyfilter,
  gateway,
  peerauthentication,
  proxyconfig,
  requestauthentication,
  serviceentry,
  sidecar,
  telemetry,
  trafficextension,
  virtualservice,
  wasmplugin,
  workloadentry,
  workloadgroup,
];
