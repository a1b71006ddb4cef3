import type { KubeClient } from "../../kube/index.ts";
import { KeysError } from "../errors.ts";
import { SECRETS } from "../resources.ts";
import { COMPROMISED_LABEL, KEY_LABEL, RETIRED_LABEL } from "./key-secret.ts";
import type { Need, NeededFor } from "./needed-by.ts";
import type { SealingKeyInfo } from "./sealing-keys.ts";

/** As many of those that need a key as a message names. */
const SHOWN = 10;
const SHOWN_BRANCHES = 3;

/**
 * The one key that a word means: the name of its Secret, its fingerprint, or enough of the fingerprint's beginning.
 *
 * @throws {KeysError} `KEYS_NO_SUCH_KEY`
 */
export function keyCalled(word: string, keys: readonly SealingKeyInfo[]): SealingKeyInfo {
  const print = word.startsWith("SHA256:") ? word : `SHA256:${word}`;
  const exact = keys.filter(({ name, fingerprint }) => name === word || fingerprint === print);
  const found = exact.length > 0 || word.length < 4 ? exact : keys.filter((key) => key.fingerprint?.startsWith(print));
  const [key, ...others] = found;
  if (key !== undefined && others.length === 0) return key;
  const state = others.length > 0 ? "several keys are called so" : "there is none";
  throw new KeysError("KEYS_NO_SUCH_KEY", `Cannot find the key "${word}": ${state}`, {
    details: keys.slice(0, SHOWN).map(({ name, fingerprint }) => `${name} ${fingerprint ?? ""}`.trimEnd()),
    hints: ["list them: sealkit keys list -o wide"],
  });
}

/**
 * Refuses to take a key out of use that anything needs, or that new Secrets are sealed with.
 *
 * @throws {KeysError} `KEYS_NEEDED`
 */
export function checkNotNeeded(key: SealingKeyInfo, needs: readonly Need[]): void {
  if (key.status === "newest") {
    throw new KeysError("KEYS_NEEDED", `Cannot retire key ${key.name}: new Secrets are sealed with it`, {
      hints: ["make another one first: sealkit keys renew"],
    });
  }
  const neededFor = needs.flatMap(({ byKey }) => byKey.get(key.fingerprint ?? "") ?? []);
  if (neededFor.length === 0) return;
  const more = neededFor.length - SHOWN;
  throw new KeysError("KEYS_NEEDED", `Cannot retire key ${key.name}: ${neededFor.length} SealedSecrets need it`, {
    details: [...neededFor.slice(0, SHOWN).map(describe), ...(more > 0 ? [`and ${more} more`] : [])],
    hints: hintsFor(neededFor),
  });
}

function hintsFor(neededFor: readonly NeededFor[]): readonly string[] {
  const isAnywhere = (test: (needed: NeededFor) => boolean, hint: string) => (neededFor.some(test) ? [hint] : []);
  return [
    "bring them onto the newest key first: sealkit rotate --repo .",
    ...isAnywhere(({ place }) => (place?.branches ?? []).length > 0, "on each of these branches, and commit there"),
    ...isAnywhere(({ place }) => place === undefined, "then have the cluster get them: apply or sync what was changed"),
  ];
}

function describe({ object, place, items }: NeededFor): string {
  const what = `${object} (${items.slice(0, SHOWN).join(", ")}${items.length > SHOWN ? ", …" : ""})`;
  if (place === undefined) return `${what} in the cluster`;
  const { path, line, branches } = place;
  const more = branches.length > SHOWN_BRANCHES ? ", …" : "";
  const where = branches.length === 0 ? "" : ` of ${branches.slice(0, SHOWN_BRANCHES).join(", ")}${more}`;
  return `${what} in ${path}:${line}${where}`;
}

/**
 * Takes a key out of use, or marks it as compromised: its Secret stays, with a label that makes the controller pass it
 * over. Labelling it `active` again brings it back.
 *
 * @throws {KubeError}
 */
export async function setAside(client: KubeClient, key: SealingKeyInfo, why: "retired" | "compromised"): Promise<void> {
  const value = why === "retired" ? RETIRED_LABEL : COMPROMISED_LABEL;
  const { name, namespace } = key;
  const change = { metadata: { labels: { [KEY_LABEL]: value } } };
  await client.patch(SECRETS, { namespace, name }, change, { type: "merge", fieldManager: "sealkit-keys" });
}
