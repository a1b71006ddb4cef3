import { directoriesOf } from "./memory.ts";
import { compareByBytes } from "./path.ts";
import type { FileTree } from "./tree.ts";

/** The same files without those that `keep` refuses. */
export function filterTree(tree: FileTree, keep: (path: string) => boolean): FileTree {
  return withPaths(tree, tree.paths().filter(keep), (path) => tree.read(path));
}

/**
 * The same files with some replaced, added, or (`undefined`) removed. Paths of `changes` must be normalised; a path
 * that is a directory of `tree` must not become a file.
 */
export function overlayTree(tree: FileTree, changes: ReadonlyMap<string, Uint8Array | undefined>): FileTree {
  const paths = new Set(tree.paths());
  for (const [path, bytes] of changes) {
    if (bytes === undefined) paths.delete(path);
    else paths.add(path);
  }
  return withPaths(tree, [...paths].sort(compareByBytes), async (path) =>
    changes.has(path) ? changes.get(path) : tree.read(path),
  );
}

/** The files below `directory`, with paths relative to it. `""` gives the tree itself. */
export function subTree(tree: FileTree, directory: string): FileTree {
  if (directory === "") return tree;
  const prefix = `${directory}/`;
  const paths = tree
    .paths()
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length));
  const view = withPaths(tree, paths, (path) => tree.read(prefix + path));
  return { ...view, isExecutable: (path) => tree.isExecutable?.(prefix + path) === true };
}

function withPaths(
  tree: FileTree,
  paths: readonly string[],
  read: (path: string) => Promise<Uint8Array | undefined>,
): FileTree {
  const known = new Set(paths);
  const directories = directoriesOf(paths);
  return {
    paths: () => paths,
    read: async (path) => (known.has(path) ? read(path) : undefined),
    hasDirectory: (path) => directories.has(path),
    isExecutable: (path) => known.has(path) && tree.isExecutable?.(path) === true,
  };
}
