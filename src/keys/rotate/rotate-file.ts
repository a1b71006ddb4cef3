import { encodeUtf8 } from "../../bytes/utf8.ts";
import { inOneLine, ToolkitError } from "../../errors.ts";
import type { EncryptedFile, SopsFile } from "../../repository/index.ts";
import {
  compareKeys,
  completeKeys,
  indentOf,
  type KeyGroup,
  type Keyring,
  rotate,
  type SopsConfig,
} from "../../sops/index.ts";
import { type ResealFileOptions, resealFile } from "./rotate-sealed-file.ts";

/** What the configuration of a repository says of one SOPS file. */
export interface SopsRule {
  /** The keys that the file should have; undefined when no rule says so: it keeps its own. */
  readonly groups: readonly KeyGroup[] | undefined;
  /** Columns by which each format is indented, where the configuration says so. */
  readonly indents: SopsConfig["indents"] | undefined;
}

export interface RotateFileOptions extends Partial<ResealFileOptions> {
  /** Opens SOPS files. Without it they are left as they are, and not counted as failures. */
  readonly sops: Keyring | undefined;
  /** @throws {ToolkitError} when the rules cannot be read. */
  ruleFor(path: string): Promise<SopsRule>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Something encrypted that could not be rotated. Never holds a value. */
export interface NotRotated {
  /** 1-based, where one is known. */
  readonly line: number | undefined;
  /** `SealedSecret/apps/db`; undefined for a file as a whole. */
  readonly object: string | undefined;
  readonly why: string;
}

/** What became of a file. */
export interface RotatedFile {
  readonly path: string;
  /** Its new content; undefined when it stays as it is. */
  readonly content: Uint8Array | undefined;
  readonly kind: "SealedSecrets" | "SOPS file";
  /** Items of SealedSecrets that are sealed anew, and those that are on the newest key already. */
  readonly items: number;
  readonly current: number;
  /** Keys of a SOPS file that its rule adds and takes away, as people know them; public. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Why nothing of the file changes; empty when nothing stands in the way. */
  readonly problems: readonly NotRotated[];
}

/**
 * A file under the newest keys: as a whole, or not at all. Never throws for what the file holds.
 *
 * @throws what `reseal` throws, such as that a controller cannot be asked.
 */
export async function rotateFile(found: EncryptedFile, options: RotateFileOptions): Promise<RotatedFile> {
  const { file, sealed, sops, problem } = found;
  const base = { path: file.path, content: undefined, items: 0, current: 0, added: [], removed: [], problems: [] };
  const kind = sops === undefined ? "SealedSecrets" : "SOPS file";
  const failed = (why: string): RotatedFile => ({
    ...base,
    kind,
    problems: [{ line: undefined, object: undefined, why }],
  });
  if (problem !== undefined) return failed(problem);
  if (sops !== undefined && sealed.length > 0) {
    return failed("it is a SOPS file with SealedSecrets in it: decrypt it, rotate these, and encrypt it again");
  }
  // What can be wrong with the file was seen when it was found: what fails here would fail for every file.
  if (sops === undefined) return { ...base, ...(await resealed(found, options)) };
  try {
    if (options.sops === undefined) return { ...base, kind };
    return { ...base, kind, ...(await newDataKey(found, sops, options.sops, options)) };
  } catch (cause) {
    if (!(cause instanceof ToolkitError)) throw cause;
    return failed(inOneLine(cause));
  }
}

async function resealed(
  { file, sealed }: EncryptedFile,
  { reseal, addHints = false }: RotateFileOptions,
): Promise<Omit<RotatedFile, "path" | "added" | "removed">> {
  const kind = "SealedSecrets";
  if (reseal === undefined) {
    const problems = sealed.map(({ line }) => ({ line, object: undefined, why: "there is no key for it here" }));
    return { kind, content: undefined, items: 0, current: 0, problems };
  }
  const options = { reseal, addHints, sealed };
  const { text, items, current, left } = await resealFile(file.bytes, file.path, options);
  if (left.length > 0) return { kind, content: undefined, items: 0, current: 0, problems: left };
  return { kind, content: text === undefined ? undefined : encodeUtf8(text), items, current, problems: [] };
}

async function newDataKey(
  { file: { path, bytes } }: EncryptedFile,
  { format, locked }: SopsFile,
  keyring: Keyring,
  { ruleFor, now }: RotateFileOptions,
): Promise<Pick<RotatedFile, "content" | "added" | "removed">> {
  const { groups, indents } = await ruleFor(path);
  const indent = indentOf(indents, format);
  const wanted = groups === undefined ? undefined : await completeKeys(groups, keyring);
  const changes = wanted === undefined || locked === undefined ? [] : compareKeys(locked.metadata, wanted).groups;
  const text = await rotate(bytes, format, keyring, { file: path, now, wanted, indent, isLenient: true, locked });
  return {
    content: encodeUtf8(text),
    added: changes.flatMap(({ added }) => added),
    removed: changes.flatMap(({ removed }) => removed),
  };
}
