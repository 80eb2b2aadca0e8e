import { isSniffed, servicePortProtocol } from '../../pilot/model/protocol.ts';
import { numberOf, objectsOf, recordOf, textOf } from '../../validate/spec.ts';
import { isControlPlane } from '../mesh-membership.ts';
import type { Analyzer, Context, Resource } from '../resource.ts';

/** Controllers whose Services are made by Istio. */
const managed = ['istio.io-gateway-controller', 'istio.io-mesh-controller', 'istio.io-eastwest-controller'];

/** Ports whose protocol their name does not tell (upstream service/portname.go). */
export const portNameAnalyzer: Analyzer = {
  name: 'service.PortNameAnalyzer',
  description: 'Checks the port names associated with each service',
  inputs: ['Service'],
  analyze(context) {
    for (const service of context.all('Service')) {
      if (isControlPlane(service) || managed.includes(service.labels['gateway.istio.io/managed'] ?? '')) continue;
      checkPorts(service, context);
    }
  },
};

function checkPorts(service: Resource, context: Context): void {
  const external = service.spec.type === 'ExternalName';
  for (const [index, port] of objectsOf(service.spec.ports).entries()) {
    const [name, number] = [textOf(port.name), numberOf(port.port)];
    const protocol = servicePortProtocol({
      port: number,
      name,
      ...(port.protocol ? { protocol: textOf(port.protocol) } : {}),
      ...(typeof port.appProtocol === 'string' ? { appProtocol: port.appProtocol } : {}),
    });
    if (!isSniffed(protocol) && !(name === 'tcp' && external)) continue;
    const path = `.spec.ports[${index}].port`;
    if (external) context.reportAt(path, 'ExternalNameServiceTypeInvalidPortName', service);
    else {
      const target = String(port.targetPort ?? 0);
      context.reportAt(path, 'PortNameIsNotUnderNamingConvention', service, name, number, target);
    }
  }
}

/** TCP ports of external services that only an address can tell apart (upstream serviceentry/protocoladdresses.go). */
export const protocolAddressesAnalyzer: Analyzer = {
  name: 'serviceentry.Analyzer',
  description: 'Checks the validity of ServiceEntry',
  inputs: ['ServiceEntry'],
  analyze(context) {
    const metadata = recordOf(context.mesh.defaultConfig.proxyMetadata);
    const allocated =
      metadata.ISTIO_META_DNS_CAPTURE === 'true' &&
      (metadata.ISTIO_META_DNS_AUTO_ALLOCATE === 'true' || metadata.PILOT_ENABLE_IP_AUTOALLOCATE === 'true');
    if (allocated) return;
    for (const entry of context.all('ServiceEntry')) {
      if (objectsOf(entry.spec.addresses).length > 0 || objectsOf(entry.status.addresses).length > 0) continue;
      for (const [index, { protocol }] of objectsOf(entry.spec.ports).entries()) {
        if (!['', 'TCP'].includes(textOf(protocol).toUpperCase())) continue;
        context.reportAt(`.spec.ports[${index}].name`, 'ServiceEntryAddressesRequired', entry);
      }
    }
  },
};
