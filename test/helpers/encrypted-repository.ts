import { encodeBase64 } from "../../src/bytes/base64.ts";
import { keySecret } from "../../src/keys/index.ts";
import { Keyring, type Scope, scopeLabel, sealItem } from "../../src/sealed/index.ts";
import { sealedInFile, unsealSecret } from "../../src/secrets/index.ts";
import { encrypt } from "../../src/sops/index.ts";
import type { SealingKeyPair } from "../../src/x509/index.ts";
import { printSigs } from "../../src/yaml/index.ts";
import { makeSealingKey, unsealingKey } from "./sealing-keys.ts";
import { RECIPIENT_A } from "./sops.ts";

const DAY_MS = 24 * 3600 * 1000;

/** Two keys of one controller, the later one the newest, and one of nobody. */
export interface RepositoryKeys {
  readonly old: SealingKeyPair;
  readonly newest: SealingKeyPair;
  readonly stranger: SealingKeyPair;
  /** Both keys of the controller as `kubectl get secret -o yaml` would print them. */
  readonly backup: string;
}

export async function repositoryKeys(): Promise<RepositoryKeys> {
  const [old, newest, stranger] = await Promise.all([
    makeSealingKey({ now: Date.now() - 30 * DAY_MS }),
    makeSealingKey(),
    makeSealingKey(),
  ]);
  return { old, newest, stranger, backup: [old, newest].map((pair, at) => keyYaml(pair, `key-${at}`)).join("---\n") };
}

function keyYaml(pair: SealingKeyPair, name: string): string {
  const secret = keySecret(pair, { namespace: "kube-system", prefix: "key-" });
  return printSigs({ ...secret, metadata: { ...secret.metadata, name } });
}

export interface SealedOptions {
  readonly name?: string;
  readonly namespace?: string;
  readonly scope?: Scope;
}

const ANNOTATIONS: Readonly<Record<Scope, string>> = {
  strict: "{}",
  "namespace-wide": '{sealedsecrets.bitnami.com/namespace-wide: "true"}',
  "cluster-wide": '{sealedsecrets.bitnami.com/cluster-wide: "true"}',
};

/** A SealedSecret with comments and odd layout. */
export async function sealedYaml(
  { certificate }: Pick<SealingKeyPair, "certificate">,
  items: Readonly<Record<string, string>>,
  { name = "db", namespace = "apps", scope = "strict" }: SealedOptions = {},
): Promise<string> {
  const label = scopeLabel(scope, namespace, name);
  const lines = await Promise.all(
    Object.entries(items).map(async ([item, value]) => {
      const sealed = encodeBase64(await sealItem(certificate.spki, Buffer.from(value), label));
      return `    ${item}: "${sealed}"   # kept\n`;
    }),
  );
  return [
    "# ours\napiVersion: bitnami.com/v1alpha1\nkind:   SealedSecret\n",
    `metadata: {name: ${name}, namespace: ${namespace}, annotations: ${ANNOTATIONS[scope]}}\n`,
    `spec:\n  encryptedData:\n${lines.join("")}  template:\n    metadata: {labels: {team: a}}\n    type: Opaque\n`,
  ].join("");
}

/** The values of the first SealedSecret of a text, and the fingerprints that opened them. */
export async function openSealed(text: string, ...keys: readonly SealingKeyPair[]) {
  const [place] = sealedInFile(text, "db.yaml");
  const { secret, openedBy } = await unsealSecret(
    place?.object ?? { apiVersion: "", kind: "", metadata: {} },
    new Keyring(keys.map(unsealingKey)),
    {},
  );
  return {
    values: Object.fromEntries([...secret.data].map(([item, value]) => [item, value.revealText()])),
    openedBy: [...new Set(openedBy.values())],
  };
}

export async function sopsYaml(clear: string, recipients: readonly string[] = [RECIPIENT_A]): Promise<string> {
  return (await encrypt(clear, "yaml", { recipients, now: 0 })).text;
}
