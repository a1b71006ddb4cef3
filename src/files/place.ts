/** Where files are replaced and where that is written down. Absolute paths. */
export interface ReplacePlace {
  /** The folder that all files are below. */
  readonly base: string;
  /** The folder of journal and locks, on the same machine only: `.git/sealkit`, or `.sealkit` in the base. */
  readonly state: string;
}

/** Names of the files that stand beside a target while a run is under way. */
const BESIDE = /^\.sealkit-[0-9a-f]{12}-[0-9]{1,7}\.(?:new|old)$/;

/** Whether a file is one of a run that is under way or was broken off. */
export function isBeside(name: string): boolean {
  return BESIDE.test(name);
}

export interface BesidePaths {
  readonly target: string;
  /** The content that is to come. */
  readonly staged: string;
  /** The content that was, until the run is done. */
  readonly former: string;
}

export function besidePaths({ base }: Pick<ReplacePlace, "base">, run: string, path: string, at: number): BesidePaths {
  const target = `${base}/${path}`;
  const stem = `${folderOf(target)}/.sealkit-${run}-${at}`;
  return { target, staged: `${stem}.new`, former: `${stem}.old` };
}

export function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** Longest name of a file that every file system takes, in bytes. */
const MAX_NAME_BYTES = 255;

/** The name of a file that waits beside `name` to take its place; `mark` is its own. A long name is left out of it. */
export function besideName(name: string, mark: string): string {
  const beside = `.${name}.${mark}`;
  return new TextEncoder().encode(beside).length > MAX_NAME_BYTES ? `.sealkit-${mark}` : beside;
}

/** The mark that a file of this name was given by `besideName`; undefined when the name is none of those. */
export function markOf(beside: string, name: string): string | undefined {
  const marks = [`.${name}.`, ".sealkit-"].flatMap((start) =>
    beside.startsWith(start) ? [beside.slice(start.length)] : [],
  );
  return marks.find((mark) => besideName(name, mark) === beside);
}
