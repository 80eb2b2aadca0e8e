import type { Analyzer } from '../resource.ts';

/** The oldest bundle whose definition Istio reads (upstream pkg/config/schema/gatewayapi). */
const minimumVersions: Record<string, string> = {
  'grpcroutes.gateway.networking.k8s.io': '1.1.0',
  'backendtlspolicies.gateway.networking.k8s.io': '1.4.0',
  'tlsroutes.gateway.networking.k8s.io': '1.5.0',
};

/** Definitions of the Gateway API that are too old (upstream k8sgateway/crdversion.go). */
export const gatewayCrdAnalyzer: Analyzer = {
  name: 'k8sgateway.CRDVersionAnalyzer',
  description: 'Checks Gateway API CRDs are at the minimum version required by this Istio version',
  inputs: ['CustomResourceDefinition'],
  analyze(context) {
    for (const crd of context.all('CustomResourceDefinition')) {
      const minimum = minimumVersions[crd.name];
      const bundle = crd.annotations['gateway.networking.k8s.io/bundle-version'];
      const version = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/.exec(bundle ?? '');
      if (!minimum || !version) continue;
      const [, major = '0', minor = '0', patch = '0', suffix = '', build = ''] = version;
      const installed = `${Number(major)}.${Number(minor)}.${Number(patch)}`;
      if (isOlder(installed, minimum))
        context.report('GatewayAPICRDVersionBelowMinimum', crd, crd.name, `${installed}${suffix}${build}`, minimum);
    }
  },
};

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version.split('.').map(Number), than.split('.').map(Number)];
  const place = a.findIndex((part, index) => part !== b[index]);
  return place >= 0 && (a[place] as number) < (b[place] as number);
}
