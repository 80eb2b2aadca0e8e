import { parseBody } from './body.ts';
import type { ApiRequest, ApiResponse } from './http.ts';
import type { ResourcePath } from './request.ts';
import { json } from './respond.ts';
import type { ApiServer } from './server.ts';

/** Kinds that are only asked and never stored: `kubectl auth can-i` and `whoami`. Everybody here may do everything. */
export function handleReview(_server: ApiServer, request: ApiRequest, path: ResourcePath): ApiResponse | undefined {
  if (request.method !== 'POST') return undefined;
  const user = request.user ?? 'kubernetes-admin';
  const groups = ['kubeadm:cluster-admins', 'system:authenticated'];
  if (path.group === 'authorization.k8s.io' && reviews.has(path.resource)) {
    return json(201, { ...parseBody(request), status: { allowed: true, reason: clusterAdmin(user) } });
  }
  if (path.group === 'authentication.k8s.io' && path.resource === 'selfsubjectreviews') {
    return json(201, { ...parseBody(request), status: { userInfo: { username: user, groups } } });
  }
  return undefined;
}

const reviews = new Set(['selfsubjectaccessreviews', 'subjectaccessreviews', 'localsubjectaccessreviews']);

function clusterAdmin(user: string): string {
  return `RBAC: allowed by ClusterRoleBinding "kubeadm:cluster-admins" of ClusterRole "cluster-admin" to User "${user}"`;
}
