import { AgeError, parseIdentitiesFile, recipientOf } from "../../age/index.ts";
import { decodeBase64Go } from "../../bytes/base64.ts";
import type { KubeClient } from "../../kube/index.ts";
import type { KubeObject } from "../../objects/index.ts";
import { decryptionSecrets } from "../backup/collect.ts";
import { SECRETS } from "../resources.ts";
import { secretItems } from "../sealing/key-secret.ts";

/** Entries of a decryption Secret whose name ends so hold age identities. Source: Flux, "Decryption Secret reference". */
export const AGE_ENTRY = ".agekey";

/** An age identity that a Kustomization decrypts with. Never the identity itself. */
export interface AgeIdentityInfo {
  readonly namespace: string;
  /** Name of the Secret. */
  readonly name: string;
  readonly entry: string;
  /** `age1…`; public. Undefined when the entry cannot be read. */
  readonly recipient: string | undefined;
  readonly problem: string | undefined;
}

/** The age identities in the Secrets that Kustomizations decrypt with, by Secret and entry. @throws {KubeError} */
export async function listAgeIdentities(client: KubeClient): Promise<readonly AgeIdentityInfo[]> {
  const places = [...new Set(await decryptionSecrets(client))].sort();
  const found: AgeIdentityInfo[] = [];
  for (const place of places) {
    const [namespace = "", name = ""] = place.split("/");
    const secret = await client.get<KubeObject>(SECRETS, { namespace, name });
    if (secret !== undefined) found.push(...(await identitiesOf(secret)));
  }
  return found;
}

/** The identities of one Secret; an entry that cannot be read is one without a recipient. */
export async function identitiesOf(secret: KubeObject): Promise<readonly AgeIdentityInfo[]> {
  const { namespace = "", name = "" } = secret.metadata;
  const found: AgeIdentityInfo[] = [];
  const entries = [...secretItems(secret)].filter(([entry]) => entry.endsWith(AGE_ENTRY)).sort();
  for (const [entry, value] of entries) {
    const place = { namespace, name, entry };
    const { recipients, problem } = await recipientsIn(value);
    found.push(...recipients.map((recipient) => ({ ...place, recipient, problem: undefined })));
    if (problem !== undefined) found.push({ ...place, recipient: undefined, problem });
  }
  return found;
}

interface RecipientsIn {
  readonly recipients: readonly string[];
  readonly problem?: string;
}

async function recipientsIn(value: string): Promise<RecipientsIn> {
  const { bytes } = decodeBase64Go(value);
  if (bytes === undefined) return { recipients: [], problem: "it is no base64" };
  try {
    const identities = parseIdentitiesFile(new TextDecoder().decode(bytes));
    return { recipients: await Promise.all(identities.map(recipientOf)) };
  } catch (cause) {
    if (cause instanceof AgeError) return { recipients: [], problem: cause.message };
    throw cause;
  }
}
