import { decodeBase64Go, encodeBase64 } from "../../bytes/base64.ts";
import type { ClearText } from "../../clear-text.ts";
import type { KubeObject } from "../../objects/index.ts";
import { type Keyring, SealedError, scopeLabel, sealItem } from "../../sealed/index.ts";
import { HINTS_ANNOTATION, hashOfItem, readHints, type SealedInFile, scopeOf } from "../../secrets/index.ts";
import type { SealingCertificate } from "../../x509/index.ts";

/** The items of a SealedSecret that are on older keys, as base64 under the newest one; or why they cannot be. */
export type Resealed =
  | { readonly sealed: ReadonlyMap<string, string>; readonly current: number }
  | { readonly why: string };

/** Seals anew what is not on the newest key, item by item, for the scope, name and namespace that the object has. */
export interface Reseal {
  /** Fingerprint of the newest key. */
  readonly fingerprint: string;
  reseal(place: SealedInFile): Promise<Resealed>;
}

export interface ResealWithKeysOptions {
  /** Opens what is there. */
  readonly keyring: Keyring;
  /** What to seal for: the certificate of the newest key. */
  readonly certificate: Pick<SealingCertificate, "spki" | "fingerprint">;
}

/** With private keys, on this machine. */
export function resealWithKeys({ keyring, certificate }: ResealWithKeysOptions): Reseal {
  return {
    fingerprint: certificate.fingerprint,
    async reseal({ view }) {
      const { namespace = "", name = "" } = view.metadata;
      const label = scopeLabel(scopeOf(view.annotations), namespace, name);
      const sealed = new Map<string, string>();
      const unopened: string[] = [];
      for (const [item, value] of view.encryptedData) {
        const bytes = typeof value === "string" ? decodeBase64Go(value).bytes : undefined;
        const opened = bytes === undefined ? undefined : await openOne(bytes, label, keyring);
        if (opened === undefined) unopened.push(JSON.stringify(item));
        else if (opened.openedBy !== certificate.fingerprint) {
          sealed.set(item, encodeBase64(await sealItem(certificate.spki, opened.clearText.reveal(), label)));
        }
      }
      if (unopened.length > 0) return { why: `no key opens ${unopened.join(", ")} where it stands` };
      return { sealed, current: view.encryptedData.size - sealed.size };
    },
  };
}

async function openOne(
  sealed: Uint8Array,
  label: Uint8Array,
  keyring: Keyring,
): Promise<{ readonly clearText: ClearText; readonly openedBy: string } | undefined> {
  try {
    return await keyring.open(sealed, label);
  } catch (error) {
    if (error instanceof SealedError) return undefined;
    throw error;
  }
}

/** Asks a controller to seal an object anew: its answer, or why it does not. Throws when it cannot be asked at all. */
export type AskController = (object: KubeObject) => Promise<{ readonly answer: unknown } | { readonly why: string }>;

/**
 * Through a controller, which alone has the keys. Of its answer only the items are taken: the original drops templates and
 * metadata. Without keys nothing tells which items are on the newest one already, but hints that say so are believed.
 */
export function resealThroughController(ask: AskController, fingerprint: string): Reseal {
  return {
    fingerprint,
    async reseal({ object, view }) {
      const { encryptedData } = view;
      const hints = readHints(view.annotations[HINTS_ANNOTATION]);
      const isCurrent = ([item, value]: readonly [string, unknown]) => {
        const hint = hints.get(item);
        return hint?.fingerprint === fingerprint && typeof value === "string" && hint.hash === hashOfItem(value);
      };
      const old = [...encryptedData].filter((entry) => !isCurrent(entry)).map(([item]) => item);
      if (old.length === 0) return { sealed: new Map(), current: encryptedData.size };
      const asked = await ask(object);
      if ("why" in asked) return { why: asked.why };
      const items = itemsOf(asked.answer);
      const names = new Set(items?.keys());
      if (items === undefined || names.size !== encryptedData.size || !old.every((item) => names.has(item))) {
        return { why: "the controller answered with other items than it was given" };
      }
      const same = old.find((item) => items.get(item) === encryptedData.get(item));
      if (same !== undefined) return { why: `the controller did not seal ${JSON.stringify(same)} anew` };
      return {
        sealed: new Map(old.map((item) => [item, items.get(item) ?? ""])),
        current: encryptedData.size - old.length,
      };
    },
  };
}

/** `spec.encryptedData` of an answer; undefined when it is anything but base64 texts by name. */
function itemsOf(answer: unknown): ReadonlyMap<string, string> | undefined {
  const spec = fieldsOf(answer)["spec"];
  const items = new Map<string, string>();
  for (const [name, value] of Object.entries(fieldsOf(fieldsOf(spec)["encryptedData"]))) {
    if (typeof value !== "string" || (decodeBase64Go(value).bytes?.length ?? 0) === 0) return undefined;
    items.set(name, value);
  }
  return items;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
