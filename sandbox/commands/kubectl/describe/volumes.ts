import { at, isRecord, records, text } from '../objects.ts';
import type { DescribeWriter } from './writer.ts';

type Data = Record<string, unknown>;

/** The volumes of a pod or a template. */
export function describeVolumes(w: DescribeWriter, volumes: Data[], space: string): void {
  if (volumes.length === 0) {
    w.write(0, `${space}Volumes:\t<none>\n`);
    return;
  }
  w.write(0, `${space}Volumes:\n`);
  for (const volume of volumes) {
    w.write(1, `${space === '' ? '' : ' '}${text(volume.name)}:\n`);
    const lines = volumeLines(volume);
    if (lines.length === 0) w.write(1, '<unknown>\n');
    for (const line of lines) w.write(2, `${line}\n`);
  }
}

function volumeLines(volume: Data): string[] {
  const { hostPath, emptyDir, secret, configMap, persistentVolumeClaim, projected, downwardAPI, image, csi, nfs } =
    volume;
  if (isRecord(hostPath)) {
    return [
      'Type:\tHostPath (bare host directory volume)',
      `Path:\t${text(hostPath.path)}`,
      `HostPathType:\t${hostPath.type === undefined ? '<none>' : text(hostPath.type)}`,
    ];
  }
  if (isRecord(emptyDir)) {
    return [
      "Type:\tEmptyDir (a temporary directory that shares a pod's lifetime)",
      `Medium:\t${text(emptyDir.medium)}`,
      `SizeLimit:\t${text(emptyDir.sizeLimit) || '<unset>'}`,
    ];
  }
  if (isRecord(secret)) {
    return [
      'Type:\tSecret (a volume populated by a Secret)',
      `SecretName:\t${text(secret.secretName)}`,
      `Optional:\t${secret.optional === true}`,
    ];
  }
  if (isRecord(configMap)) {
    return [
      'Type:\tConfigMap (a volume populated by a ConfigMap)',
      `Name:\t${text(configMap.name)}`,
      `Optional:\t${configMap.optional === true}`,
    ];
  }
  if (isRecord(persistentVolumeClaim)) {
    return [
      'Type:\tPersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)',
      `ClaimName:\t${text(persistentVolumeClaim.claimName)}`,
      `ReadOnly:\t${persistentVolumeClaim.readOnly === true}`,
    ];
  }
  if (isRecord(projected)) return projectedLines(records(projected.sources));
  if (isRecord(downwardAPI)) {
    return [
      'Type:\tDownwardAPI (a volume populated by information about the pod)',
      'Items:',
      ...records(downwardAPI.items).map((item) => {
        const from = at(item, 'fieldRef', 'fieldPath') ?? at(item, 'resourceFieldRef', 'resource');
        return `  ${text(from)} -> ${text(item.path)}`;
      }),
    ];
  }
  if (isRecord(nfs)) {
    return [
      'Type:\tNFS (an NFS mount that lasts the lifetime of a pod)',
      `Server:\t${text(nfs.server)}`,
      `Path:\t${text(nfs.path)}`,
      `ReadOnly:\t${nfs.readOnly === true}`,
    ];
  }
  if (isRecord(csi)) {
    return [
      'Type:\tCSI (a Container Storage Interface (CSI) volume source)',
      `Driver:\t${text(csi.driver)}`,
      `FSType:\t${text(csi.fsType)}`,
      `ReadOnly:\t${csi.readOnly === true}`,
    ];
  }
  if (isRecord(image)) {
    return [
      'Type:\tImage (a container image or OCI artifact)',
      `Reference:\t${text(image.reference)}`,
      `PullPolicy:\t${text(image.pullPolicy)}`,
    ];
  }
  return [];
}

function projectedLines(sources: Data[]): string[] {
  const lines = ['Type:\tProjected (a volume that contains injected data from multiple sources)'];
  for (const { secret, downwardAPI, configMap, serviceAccountToken } of sources) {
    if (isRecord(secret)) lines.push(`SecretName:\t${text(secret.name)}`, `Optional:\t${secret.optional === true}`);
    else if (isRecord(downwardAPI)) lines.push('DownwardAPI:\ttrue');
    else if (isRecord(configMap)) {
      lines.push(`ConfigMapName:\t${text(configMap.name)}`, `Optional:\t${configMap.optional === true}`);
    } else if (isRecord(serviceAccountToken)) {
      lines.push(`TokenExpirationSeconds:\t${text(serviceAccountToken.expirationSeconds)}`);
    }
  }
  return lines;
}
