/** Values of `exportTo`: `*` everyone, `.` the own namespace, `~` nobody, else a namespace. */

export const isPublic = (exportTo: readonly string[]): boolean => exportTo.includes('*');
export const isHidden = (exportTo: readonly string[]): boolean => exportTo.includes('~');

/** Whether what stands in `owner` with this `exportTo` can be seen from `namespace`. */
export function isVisible(exportTo: readonly string[], owner: string, namespace: string): boolean {
  return isPublic(exportTo) || exportTo.includes(namespace) || (exportTo.includes('.') && owner === namespace);
}
