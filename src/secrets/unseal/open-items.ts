import { decodeBase64Go } from "../../bytes/base64.ts";
import type { ClearText } from "../../clear-text.ts";
import { type Keyring, SealedError } from "../../sealed/index.ts";
import { type ItemProblem, SecretsError } from "../errors.ts";
import type { SealedSecretView } from "../sealed-secret.ts";
import { nameOf } from "../secret.ts";

export interface OpenItemsOptions {
  /** Fingerprint of the key that opened this object last time. */
  readonly first?: string | undefined;
}

export interface OpenedItems {
  /** Sorted by key. */
  readonly data: ReadonlyMap<string, ClearText>;
  /** Item → fingerprint of the key that opened it. */
  readonly openedBy: ReadonlyMap<string, string>;
}

/**
 * Items of one object that wait for private keys at the same time. Whoever writes an object of thousands of items would
 * stand thousands of times in the line that all objects share.
 */
const AT_ONCE = 16;

type Outcome = { readonly clearText: ClearText; readonly openedBy: string } | ItemProblem;

/**
 * Opens every item of a SealedSecret, or none.
 *
 * @throws {SecretsError} `SECRETS_UNSEAL_FAILED` with every item that failed.
 */
export async function openItems(
  view: SealedSecretView,
  keys: { readonly keyring: Keyring; readonly label: Uint8Array },
  options: OpenItemsOptions = {},
): Promise<OpenedItems> {
  const { problems, ...opened } = await tryItems(view, keys, options);
  if (problems.length > 0) throw unsealFailed(view, problems);
  return opened;
}

/** Opens those items of a SealedSecret that open. */
export async function tryItems(
  view: SealedSecretView,
  { keyring, label }: { readonly keyring: Keyring; readonly label: Uint8Array },
  { first }: OpenItemsOptions = {},
): Promise<OpenedItems & { readonly problems: readonly ItemProblem[] }> {
  const data = new Map<string, ClearText>();
  const openedBy = new Map<string, string>();
  const problems: ItemProblem[] = [];
  const take = (item: string, outcome: Outcome) => {
    if ("item" in outcome) {
      problems.push(outcome);
    } else {
      data.set(item, outcome.clearText);
      openedBy.set(item, outcome.openedBy);
    }
  };
  const [head, ...rest] = [...view.encryptedData];
  if (head !== undefined) {
    // The first item finds the key, so that the others are opened at the first trial.
    const outcome = await openItem(head, keyring, label, first);
    take(head[0], outcome);
    const known = "item" in outcome ? first : outcome.openedBy;
    const outcomes = new Map<string, Outcome>();
    const queue = rest.values();
    const worker = async () => {
      for (const entry of queue) outcomes.set(entry[0], await openItem(entry, keyring, label, known));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    for (const [item] of rest) {
      const outcome = outcomes.get(item);
      if (outcome !== undefined) take(item, outcome);
    }
  }
  return { data, openedBy, problems };
}

/** The error for items that cannot be opened: upstream's text in `original`, and what a person needs beside it. */
export function unsealFailed({ metadata }: SealedSecretView, items: readonly ItemProblem[]): SecretsError {
  const details = [...alike(items)].slice(0, SHOWN).map((group) => detailOf(group));
  return new SecretsError("SECRETS_UNSEAL_FAILED", `Cannot unseal SealedSecret "${nameOf(metadata)}"`, {
    original: groupedItems(items),
    details,
    items,
    hints: [
      "a SealedSecret opens only with the keys, the scope, and (if strict) the name and namespace it was sealed for",
      "seal the Secret again, or restore the key that it was sealed for",
    ],
  });
}

const SHOWN = 10;

async function openItem(
  [item, value]: readonly [string, unknown],
  keyring: Keyring,
  label: Uint8Array,
  first: string | undefined,
): Promise<Outcome> {
  const decoded = decodeBase64Go(typeof value === "string" ? value : "");
  if (decoded.bytes === undefined) {
    return { item, original: `illegal base64 data at input byte ${decoded.illegalAt}`, tried: [] };
  }
  try {
    return await keyring.open(decoded.bytes, label, { first });
  } catch (error) {
    if (!(error instanceof SealedError)) throw error;
    const defect = error.code === "SEALED_TRUNCATED" ? `it is cut off: ${error.details.join(", ")}` : undefined;
    return { item, original: error.original, tried: error.tried, defect };
  }
}

/** Items that failed in the same way with the same keys. */
function alike(items: readonly ItemProblem[]): Iterable<readonly ItemProblem[]> {
  const groups = new Map<string, ItemProblem[]>();
  for (const problem of items) {
    const key = JSON.stringify([problem.original, problem.tried, problem.defect]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [problem]);
    else group.push(problem);
  }
  return groups.values();
}

function detailOf(group: readonly ItemProblem[]): string {
  const [{ original = "", tried = [], defect } = {}] = group;
  const names = listed(group.map(({ item }) => `"${item}"`));
  const keys = tried.length === 0 ? "" : `; tried: ${listed(tried)}`;
  return `${group.length === 1 ? "item" : "items"} ${names}: ${defect ?? original}${keys}`;
}

function listed(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return more > 0 ? `${names.slice(0, SHOWN).join(", ")} and ${more} more` : names.join(", ");
}

/** Equal messages once, with the items that they are about. */
export function groupedItems(items: readonly ItemProblem[]): string {
  const groups = new Map<string, string[]>();
  for (const { item, original } of items) {
    const group = groups.get(original);
    if (group === undefined) groups.set(original, [item]);
    else group.push(item);
  }
  return [...groups].map(([message, keys]) => `${message} (${keys.sort().join(", ")})`).join("\n");
}
