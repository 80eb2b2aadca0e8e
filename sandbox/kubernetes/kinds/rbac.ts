import { equalJson } from '../../kernel/json.ts';
import { type FieldError, invalid } from '../field.ts';

interface Subject {
  kind: string;
  name: string;
  namespace?: string | undefined;
  apiGroup?: string | undefined;
}

interface Binding {
  roleRef: { apiGroup?: string | undefined; kind: string; name: string };
  subjects?: Subject[] | undefined;
}

const group = 'rbac.authorization.k8s.io';

/** Groups that RoleBindings and ClusterRoleBindings leave out. */
export function defaultBinding({ roleRef, subjects: list }: Binding): void {
  if (roleRef) roleRef.apiGroup ||= group;
  for (const subject of list ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= group;
  }
}

/** The subjects of one kind, as `kubectl get -o wide` shows them. */
export function subjects({ subjects: list }: Binding, kind: string): string {
  return (list ?? [])
    .filter((subject) => subject.kind === kind)
    .map((subject) => (kind === 'ServiceAccount' ? `${subject.namespace}/${subject.name}` : subject.name))
    .join(', ');
}

export function validateRoleRef(object: Binding, old: Binding): FieldError[] {
  return equalJson(object.roleRef, old.roleRef) ? [] : [invalid('roleRef', object.roleRef, 'cannot change roleRef')];
}
