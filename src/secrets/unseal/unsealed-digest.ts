import { primitives } from "#primitives";
import { encodeBase64 } from "../../bytes/base64.ts";
import { equalBytes } from "../../bytes/equal.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { isRecord, type KubeObject, type ObjectMeta } from "../../objects/index.ts";
import type { Keyring } from "../../sealed/index.ts";
import { scopeOf } from "../scope.ts";
import { viewSealedSecret } from "../sealed-secret.ts";

/** A SealedSecret, the Secret that came of it, and with which keys. */
export interface UnsealedState {
  readonly sealed: KubeObject;
  /** Metadata of the live Secret; its uid and resourceVersion count. */
  readonly secret: ObjectMeta;
  /** Fingerprints of the keys that opened the items. */
  readonly openedBy: readonly string[];
  /** Whether `spec.data` of versions before 0.6 is opened: what comes of an object depends on it. */
  readonly acceptLegacyData: boolean;
}

/** Changes whenever the same SealedSecret would give another Secret than before. */
const FORM = "sealkit unsealed state 1";

/**
 * Says in 44 characters that this SealedSecret was opened and that this very version of a Secret came of it. Only who
 * holds the keys that opened it can make or check it: it is an HMAC-SHA256 under a key derived from those private keys,
 * so nobody who may write the place where it is kept can make a changed object look finished, and it tells nothing of
 * what is inside. Undefined when there is no such key here, or nothing was opened.
 */
export function unsealedDigest(state: UnsealedState, keyring: Keyring): string | undefined {
  const digest = digestOf(state, keyring);
  return digest && encodeBase64(digest);
}

/** Whether `digest` is that of this state. */
export function isUnsealedDigest(digest: string, state: UnsealedState, keyring: Keyring): boolean {
  const expected = unsealedDigest(state, keyring);
  return expected !== undefined && equalBytes(encodeUtf8(expected), encodeUtf8(digest));
}

function digestOf({ sealed, secret, openedBy, acceptLegacyData }: UnsealedState, keyring: Keyring) {
  const { uid, resourceVersion } = secret;
  if (uid === undefined || resourceVersion === undefined) return undefined;
  const key = keyring.deriveKey(openedBy, FORM);
  if (key === undefined) return undefined;
  const { metadata, annotations } = viewSealedSecret(sealed);
  const { namespace, name, uid: ownUid } = metadata;
  const spec = sealed["spec"];
  const said = [FORM, namespace, name, ownUid, scopeOf(annotations), spec, acceptLegacyData, uid, resourceVersion];
  return primitives.hmacSha256(key, encodeUtf8(canonical(said)));
}

/** JSON with the keys of every object sorted: servers may send them in any order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) : part,
  );
}
