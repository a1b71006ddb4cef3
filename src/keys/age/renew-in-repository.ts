import { decodeUtf8, encodeUtf8 } from "../../bytes/utf8.ts";
import { inOneLine, ToolkitError } from "../../errors.ts";
import { findEncrypted, type RepositoryFile, type RepositoryFiles } from "../../repository/index.ts";
import { decrypt, indentOf, type Keyring, type SopsConfig } from "../../sops/index.ts";
import { type ChangePlace, changeFiles } from "../in-repository/change-files.ts";
import { changeRecipients } from "./change-recipients.ts";
import { changeRules, type RecipientChange } from "./creation-rules.ts";
import { ageRecipientsOf } from "./recipients-of.ts";

/** A file that could not be changed, or does not open. Never holds a value. */
export interface AgeFileLeft {
  readonly path: string;
  readonly why: string;
}

/** What of a repository has to do with age recipients. */
export interface AgeFiles {
  /** Configurations that name one of them. */
  readonly rules: readonly string[];
  /** SOPS files that name one of them. */
  readonly encrypted: readonly string[];
}

const CONFIG = ".sops.yaml";

/** The files of a repository that name one of some recipients. @throws {RepositoryError}; {GitError} */
export async function filesNaming(repository: RepositoryFiles, recipients: ReadonlySet<string>): Promise<AgeFiles> {
  const rules: string[] = [];
  const encrypted: string[] = [];
  for await (const file of repository.files()) {
    if (isConfig(file)) {
      const text = decodeUtf8(file.bytes) ?? "";
      if ([...recipients].some((recipient) => text.includes(recipient))) rules.push(file.path);
    } else if (ageRecipientsOf(findEncrypted(file)).some((recipient) => recipients.has(recipient))) {
      encrypted.push(file.path);
    }
  }
  return { rules, encrypted };
}

function isConfig({ path }: RepositoryFile): boolean {
  return path === CONFIG || path.endsWith(`/${CONFIG}`);
}

export interface RenewInRepositoryOptions extends ChangePlace, RecipientChange {
  readonly keyring: Keyring;
  /** The columns of a level that the configuration of a file wants, by its path; undefined where it says nothing. */
  readonly indentsOf: (path: string) => Promise<SopsConfig["indents"] | undefined>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface RenewedInRepository {
  readonly changed: readonly string[];
  readonly left: readonly AgeFileLeft[];
}

/**
 * Changes the recipients of rules and SOPS files of a repository, together, and gives each of these files a new data key.
 * A file that does not open, or needs a key service that does not answer, is left and reported; the rules are changed all
 * the same.
 *
 * @throws {FilesError}; {RepositoryError}; {KeysError} `KEYS_RULES_NOT_EDITABLE`, and then no file is changed.
 */
export async function renewInRepository(
  repository: RepositoryFiles,
  { rules, encrypted }: AgeFiles,
  options: RenewInRepositoryOptions,
): Promise<RenewedInRepository> {
  const left: AgeFileLeft[] = [];
  const paths = new Set([...rules, ...encrypted]);
  const { changed, left: leftFiles } = await changeFiles(repository, paths, options, async (file) => {
    if (isConfig(file)) {
      const text = changeRules(decodeUtf8(file.bytes) ?? "", file.path, options);
      return text === undefined ? undefined : encodeUtf8(text);
    }
    const { sops } = findEncrypted(file) ?? {};
    if (sops?.locked === undefined) return undefined;
    try {
      const { format } = sops;
      const indent = indentOf(await options.indentsOf(file.path), format);
      return await changeRecipients(sops.locked, { ...options, file: file.path, format, indent });
    } catch (cause) {
      if (!(cause instanceof ToolkitError)) throw cause;
      left.push({ path: file.path, why: inOneLine(cause) });
      return undefined;
    }
  });
  return { changed, left: [...leftFiles, ...left] };
}

/** What of a repository does not open with the new identity alone. */
export interface Unopened {
  readonly left: readonly AgeFileLeft[];
  /** SOPS files of which nobody can tell for whom they are encrypted. */
  readonly unread: readonly AgeFileLeft[];
}

/**
 * Opens every SOPS file that names one of some recipients with a keyring of the new identity alone: what does not open so
 * is returned.
 *
 * @throws {RepositoryError}; {GitError}
 */
export async function unopenedWithout(
  repository: RepositoryFiles,
  recipients: ReadonlySet<string>,
  keyring: Keyring,
  onFile: (done: number, all: number) => void = () => undefined,
): Promise<Unopened> {
  const left: AgeFileLeft[] = [];
  const unread: AgeFileLeft[] = [];
  let done = 0;
  for await (const file of repository.files()) {
    onFile(++done, repository.count);
    const found = findEncrypted(file);
    if (found?.sops === undefined) continue;
    const path = file.branches.length === 0 ? file.path : `${file.path} of ${file.branches.join(", ")}`;
    if (found.sops.locked === undefined) unread.push({ path, why: found.problem ?? "its metadata cannot be read" });
    if (!ageRecipientsOf(found).some((recipient) => recipients.has(recipient))) continue;
    try {
      await decrypt(file.bytes, found.sops.format, keyring, { file: file.path });
    } catch (cause) {
      if (!(cause instanceof ToolkitError)) throw cause;
      left.push({ path, why: inOneLine(cause) });
    }
  }
  return { left, unread };
}
