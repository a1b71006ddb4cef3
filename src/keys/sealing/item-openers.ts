import { primitives } from "#primitives";
import { decodeBase64Go, encodeBase64 } from "../../bytes/base64.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { type KubeObject, objectId, subjectOf } from "../../objects/index.ts";
import { ahead } from "../../repository/index.ts";
import { type Keyring, SealedError, scopeLabel } from "../../sealed/index.ts";
import { SecretsError, scopeOf, verifySealed } from "../../secrets/index.ts";
import { sealedView } from "./open-items-apart.ts";

/** Which keys a SealedSecret needs. */
export interface OpenedObject {
  /** `SealedSecret/apps/db` */
  readonly object: string;
  /** Item to the fingerprint of the key that opens it. */
  readonly items: ReadonlyMap<string, string>;
  /** Whether all items open. */
  readonly isWhole: boolean;
}

/** Items of one object that wait for private keys at the same time. */
const AT_ONCE = 16;

/**
 * Finds the key of each item by opening it, and remembers it: a repository holds the same item in many versions of a file,
 * and opening is milliseconds of private-key work. What is remembered is a digest and a fingerprint, never clear text.
 */
export class ItemOpeners {
  readonly #keyring: Keyring;
  readonly #known = new Map<string, Promise<string | undefined>>();

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** Never throws for what the object holds: one item that no key opens does not make the others need none. */
  async openersOf(object: KubeObject): Promise<OpenedObject> {
    const name = subjectOf(objectId(object));
    const view = sealedView(object);
    if (view === undefined) return { object: name, items: new Map(), isWhole: false };
    if (view.legacyData !== undefined && view.encryptedData.size === 0) return await this.#legacy(object, name);
    const { namespace = "", name: own = "" } = view.metadata;
    const label = scopeLabel(scopeOf(view.annotations), namespace, own);
    const items = new Map<string, string>();
    // The first item finds the key, so that the others are opened at the first trial.
    let first: string | undefined;
    const [head, ...rest] = view.encryptedData;
    for (const group of head === undefined ? [] : [[head], rest]) {
      const open = async ([item, value]: readonly [string, unknown]) =>
        [item, await this.#openerOf(value, label, first)] as const;
      for await (const [item, opener] of ahead(group, AT_ONCE, open)) {
        if (opener !== undefined) items.set(item, opener);
        first ??= opener;
      }
    }
    return { object: name, items, isWhole: items.size === view.encryptedData.size };
  }

  async #openerOf(value: unknown, label: Uint8Array, first: string | undefined): Promise<string | undefined> {
    const sealed = typeof value === "string" ? decodeBase64Go(value).bytes : undefined;
    if (sealed === undefined) return undefined;
    const digest = encodeBase64(primitives.sha256(encodeUtf8(`${label.length}:`), label, sealed));
    const known = this.#known.get(digest) ?? this.#open(sealed, label, first);
    this.#known.set(digest, known);
    return await known;
  }

  async #open(sealed: Uint8Array, label: Uint8Array, first: string | undefined): Promise<string | undefined> {
    try {
      return (await this.#keyring.open(sealed, label, { first })).openedBy;
    } catch (cause) {
      if (cause instanceof SealedError) return undefined;
      throw cause;
    }
  }

  async #legacy(object: KubeObject, name: string): Promise<OpenedObject> {
    try {
      const items = await verifySealed(object, this.#keyring, { acceptLegacyData: true });
      return { object: name, items, isWhole: true };
    } catch (cause) {
      if (!(cause instanceof SecretsError)) throw cause;
      return { object: name, items: new Map(), isWhole: false };
    }
  }
}
