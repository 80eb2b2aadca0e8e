import type { JsonObject } from '../../kernel/json.ts';
import { isRecord } from './spec.ts';
import { validateObject } from './validate.ts';

/** Answers an AdmissionReview for `/validate`. */
export function handleValidate(review: JsonObject): JsonObject {
  const request = isRecord(review.request) ? review.request : {};
  const answer = (response: JsonObject): JsonObject => ({
    apiVersion: review.apiVersion ?? 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: request.uid ?? '', ...response },
  });
  if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return answer({ allowed: true });
  const object = isRecord(request.object) ? request.object : {};
  const { message, warnings } = validateObject(object, String(request.namespace ?? ''));
  if (message !== undefined) return answer({ allowed: false, status: { metadata: {}, message } });
  return answer({ allowed: true, ...(warnings.length > 0 ? { warnings } : {}) });
}
