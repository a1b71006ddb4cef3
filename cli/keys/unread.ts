import { KeysError, type Need } from "../../src/keys/index.ts";
import type { RepositoryFiles } from "../../src/repository/index.ts";
import { flag } from "../define-command.ts";
import type { Io } from "../io.ts";
import { note, warn } from "../output.ts";

/** A file that could not be looked at. */
export interface UnreadFile {
  readonly path: string;
  /** The folder, or what of it: `the branches of ./fleet`. */
  readonly where: string;
  readonly why: string;
}

/** As many files as are named. */
const SHOWN = 20;

/** What was not looked at. What is so on disk is mostly so in branches: once is enough. */
export class LeftOut {
  readonly unread: UnreadFile[] = [];
  readonly #known = new Set<string>();

  /** What is new of it. */
  add(where: string, { skipped }: RepositoryFiles, { unread }: Need) {
    const isNew = ({ path, why }: { readonly path: string; readonly why: string }) => {
      const before = this.#known.size;
      return this.#known.add(`${path}\0${why}`).size > before;
    };
    const files = [...unread.map((one) => ({ ...one, where })), ...unreadIn({ skipped }, where)].filter(isNew);
    this.unread.push(...files);
    return { unread: files, submodules: skipped.filter((one) => one.why === "submodule" && isNew(one)).length };
  }
}

/** What of the files that were passed over has content that counts. */
export function unreadIn({ skipped }: Pick<RepositoryFiles, "skipped">, where: string): readonly UnreadFile[] {
  return skipped.flatMap(({ path, why }) =>
    why === "symbolic link" || why === "submodule" ? [] : [{ path, where, why }],
  );
}

/** What nobody could read may need any key. */
export async function tellUnread(io: Io, files: readonly UnreadFile[]): Promise<void> {
  for (const { path, where, why } of files.slice(0, SHOWN)) {
    await warn(io, `could not look at "${path}" in ${where}: ${why}`);
  }
  if (files.length > SHOWN) await warn(io, `and at ${files.length - SHOWN} more files`);
}

/** A submodule is a repository of its own. */
export async function tellSubmodules(io: Io, submodules: number): Promise<void> {
  if (submodules === 0) return;
  const what = `${submodules} submodule${submodules === 1 ? "" : "s"}`;
  await note(io, `Left out: ${what}; name each with a --repo of its own`);
}

/** Of every command that takes a key away. */
export const ignoreUnreadFlag = flag.toggle({ help: "Go on although files could not be read that may need it" });

/**
 * Refuses to go on when something could not be read that may need what is to be taken away.
 *
 * @param what `retire key x7k2p`
 * @throws {KeysError} `KEYS_UNREAD`
 */
export function refuseUnread(what: string, unread: readonly UnreadFile[]): void {
  if (unread.length === 0) return;
  const files = unread.length === 1 ? "1 file" : `${unread.length} files`;
  const more = unread.length > SHOWN ? [`and ${unread.length - SHOWN} more`] : [];
  throw new KeysError("KEYS_UNREAD", `Cannot ${what}: ${files} that may need it could not be read`, {
    details: [...unread.slice(0, SHOWN).map(({ path, where, why }) => `"${path}" in ${where}: ${why}`), ...more],
    hints: ["mend these files, and run the command again", "or, when none of them counts: --ignore-unread"],
  });
}
