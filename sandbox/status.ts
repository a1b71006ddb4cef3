import type { JsonObject } from "../src/objects/index.ts";

/** One field that is wrong, as it appears in `details.causes` of a Status. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** Group and plural (or kind, for validation errors) as they appear in messages: `deployments.apps`, `secrets`. */
export interface Named {
  readonly group: string;
  readonly plural: string;
}

interface StatusContent {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: JsonObject;
  readonly retryAfterSeconds?: number;
}

/** A request that ends with a Status instead of an object. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(content: StatusContent) {
    super(content.message);
    this.code = content.code;
    this.reason = content.reason;
    this.details = content.details;
    this.retryAfterSeconds = content.retryAfterSeconds;
  }

  /** The Status object that goes over the wire. */
  toStatus(): JsonObject {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      ...(this.reason === "" ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

/** `secrets`, `deployments.apps`. */
const qualified = ({ group, plural }: Named) => (group === "" ? plural : `${plural}.${group}`);

function detailsOf(resource: Named, name: string, more: JsonObject = {}): JsonObject {
  return {
    ...(name === "" ? {} : { name }),
    ...(resource.group === "" ? {} : { group: resource.group }),
    kind: resource.plural,
    ...more,
  };
}

export function notFound(resource: Named, name: string): StatusError {
  const message = `${qualified(resource)} "${name}" not found`;
  return new StatusError({ code: 404, reason: "NotFound", message, details: detailsOf(resource, name) });
}

export function alreadyExists(resource: Named, name: string, isBeingDeleted = false): StatusError {
  const prefix = isBeingDeleted ? "object is being deleted: " : "";
  const message = `${prefix}${qualified(resource)} "${name}" already exists`;
  return new StatusError({ code: 409, reason: "AlreadyExists", message, details: detailsOf(resource, name) });
}

export const OBJECT_MODIFIED =
  "the object has been modified; please apply your changes to the latest version and try again";

export function conflict(resource: Named, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`;
  return new StatusError({ code: 409, reason: "Conflict", message, details: detailsOf(resource, name) });
}

/** Validation failed: one cause per wrong field. `kind` is the kind, qualified by its group in the message. */
export function invalid(kind: { group: string; kind: string }, name: string, causes: readonly Cause[]): StatusError {
  const texts = causes.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`));
  const listed = texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
  const shown = qualified({ group: kind.group, plural: kind.kind });
  return new StatusError({
    code: 422,
    reason: "Invalid",
    message: `${shown} "${name}" is invalid: ${causes.length === 0 ? "" : listed}`,
    details: detailsOf({ group: kind.group, plural: kind.kind }, name, { causes: [...causes] }),
  });
}

export function forbidden(resource: Named, name: string, why: string, causes: readonly Cause[] = []): StatusError {
  const shown = name === "" ? `${qualified(resource)} is` : `${qualified(resource)} "${name}" is`;
  return new StatusError({
    code: 403,
    reason: "Forbidden",
    message: `${shown} forbidden: ${why}`,
    details: detailsOf(resource, name, causes.length === 0 ? {} : { causes: [...causes] }),
  });
}

export function badRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: "BadRequest", message });
}

export function unauthorized(): StatusError {
  return new StatusError({ code: 401, reason: "Unauthorized", message: "Unauthorized" });
}

/** No such path: what the server says where no resource is registered. */
export function noSuchPath(): StatusError {
  const message = "the server could not find the requested resource";
  return new StatusError({ code: 404, reason: "NotFound", message, details: {} });
}

export function methodNotAllowed(): StatusError {
  const message = "the server does not allow this method on the requested resource";
  return new StatusError({ code: 405, reason: "MethodNotAllowed", message, details: {} });
}

export function notAcceptable(supported: readonly string[]): StatusError {
  const message = `406: Not Acceptable\n\nAvailable representations: ${supported.join(", ")}`;
  return new StatusError({ code: 406, reason: "NotAcceptable", message, details: {} });
}

export function unsupportedMediaType(supported: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${supported.join(", ")}`;
  return new StatusError({ code: 415, reason: "UnsupportedMediaType", message });
}

export function unsupportedPatchType(): StatusError {
  const message = "415: Unsupported Media Type";
  return new StatusError({ code: 415, reason: "UnsupportedMediaType", message, details: {} });
}

export function tooLarge(limitBytes: number): StatusError {
  const message = `Request entity too large: limit is ${limitBytes}`;
  return new StatusError({ code: 413, reason: "RequestEntityTooLarge", message, details: {} });
}

export function tooManyRequests(): StatusError {
  return new StatusError({
    code: 429,
    reason: "TooManyRequests",
    message: "Too many requests, please try again later.",
    details: { retryAfterSeconds: 1 },
    retryAfterSeconds: 1,
  });
}

/** The revision that was asked for is no longer kept. */
export function expired(message: string): StatusError {
  return new StatusError({ code: 410, reason: "Expired", message });
}

export function timeout(message: string, more: JsonObject): StatusError {
  return new StatusError({ code: 504, reason: "Timeout", message, details: more });
}
