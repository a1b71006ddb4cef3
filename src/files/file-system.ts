/**
 * Which file stands at a path, without a word of its content: another file, or another state of the same, has another
 * identity. A second name for a file (a hard link) does not change it.
 */
export interface FileIdentity {
  readonly inode: string;
  readonly size: number;
  /** Nanoseconds since the epoch, in decimal. */
  readonly modified: string;
}

/** A file as it is found: its identity, and what a replacement takes over from it. */
export interface FoundFile extends FileIdentity {
  /** Permission bits. */
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
}

/** A file that was just made. */
export interface NewFile {
  readonly identity: FileIdentity;
  /**
   * Its content is on its way to the disk while others are made, and is there once this resolves. It has to be waited for,
   * or be caught, before the file counts.
   */
  readonly flushed: Promise<void>;
}

/** What of a file system it takes to replace files together. Failures are the system's own errors (`code`: `ENOSPC`, …). */
export interface FileSystem {
  /** The regular file at a path; undefined when nothing is there. @throws when it is no regular file. */
  find(path: string): Promise<FoundFile | undefined>;
  /** Makes a file that is not there yet, with mode and owner of `like` or the given mode. */
  writeNew(
    path: string,
    content: Uint8Array,
    as: { readonly mode: number; readonly like?: FoundFile | undefined },
  ): Promise<NewFile>;
  /** Gives a file a second name; a copy with the same mode and owner where the system has no such names. */
  keep(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Nothing is there afterwards, nor need it be before. */
  remove(path: string): Promise<void>;
  /** Adds to a file for the owner alone (0600), which is made when it is not there. */
  append(path: string, text: string): Promise<void>;
  /** The text of a file; undefined when there is none. */
  read(path: string): Promise<string | undefined>;
  /** Content and size of a file are on the disk afterwards. */
  flush(path: string): Promise<void>;
  /** So are the names in a folder; a system that cannot do this loses nothing but time. */
  flushFolder(path: string): Promise<void>;
  /** Makes a folder for the owner alone (0700) and those above it. */
  makeFolder(path: string): Promise<void>;
  /** Removes a folder if it is empty. */
  removeFolder(path: string): Promise<void>;
  /** The names in a folder, none when it is not there. */
  list(path: string): Promise<readonly string[]>;
}

/** Whether two states of a path are the same, the absence of a file included. */
export function isSameFile(left: FileIdentity | undefined, right: FileIdentity | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.inode === right.inode && left.size === right.size && left.modified === right.modified;
}
