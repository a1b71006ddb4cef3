import type { KubeObject } from "../../src/objects/index.ts";
import { Keyring, type UnsealingKey } from "../../src/sealed/index.ts";
import { decodeSecret, fullOriginal, SecretsError, secretManifest, unsealSecret } from "../../src/secrets/index.ts";
import { readPrivateKey, X509Error } from "../../src/x509/index.ts";
import { readManifests, YamlError, type YamlValue } from "../../src/yaml/index.ts";
import type { Context } from "./context.ts";
import { KubesealError } from "./errors.ts";
import { readFileGo } from "./files.ts";
import { isObject, type ReadSealedSecret, readSealedSecret } from "./sealed-secret.ts";

/** `--recovery-unseal`: the Secret of a SealedSecret, opened with private keys out of files. */
export async function recoverMode(context: Context): Promise<void> {
  const { options, io } = context;
  const keys: UnsealingKey[] = [];
  for (const path of options.recoveryPrivateKey) {
    keys.push(...(await keysIn(path, await readFileGo(io, path), context)));
  }
  const read = readSealedSecret(await context.readInput());
  if (read === undefined) {
    await context.doubt(["the input holds no SealedSecret: the Secret is empty"]);
    await context.printObject(EMPTY_SECRET);
    return;
  }
  const unsealed = unsealSecret(read.object, new Keyring(keys), { explain: true, reportAll: true });
  const { secret } = await unsealed.catch(inFull);
  const manifest = withOwnerAs(secretManifest(secret), read);
  // An empty value has no bytes in Go, and prints as null.
  const data = Object.entries(manifest["data"] ?? {}).map(([name, text]) => [name, text === "" ? null : text]);
  await context.printObject(data.length === 0 ? manifest : { ...manifest, data: Object.fromEntries(data) });
}

/** Who holds the keys may read what a template says in full, values and all. */
function inFull(error: unknown): never {
  if (!(error instanceof SecretsError) || error.templates.length === 0) throw error;
  const details = error.details.filter((line) => !line.startsWith("template: "));
  throw new KubesealError("KUBESEAL_UNSEAL", fullOriginal(error), { details });
}

/** The original takes kind and version of the owner from the input, where they may be missing. */
function withOwnerAs(manifest: KubeObject, { apiVersion, kind }: ReadSealedSecret): KubeObject {
  const { ownerReferences } = manifest.metadata;
  if (ownerReferences === undefined) return manifest;
  const owners = ownerReferences.map((owner) => ({ ...owner, apiVersion, kind }));
  return { ...manifest, metadata: { ...manifest.metadata, ownerReferences: owners } };
}

/** What kubeseal makes of nothing. */
const EMPTY_SECRET = {
  kind: "Secret",
  apiVersion: "v1",
  metadata: { ownerReferences: [{ apiVersion: "", kind: "", name: "", uid: "", controller: true }] },
};

/** PEM, or key Secrets as YAML or JSON, alone or in a List. What is neither is passed over with a warning. */
async function keysIn(path: string, bytes: Uint8Array, context: Context): Promise<readonly UnsealingKey[]> {
  const text = new TextDecoder().decode(bytes);
  let why: string;
  try {
    return [unsealingKey(text)];
  } catch (cause) {
    if (!(cause instanceof X509Error)) throw cause;
    why = cause.original;
  }
  const secrets = keySecrets(bytes);
  if (secrets.length === 0) await context.doubt([`no key is used of "${path}": ${why}`]);
  return secrets.map((secret) => {
    const { stringData: _, ...encoded } = isObject(secret) ? secret : {};
    const pem = decodeSecret(encoded).data.get("tls.key");
    if (pem === undefined) {
      throw new KubesealError("KUBESEAL_UNSEAL", "secret must contain a 'tls.data' key", {
        details: [`a Secret in "${path}" has no tls.key`],
      });
    }
    return keyOfSecret(new TextDecoder().decode(pem.reveal()));
  });
}

/** Of a key Secret the original says in words of its own that its key is of another kind. */
function keyOfSecret(pem: string): UnsealingKey {
  try {
    return unsealingKey(pem);
  } catch (cause) {
    if (!(cause instanceof X509Error) || cause.code !== "X509_PRIVATE_KEY_NOT_RSA") throw cause;
    const { details, hints } = cause;
    throw new KubesealError("KUBESEAL_UNSEAL", "unexpected private key type *ecdsa.PrivateKey", {
      details,
      hints,
      cause,
    });
  }
}

function unsealingKey(pem: string): UnsealingKey {
  const { fingerprint, pkcs8, bits } = readPrivateKey(pem);
  return { fingerprint, pkcs8, bits, notBefore: 0 };
}

function keySecrets(bytes: Uint8Array): readonly YamlValue[] {
  try {
    const values = readManifests(bytes, { mode: "lenient" }).manifests.map(({ value }) => value);
    const objects = values.filter(isObject).filter(({ kind }) => typeof kind === "string" && kind !== "");
    return objects.flatMap((value) => {
      const items = value["items"];
      return value["kind"] === "List" && Array.isArray(items) ? items : [value];
    });
  } catch (cause) {
    if (cause instanceof YamlError) return [];
    throw cause;
  }
}
