import { printYaml } from '../kernel/yaml-print.ts';
import { applicationSamples } from './samples/applications.ts';
import { bookinfoSamples } from './samples/bookinfo.ts';
import gatewayApi from './samples/gateway-api.generated.json' with { type: 'json' };
import type { Release } from './types.ts';

/** The files of a release's folder, by path within it: what a learner finds after unpacking Istio. */
export function releaseFiles({ istio }: Release): Record<string, string> {
  const files: Record<string, string> = {
    'README.md': readme(istio.version),
    'manifest.yaml': printYaml({ version: istio.version, docker: istio.hub }),
    ...applicationSamples,
    ...bookinfoSamples,
    'samples/gateway-api/install.yaml': gatewayApi,
  };
  for (const [name, profile] of Object.entries(istio.operatorProfiles)) {
    files[`manifests/profiles/${name}.yaml`] = printYaml(profile);
  }
  return files;
}

function readme(version: string): string {
  return `# Istio ${version}

This is the folder of the release that runs in this sandbox.

- \`samples/\`: manifests to try things with, such as \`kubectl apply -f samples/curl/curl.yaml\`
- \`manifests/profiles/\`: the profiles of \`istioctl install --set profile=…\`
- \`istioctl\` is on your PATH
`;
}
