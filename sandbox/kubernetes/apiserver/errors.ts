import { aggregate, errorTypes, type FieldError, fieldMessage } from '../field.ts';

/** metav1.Status, the body of every refusal. */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, unknown>;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: { reason?: string; message?: string; field?: string }[];
  retryAfterSeconds?: number;
}

/** A refusal of the API server, in Kubernetes' words (k8s.io/apimachinery/pkg/api/errors). */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: number;
  /** `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, … ; '' where Kubernetes gives none. */
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  status(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason && { reason: this.reason }),
      ...(this.details && { details: this.details }),
      code: this.code,
    };
  }
}

/** How a kind or resource is named in messages: `pods`, `serviceentries.networking.istio.io`. */
export interface Named {
  group: string;
  name: string;
}

function qualified({ group, name }: Named): string {
  return group === '' ? name : `${name}.${group}`;
}

function details(resource: Named, name: string): StatusDetails {
  return { ...(name && { name }), ...(resource.group && { group: resource.group }), kind: resource.name };
}

export function notFound(resource: Named, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualified(resource)} "${name}" not found`, details(resource, name));
}

export function alreadyExists(resource: Named, name: string): ApiError {
  const message = `${qualified(resource)} "${name}" already exists`;
  return new ApiError(409, 'AlreadyExists', message, details(resource, name));
}

export function conflict(resource: Named, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, details(resource, name));
}

export const optimisticLock =
  'the object has been modified; please apply your changes to the latest version and try again';

export function forbidden(resource: Named, name: string, why: string): ApiError {
  const subject = name === '' ? qualified(resource) : `${qualified(resource)} "${name}"`;
  return new ApiError(403, 'Forbidden', `${subject} is forbidden: ${why}`, details(resource, name));
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function internalError(message: string): ApiError {
  return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
}

export function methodNotSupported(resource: Named, verb: string): ApiError {
  const message = `${verb} is not supported on resources of kind "${qualified(resource)}"`;
  return new ApiError(405, 'MethodNotAllowed', message, details(resource, ''));
}

/** No such path: neither a resource nor anything else is served there. */
export function noSuchPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message);
}

export function unsupportedMediaType(supported: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`;
  return new ApiError(415, 'UnsupportedMediaType', message);
}

/** `kind`: the kind's own name and group, such as `ServiceEntry` of `networking.istio.io`. */
export function invalidObject(kind: Named, name: string, errors: readonly FieldError[]): ApiError {
  const message = `${qualified(kind)} "${name}" is invalid: ${aggregate(errors.map(fieldMessage))}`;
  return new ApiError(422, 'Invalid', message, {
    ...details(kind, name),
    causes: errors.map((error) => ({
      reason: errorTypes[error.type][1],
      message: error.body,
      field: error.field === '' ? '<nil>' : error.field,
    })),
  });
}
