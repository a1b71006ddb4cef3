import { inOneLine, ToolkitError } from "../../errors.ts";
import { type KubeObject, objectId, subjectOf } from "../../objects/index.ts";
import type { EncryptedFile, SopsFile } from "../../repository/index.ts";
import { SecretsError, verifySealed } from "../../secrets/index.ts";
import {
  decrypt,
  decryptStream,
  isStreamFormat,
  type LockedFile,
  type OnDecrypted,
  proveLocked,
  type Keyring as SopsKeyring,
} from "../../sops/index.ts";
import type { OpeningMeans } from "./opening-means.ts";

/** Something encrypted that cannot be opened. Never holds a value. */
export interface Unopened {
  readonly what: "SealedSecret" | "SOPS file" | "file";
  /** Path in the repository, with branches where it was read from some; undefined for what is in a cluster. */
  readonly path: string | undefined;
  readonly branches: readonly string[];
  /** 1-based line, where one is known. */
  readonly line: number | undefined;
  /** `SealedSecret apps/db`; undefined for a file as a whole. */
  readonly object: string | undefined;
  /** Items of a SealedSecret that do not open. */
  readonly items: readonly string[];
  readonly why: string;
}

/** What was opened of one file or object, and what was not. */
export interface Opened {
  readonly sealedSecrets: number;
  readonly sopsFiles: number;
  /** Items and encrypted values that opened. */
  readonly values: number;
  /** Fingerprints of the sealing keys that were needed. */
  readonly usedKeys: ReadonlySet<string>;
  readonly unopened: readonly Unopened[];
}

/** Opens everything encrypted in a file and forgets it. Never throws for what the file holds. */
export async function openEncrypted(
  found: EncryptedFile,
  means: Pick<OpeningMeans, "sealed" | "sops">,
): Promise<Opened> {
  const { file, sealed, sops, problem } = found;
  const sum = new OpenedSum();
  for (const { object, line } of sealed) {
    sum.add(await openSealed(object, means, { path: file.path, branches: file.branches, line }));
  }
  if (sops !== undefined) sum.add(await openSops(found, sops, means));
  else if (problem !== undefined) sum.add({ ...NOTHING, unopened: [whole(found, "file", problem)] });
  return sum.total();
}

interface Where {
  readonly path: string | undefined;
  readonly branches: readonly string[];
  readonly line: number | undefined;
}

export const IN_CLUSTER: Where = { path: undefined, branches: [], line: undefined };

/** Opens every item of a SealedSecret and forgets it. */
export async function openSealed(
  object: KubeObject,
  { sealed }: Pick<OpeningMeans, "sealed">,
  where: Where,
): Promise<Opened> {
  try {
    const openedBy = await verifySealed(object, sealed, { acceptLegacyData: true, explain: true });
    return { ...NOTHING, sealedSecrets: 1, values: openedBy.size, usedKeys: new Set(openedBy.values()) };
  } catch (cause) {
    if (!(cause instanceof ToolkitError)) throw cause;
    const items = cause instanceof SecretsError ? cause.items.map(({ item }) => item) : [];
    const unopened: Unopened = {
      ...where,
      what: "SealedSecret",
      object: subjectOf(objectId(object)),
      items,
      why: cause.details.length === 0 ? cause.message : cause.details.join("; "),
    };
    return { ...NOTHING, sealedSecrets: 1, unopened: [unopened] };
  }
}

async function openSops(
  found: EncryptedFile,
  { format, locked }: SopsFile,
  { sops }: Pick<OpeningMeans, "sops">,
): Promise<Opened> {
  const { path, bytes } = found.file;
  if (locked?.documents.length === 1) {
    const proven = await provenValues(locked, path, sops);
    if (proven !== undefined) return { ...NOTHING, sopsFiles: 1, values: proven };
  }
  let values = 0;
  const onDecrypted: OnDecrypted = () => {
    values++;
  };
  const options = { file: path, onDecrypted };
  try {
    if (!isStreamFormat(format)) await decrypt(bytes, format, sops, options);
    else if ((await decryptStream(bytes, format, sops, options)) === undefined) return NOTHING;
    return { ...NOTHING, sopsFiles: 1, values };
  } catch (cause) {
    if (!(cause instanceof ToolkitError)) throw cause;
    const why = found.problem ?? inOneLine(cause);
    return { ...NOTHING, sopsFiles: 1, unopened: [whole(found, "SOPS file", why)] };
  }
}

/** How many values of a file open, all of it; undefined when it does not open, and what reads it anew has to say why. */
async function provenValues(locked: LockedFile, file: string, sops: SopsKeyring): Promise<number | undefined> {
  let values = 0;
  const onDecrypted: OnDecrypted = () => {
    values++;
  };
  try {
    await proveLocked(locked, sops, { file, onDecrypted });
    return values;
  } catch (cause) {
    if (cause instanceof ToolkitError) return undefined;
    throw cause;
  }
}

function whole({ file }: EncryptedFile, what: Unopened["what"], why: string): Unopened {
  return { what, path: file.path, branches: file.branches, line: undefined, object: undefined, items: [], why };
}

const NOTHING: Opened = { sealedSecrets: 0, sopsFiles: 0, values: 0, usedKeys: new Set(), unopened: [] };

/** What many files or objects hold together, counted as they come. */
export class OpenedSum {
  #sealedSecrets = 0;
  #sopsFiles = 0;
  #values = 0;
  readonly #usedKeys = new Set<string>();
  readonly #unopened: Unopened[] = [];

  add({ sealedSecrets, sopsFiles, values, usedKeys, unopened }: Opened): void {
    this.#sealedSecrets += sealedSecrets;
    this.#sopsFiles += sopsFiles;
    this.#values += values;
    for (const key of usedKeys) this.#usedKeys.add(key);
    for (const entry of unopened) this.#unopened.push(entry);
  }

  total(): Opened {
    return {
      sealedSecrets: this.#sealedSecrets,
      sopsFiles: this.#sopsFiles,
      values: this.#values,
      usedKeys: this.#usedKeys,
      unopened: this.#unopened,
    };
  }
}
