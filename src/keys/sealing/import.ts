import type { KubeClient } from "../../kube/index.ts";
import type { KubeObject } from "../../objects/index.ts";
import { checkNotExpired, readCertificate, readPrivateKey, type SealingCertificate } from "../../x509/index.ts";
import { KeysError } from "../errors.ts";
import { SECRETS } from "../resources.ts";
import { DEFAULT_KEY_PREFIX, type KeyPem, keySecret } from "./key-secret.ts";
import { type KeyPlace, listSealingKeys } from "./sealing-keys.ts";

/** A key of one's own, read and checked. */
export interface CheckedKey {
  readonly pem: KeyPem;
  readonly certificate: SealingCertificate;
}

/** Fewer bits than this nobody should begin to seal with. */
const MIN_BITS = 2048;

/**
 * Checks a certificate and a private key of one's own before they become a sealing key.
 *
 * @param now milliseconds since the epoch
 * @throws {KeysError} `KEYS_IMPORT_MISMATCH`, `KEYS_IMPORT_WEAK`; {X509Error}
 */
export function checkOwnKey(pem: KeyPem, now: number): CheckedKey {
  const certificate = readCertificate(pem.certificatePem);
  const { fingerprint } = readPrivateKey(pem.privateKeyPem);
  if (fingerprint !== certificate.fingerprint) {
    throw new KeysError("KEYS_IMPORT_MISMATCH", "Cannot import the key: the certificate is of another key", {
      details: [`private key ${fingerprint}`, `certificate ${certificate.fingerprint}`],
      hints: ["what is sealed for this certificate would never open: find the key that it was made with"],
    });
  }
  if (certificate.bits < MIN_BITS) {
    throw new KeysError("KEYS_IMPORT_WEAK", `Cannot import the key: ${certificate.bits} bits are too few`, {
      details: [`at least ${MIN_BITS} are wanted, 4096 are usual`],
      hints: ["make a new one: sealkit keys renew"],
    });
  }
  checkNotExpired(certificate, now);
  return { pem, certificate };
}

export interface ImportedKey {
  readonly name: string;
  readonly fingerprint: string;
  /** False when the cluster had it already. */
  readonly isNew: boolean;
  /** Whether new Secrets are sealed with it; otherwise the name of the key whose certificate begins later. */
  readonly newest: string;
}

/** Adds a key of one's own to those of a cluster. Done twice, the second time changes nothing. @throws {KubeError} */
export async function importSealingKey(
  client: KubeClient,
  { pem, certificate }: CheckedKey,
  { namespace, prefix = DEFAULT_KEY_PREFIX }: KeyPlace,
): Promise<ImportedKey> {
  const { fingerprint } = certificate;
  const before = await listSealingKeys(client, { namespace, prefix });
  const present = before.find((key) => key.fingerprint === fingerprint);
  const created = present?.secret ?? (await client.create<KubeObject>(SECRETS, keySecret(pem, { namespace, prefix })));
  const [newest] = present === undefined ? await listSealingKeys(client, { namespace, prefix }) : before;
  return {
    name: created.metadata.name ?? "",
    fingerprint,
    isNew: present === undefined,
    newest: newest?.name ?? "",
  };
}
