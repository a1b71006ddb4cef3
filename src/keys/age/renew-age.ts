import { generateX25519Identity, parseIdentity } from "../../age/index.ts";
import { decodeBase64Go, encodeBase64 } from "../../bytes/base64.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { ClearText } from "../../clear-text.ts";
import type { KubeClient } from "../../kube/index.ts";
import type { KubeObject } from "../../objects/index.ts";
import type { IdentitySource } from "../../sops/index.ts";
import { KeysError } from "../errors.ts";
import { SECRETS } from "../resources.ts";
import { secretItems } from "../sealing/key-secret.ts";
import { AGE_ENTRY, type AgeIdentityInfo, identitiesOf, listAgeIdentities } from "./decryption-identities.ts";

/** Annotation of a decryption Secret while its identities are being renewed: the recipient of the new one. */
export const AGE_RENEWAL_ANNOTATION = "sealkit.dev/age-renewal";

/** A decryption Secret with its new identity and those that it takes the place of. Recipients only. */
export interface AgeRenewal {
  readonly namespace: string;
  readonly name: string;
  /** Entry of the new identity. */
  readonly entry: string;
  readonly recipient: string;
  readonly old: readonly string[];
  /** Entries that hold nothing but old identities. */
  readonly oldEntries: readonly string[];
  readonly secret: KubeObject;
}

/**
 * The Secret whose identities are renewed: the named one, or the only one that Kustomizations decrypt with.
 *
 * @param place `namespace/name`
 * @throws {KubeError}; {KeysError} `KEYS_AGE_SECRET`
 */
export async function findAgeSecret(client: KubeClient, place: string | undefined): Promise<KubeObject> {
  const known = [...new Set((await listAgeIdentities(client)).map(({ namespace, name }) => `${namespace}/${name}`))];
  const [only = "", ...others] = place === undefined ? known : [place];
  const [namespace = "", name = ""] = only.split("/");
  const secret =
    others.length > 0 || name === "" ? undefined : await client.get<KubeObject>(SECRETS, { namespace, name });
  if (secret !== undefined && (await identitiesOf(secret)).some(({ recipient }) => recipient !== undefined))
    return secret;
  const state =
    others.length > 0
      ? "there are several Secrets that Kustomizations decrypt with"
      : only === ""
        ? "no Kustomization of the cluster decrypts with one"
        : secret === undefined
          ? "there is no such Secret"
          : "no age identity is in it";
  throw new KeysError("KEYS_AGE_SECRET", `Cannot renew the age identity${only === "" ? "" : ` of ${only}`}: ${state}`, {
    details: known.map((one) => `a Kustomization decrypts with ${one}`),
    hints: ["name the Secret: sealkit keys renew --age --secret NAMESPACE/NAME"],
  });
}

/** The renewal that is under way in a Secret; undefined when there is none. */
export async function renewalIn(secret: KubeObject): Promise<AgeRenewal | undefined> {
  const recipient = secret.metadata.annotations?.[AGE_RENEWAL_ANNOTATION];
  if (recipient === undefined) return undefined;
  const { namespace = "", name = "" } = secret.metadata;
  const identities = await identitiesOf(secret);
  const entry = identities.find((one) => one.recipient === recipient)?.entry;
  if (entry === undefined) return undefined;
  const isOld = (one: AgeIdentityInfo) => one.recipient !== undefined && one.recipient !== recipient;
  const old = identities.flatMap((one) => (isOld(one) ? [one.recipient ?? ""] : []));
  // What cannot be read is nobody's to take away.
  const kept = new Set(identities.flatMap((one) => (isOld(one) ? [] : [one.entry])));
  const oldEntries = [...new Set(identities.map((one) => one.entry))].filter((one) => !kept.has(one));
  return { namespace, name, entry, recipient, old: [...new Set(old)], oldEntries, secret };
}

/**
 * Puts a new identity into a decryption Secret, beside those that are there. When a renewal is under way already, that one
 * is taken up again.
 *
 * @throws {KubeError} with status 409 when somebody else changed the Secret meanwhile.
 */
export async function beginAgeRenewal(client: KubeClient, secret: KubeObject): Promise<AgeRenewal> {
  const present = await renewalIn(secret);
  if (present !== undefined && present.old.length > 0) return present;
  const { namespace = "", name = "", resourceVersion } = secret.metadata;
  const identity = generateX25519Identity();
  const recipient = parseIdentity(identity).name;
  const text = `# public key: ${recipient}\n${identity}\n`;
  const body = {
    metadata: { resourceVersion, annotations: { [AGE_RENEWAL_ANNOTATION]: recipient } },
    data: { [`${recipient.slice(0, ENTRY_CHARS)}${AGE_ENTRY}`]: encodeBase64(encodeUtf8(text)) },
  };
  const patched = await client.patch<KubeObject>(SECRETS, { namespace, name }, body, {
    type: "merge",
    fieldManager: "sealkit-keys",
  });
  const renewal = await renewalIn(patched);
  if (renewal !== undefined) return renewal;
  throw new KeysError(
    "KEYS_AGE_SECRET",
    `Cannot renew the age identity of ${namespace}/${name}: it was not taken over`,
  );
}

/** As much of a recipient as tells entries apart. */
const ENTRY_CHARS = 16;

/** Takes the old identities out of the Secret. @throws {KubeError} with status 409 when the Secret changed meanwhile. */
export async function endAgeRenewal(client: KubeClient, renewal: AgeRenewal): Promise<void> {
  const { namespace, name, oldEntries, secret } = renewal;
  const { resourceVersion } = secret.metadata;
  const body = {
    metadata: { resourceVersion, annotations: { [AGE_RENEWAL_ANNOTATION]: null } },
    data: Object.fromEntries(oldEntries.map((entry) => [entry, null])),
  };
  await client.patch(SECRETS, { namespace, name }, body, { type: "merge", fieldManager: "sealkit-keys" });
}

/** The identities of a Secret for a keyring; of one entry alone when it is named. */
export function identitySources(secret: KubeObject, only?: string): readonly IdentitySource[] {
  const { namespace = "", name = "" } = secret.metadata;
  return [...secretItems(secret)].flatMap(([entry, value]): IdentitySource[] => {
    if (!entry.endsWith(AGE_ENTRY) || (only !== undefined && entry !== only)) return [];
    const { bytes } = decodeBase64Go(value);
    const where = `Secret ${namespace}/${name}, entry "${entry}"`;
    if (bytes === undefined) return [{ where, identities: undefined, problem: "it is no base64" }];
    return [{ where, identities: new ClearText(bytes) }];
  });
}
