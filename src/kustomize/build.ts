import { objectId, subjectOf } from "../objects/index.ts";
import { baseName, type FileTree, parentOf, resolvePath } from "../tree/index.ts";
import { type BuiltObject, originText } from "./built.ts";
import { KustomizeError } from "./errors.ts";
import { hasFile, kustomizationFileIn, readKustomization } from "./kustomization-file.ts";
import { type BuildLimits, DEFAULT_BUILD_LIMITS } from "./limits.ts";
import { readObjects } from "./manifest-file.ts";

/**
 * Builds the manifests of a directory: by its kustomization file, or by one that is thought up for it and names every
 * YAML file below and every directory that has a kustomization file of its own.
 *
 * `path` is a directory of the tree, normalised; `""` is the root. Nothing outside the tree is ever read.
 *
 * @throws {KustomizeError}; and what `tree.read` throws, such as a failed decryption.
 */
export async function build(
  tree: FileTree,
  path: string,
  limits: Partial<BuildLimits> = {},
): Promise<readonly BuiltObject[]> {
  const context: Context = { tree, limits: { ...DEFAULT_BUILD_LIMITS, ...limits }, directories: 0, built: new Map() };
  await (kustomizationFileIn(tree, path) === undefined ? addAll(context, path) : addDirectory(context, path, []));
  return [...context.built.values()];
}

interface Context {
  readonly tree: FileTree;
  readonly limits: BuildLimits;
  directories: number;
  /** By id: an object may be there once. */
  readonly built: Map<string, BuiltObject>;
}

/** The directory as its kustomization file says. `trail` holds the directories it was reached through. */
async function addDirectory(context: Context, directory: string, trail: readonly string[]): Promise<void> {
  const file = kustomizationFileIn(context.tree, directory);
  if (file === undefined) {
    throw new KustomizeError(
      "KUSTOMIZE_RESOURCE_NOT_FOUND",
      `unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${directory}'`,
    );
  }
  context.directories += 1;
  if (context.directories > context.limits.maxDirectories || trail.length >= context.limits.maxDepth) {
    throw tooLarge(file, `more than ${context.limits.maxDirectories} directories, or ${context.limits.maxDepth} deep`);
  }
  const here = [...trail, directory];
  const { resources } = await readKustomization(context.tree, file);
  for (const entry of resources) {
    const target = resolvePath(directory, entry);
    if (looksRemote(entry) && (target === undefined || !isInTree(context.tree, target))) throw remote(file, entry);
    if (target === undefined) throw outside(file, entry);
    if (hasFile(context.tree, target)) await addFile(context, target);
    else if (context.tree.hasDirectory(target)) {
      checkCycle(target, here);
      await addDirectory(context, target, here);
    } else throw notFound(file, entry, target);
  }
}

/** Every YAML file below a directory without a kustomization file, in the order of a walk. */
async function addAll(context: Context, root: string): Promise<void> {
  const prefix = root === "" ? "" : `${root}/`;
  const own = new Set<string>();
  for (const path of context.tree.paths()) {
    if (!path.startsWith(prefix)) continue;
    const directory = kustomizedDirectory(context.tree, root, parentOf(path));
    if (directory === undefined) {
      if (/\.ya?ml$/.test(baseName(path))) await addFile(context, path);
    } else if (!own.has(directory)) {
      own.add(directory);
      await addDirectory(context, directory, [root === "" ? "." : root]);
    }
  }
}

/** The outermost directory from `root` down to `directory` with a kustomization file. */
function kustomizedDirectory(tree: FileTree, root: string, directory: string): string | undefined {
  let found: string | undefined;
  for (let at = directory; at !== root; at = parentOf(at)) {
    if (kustomizationFileIn(tree, at) !== undefined) found = at;
  }
  return found;
}

async function addFile(context: Context, file: string): Promise<void> {
  for (const built of (await readObjects(context.tree, file, context.limits)) ?? []) {
    const id = objectId(built.object);
    const key = JSON.stringify([id.group, id.kind, id.namespace, id.name]);
    const other = context.built.get(key);
    if (other !== undefined) {
      throw new KustomizeError("KUSTOMIZE_DUPLICATE", `Cannot build: ${subjectOf(id)} is there twice`, {
        file,
        details: [`in ${originText(other.origin)}`, `and in ${originText(built.origin)}`],
        hints: ["remove one of them, or give it another name or namespace"],
      });
    }
    if (context.built.size >= context.limits.maxObjects)
      throw tooLarge(file, `more than ${context.limits.maxObjects} objects`);
    context.built.set(key, built);
  }
}

function isInTree(tree: FileTree, path: string): boolean {
  return hasFile(tree, path) || tree.hasDirectory(path);
}

/** A directory that is, or lies above, one on the way to it would be built for ever. */
function checkCycle(target: string, trail: readonly string[]): void {
  const visited = trail.find(
    (directory) => directory === target || target === "" || directory.startsWith(`${target}/`),
  );
  if (visited === undefined) return;
  throw new KustomizeError(
    "KUSTOMIZE_CYCLE",
    `cycle detected: candidate root '${target}' contains visited root '${visited}'`,
    { details: [`the way to it: ${[...trail, target].join(" -> ")}`.slice(0, 500)] },
  );
}

function looksRemote(entry: string): boolean {
  return (
    /^[a-z][a-z0-9+.-]*:(?:\/\/|:)|^[\w.-]+@[\w.-]+:|^(?:github|gitlab|bitbucket)\.[a-z]+\//i.test(entry) ||
    /[?]ref=/.test(entry)
  );
}

function remote(file: string, entry: string): KustomizeError {
  return new KustomizeError(
    "KUSTOMIZE_REMOTE_REFUSED",
    `Cannot build ${JSON.stringify(file)}: ${shown(entry)} is remote`,
    {
      file,
      details: ["a build reads nothing but its own source"],
      hints: ["copy it into the repository, or make it a GitRepository of its own"],
    },
  );
}

function outside(file: string, entry: string): KustomizeError {
  return new KustomizeError(
    "KUSTOMIZE_OUTSIDE",
    `Cannot build ${JSON.stringify(file)}: ${shown(entry)} leads out of the source`,
    {
      file,
      hints: ["paths are relative to the file that names them, and stay inside the repository"],
    },
  );
}

function notFound(file: string, entry: string, target: string): KustomizeError {
  return new KustomizeError(
    "KUSTOMIZE_RESOURCE_NOT_FOUND",
    `Cannot build ${JSON.stringify(file)}: ${shown(entry)} is not there`,
    {
      file,
      details: [`looked for ${shown(target)}`],
      hints: [
        "ignored files (.sourceignore, spec.ignore), submodules and symbolic links that lead out of the repository are not part of a source",
      ],
    },
  );
}

function tooLarge(file: string, what: string): KustomizeError {
  return new KustomizeError("KUSTOMIZE_TOO_LARGE", `Cannot build ${JSON.stringify(file)}: ${what}`, { file });
}

/** A path from a foreign file: quoted, cut, and without whatever credentials a URL may hold. */
function shown(entry: string): string {
  return JSON.stringify(entry.replace(/\/\/[^/@]*@/, "//***@").slice(0, 200));
}
