/**
 * An immutable set of files in memory. Paths are normalised, relative, `/`-separated, without `.`/`..` parts; symbolic
 * links are already resolved inside the tree or were refused, so nothing built on a tree can reach outside it.
 */
export interface FileTree {
  /** Every file path, sorted by bytes. */
  paths(): readonly string[];
  /** The bytes of one file (not a copy: do not change them), or undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Whether any file lies below this directory. `""` is the root. */
  hasDirectory(path: string): boolean;
  /** Whether the file may be executed; absent means never. */
  isExecutable?(path: string): boolean;
}
