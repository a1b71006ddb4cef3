import { isDeepStrictEqual } from "node:util";
import type { KubeObject, OwnerReference } from "../../src/objects/index.ts";
import { SEALED_SECRETS } from "../api/index.ts";
import { isOn, MANAGED, PATCH, SKIP_OWNER } from "./annotations.ts";
import type { Seen } from "./observe.ts";
import type { Secret } from "./unsealer.ts";

export type Decision =
  | { readonly kind: "unsupported"; readonly field: string }
  | { readonly kind: "locked"; readonly message: string; readonly mayPass: boolean }
  /** A template fails. `mayPass`: for want of time or memory. */
  | { readonly kind: "unrendered"; readonly message: string; readonly mayPass: boolean }
  /** It is not known yet what the Secret should be. */
  | { readonly kind: "busy" }
  /** There is a Secret of that name which is not ours. */
  | { readonly kind: "foreign"; readonly name: string }
  /** `unowned`: without an owner and without the annotation that would let us change it later. */
  | { readonly kind: "create"; readonly secret: Secret; readonly unowned: boolean }
  | { readonly kind: "update"; readonly secret: Secret; readonly live: Secret }
  /** The live Secret is what it should be. */
  | { readonly kind: "keep"; readonly secret: Secret };

/** Chooses what to do for one SealedSecret. Pure. */
export function decide({ sealed, unsupported, unsealed, live, restore }: Seen): Decision {
  if (unsupported !== undefined || unsealed === undefined) return { kind: "unsupported", field: unsupported ?? "spec" };
  if (unsealed.kind === "busy") return unsealed;
  if (unsealed.kind === "template") {
    return { kind: "unrendered", message: unsealed.message, mayPass: unsealed.mayPass };
  }
  if (unsealed.kind !== "opened") {
    return { kind: "locked", message: unsealed.message, mayPass: unsealed.kind === "no-key" };
  }
  const { secret } = unsealed;
  const owned = isOn(secret, SKIP_OWNER) ? secret : withOwner(secret, ownerReference(sealed));
  if (live === undefined) {
    return {
      kind: "create",
      secret: owned,
      unowned: owned === secret && !isOn(secret, MANAGED) && !isOn(secret, PATCH),
    };
  }
  const isManaged = isOn(live, MANAGED);
  const isPatched = isOn(live, PATCH);
  const lostItsOwner = restore?.uid !== undefined && restore.uid === live.metadata.uid && !isControlled(live);
  if (!isControlledBy(live, sealed) && !isManaged && !isPatched && !lostItsOwner) {
    return { kind: "foreign", name: secret.metadata.name ?? "" };
  }
  const write = isPatched ? patched(live, owned, isManaged) : replaced(live, owned);
  const wanted = restore === undefined ? write : restored(live, owned, write);
  return sameContent(live, wanted) ? { kind: "keep", secret: live } : { kind: "update", secret: wanted, live };
}

function ownerReference(sealed: KubeObject): OwnerReference {
  const { name = "", uid = "" } = sealed.metadata;
  return { apiVersion: sealed.apiVersion, kind: sealed.kind, name, uid, controller: true };
}

/** Whether `sealed` is the controlling owner; the uid counts, not the name. */
function isControlledBy(object: KubeObject, sealed: KubeObject): boolean {
  const owners = object.metadata.ownerReferences ?? [];
  return owners.some((owner) => owner.controller === true && owner.uid === sealed.metadata.uid);
}

/** Whether a Secret shows that a SealedSecret of its name made it, or was allowed to take it over. */
export function isOfSealedSecret(secret: KubeObject): boolean {
  const owners = secret.metadata.ownerReferences ?? [];
  const isOwned = owners.some(
    (owner) =>
      owner.apiVersion === `${SEALED_SECRETS.group}/${SEALED_SECRETS.version}` &&
      owner.kind === SEALED_SECRETS.kind &&
      owner.name === secret.metadata.name,
  );
  return isOwned || [MANAGED, PATCH, SKIP_OWNER].some((mark) => isOn(secret, mark));
}

function isControlled(object: KubeObject): boolean {
  return (object.metadata.ownerReferences ?? []).some((owner) => owner.controller === true);
}

function withOwner(secret: Secret, owner: OwnerReference): Secret {
  return { ...secret, metadata: { ...secret.metadata, ownerReferences: [owner] } };
}

/** The live Secret with everything that the SealedSecret says in place of what was there. */
function replaced(live: Secret, wanted: Secret): Secret {
  const { labels, annotations, ownerReferences } = wanted.metadata;
  return {
    ...live,
    metadata: without({ ...live.metadata, labels, annotations, ownerReferences }),
    data: wanted.data ?? {},
    type: typeOf(wanted),
  };
}

/** The live Secret with what the SealedSecret says added; nothing is removed. */
function patched(live: Secret, wanted: Secret, isManaged: boolean): Secret {
  const { labels, annotations, ownerReferences } = wanted.metadata;
  return {
    ...live,
    metadata: without({
      ...live.metadata,
      labels: { ...live.metadata.labels, ...labels },
      annotations: { ...live.metadata.annotations, ...annotations },
      ownerReferences: isManaged ? ownerReferences : live.metadata.ownerReferences,
    }),
    data: { ...live.data, ...wanted.data },
    type: typeOf(wanted),
  };
}

/** `write`, but with the labels and annotations that others have added since: only what is ours is set back. */
function restored(live: Secret, wanted: Secret, write: Secret): Secret {
  const { labels, annotations } = wanted.metadata;
  return {
    ...write,
    metadata: without({
      ...write.metadata,
      labels: added(live.metadata.labels, labels),
      annotations: added(live.metadata.annotations, annotations),
    }),
  };
}

function added(
  there: Readonly<Record<string, string>> | undefined,
  more: Readonly<Record<string, string>> | undefined,
): Record<string, string> | undefined {
  return there === undefined && more === undefined ? undefined : { ...there, ...more };
}

/** The API reads an absent type as Opaque. */
function typeOf(secret: Secret): string {
  return secret.type === undefined || secret.type === "" ? "Opaque" : secret.type;
}

function sameContent(live: Secret, wanted: Secret): boolean {
  return isDeepStrictEqual(content(live), content(wanted));
}

/** What an update may change; absent and empty maps are the same to the API. */
function content(secret: Secret): unknown {
  const { labels = {}, annotations = {}, ownerReferences = [] } = secret.metadata;
  // What was read has another prototype than what was opened, and that counts as a difference.
  return {
    labels: { ...labels },
    annotations: { ...annotations },
    ownerReferences,
    data: { ...secret.data },
    type: typeOf(secret),
  };
}

/** `undefined` has no place in JSON, and `exactOptionalPropertyTypes` none for it either. */
function without<T extends object>(metadata: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
