import { type Budget, quote } from "./budget.ts";
import type { LeftOutLink, StoredFile, TreeOptions } from "./entries.ts";
import { TreeError } from "./errors.ts";
import type { TreeLimits } from "./limits.ts";
import { parentOf } from "./path.ts";

interface Context {
  readonly limits: TreeLimits;
  readonly budget: Budget;
  readonly options: TreeOptions;
}

type Target =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "bad"; readonly reason: LeftOutLink["reason"] };

/** Links to directories of links multiply without a single file; this bounds the walk where file counting cannot. */
const STEPS_PER_FILE = 4;

/** A target has up to thousands of parts, and many links can share it: this bounds the parts that are walked in all. */
const PARTS_PER_FILE = 200;

/**
 * Replaces every link by the file or directory it leads to, adding to `files`. A directory link becomes copies of the
 * files below it (they share bytes), counted against the same limits as real files.
 */
export function resolveLinks(
  files: Map<string, StoredFile>,
  links: ReadonlyMap<string, string>,
  context: Context,
): void {
  const children = childrenOf([...files.keys(), ...links.keys()]);
  let steps = 0;
  let walked = 0;
  const added = new Map<string, StoredFile>();
  for (const link of links.keys()) place(link, link, new Set());
  for (const [path, file] of added) files.set(path, file);

  /** Puts what `from` is (file, directory or link) at `at`. `open` holds the directories being copied right now. */
  function place(from: string, at: string, open: ReadonlySet<string>): void {
    steps += 1;
    if (steps > STEPS_PER_FILE * context.limits.maxFiles) {
      throw new TreeError("TREE_TOO_LARGE", `Cannot load ${quote(at)}: links multiply too often`, { path: at });
    }
    const found = follow(from);
    if (found.kind === "bad") {
      leaveOut(from, found.reason);
      return;
    }
    const file = files.get(found.path);
    if (file !== undefined) {
      if (files.has(at)) return;
      context.budget.countFile(at, file.bytes.length);
      added.set(at, file);
      return;
    }
    if (open.has(found.path)) {
      leaveOut(from, "leads in a circle");
      return;
    }
    const depth = at.split("/").length;
    if (depth > context.limits.maxDepth) {
      throw new TreeError("TREE_TOO_LARGE", `Cannot load ${quote(at)}: links nest too deep`, { path: at });
    }
    const inside = new Set([...open, found.path]);
    for (const name of children.get(found.path) ?? []) {
      place(found.path === "" ? name : `${found.path}/${name}`, `${at}/${name}`, inside);
    }
  }

  /** Walks `path` from the root, replacing each link met on the way, until no link is left. */
  function follow(path: string): Target {
    // The next part is the last of the list, where it can be taken without copying the others.
    const rest = path.split("/").reverse();
    let done: string[] = [];
    let hops = 0;
    while (rest.length > 0) {
      const part = rest.pop() ?? "";
      walked += 1;
      if (walked > PARTS_PER_FILE * context.limits.maxFiles) {
        throw new TreeError("TREE_TOO_LARGE", `Cannot load ${quote(path)}: the targets of links are too long`, {
          path,
        });
      }
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (done.length === 0) return { kind: "bad", reason: "leads out of the tree" };
        done = done.slice(0, -1);
        continue;
      }
      const here = [...done, part].join("/");
      const target = links.get(here);
      if (target === undefined) {
        if (!files.has(here) && !children.has(here)) return { kind: "bad", reason: "leads to nothing" };
        done = [...done, part];
        continue;
      }
      hops += 1;
      if (hops > context.limits.maxLinkHops) return { kind: "bad", reason: "leads in a circle" };
      if (target.startsWith("/")) return { kind: "bad", reason: "leads out of the tree" };
      if (target === "" || target.includes("\0") || target.length > context.limits.maxPathBytes) {
        return { kind: "bad", reason: "leads to nothing" };
      }
      rest.push(...target.split("/").reverse());
    }
    return { kind: "path", path: done.join("/") };
  }

  function leaveOut(path: string, reason: LeftOutLink["reason"]): void {
    const target = links.get(path) ?? "";
    if (context.options.badLinks === "leave-out") {
      context.options.onLeftOut?.({ path, target, reason });
      return;
    }
    throw new TreeError("TREE_LINK_REFUSED", `Cannot load ${quote(path)}: the symbolic link ${reason}`, {
      path,
      details: [`it points to ${quote(target)}`],
      hints: ["replace the link by what it should point to, inside the repository"],
    });
  }
}

function childrenOf(paths: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const children = new Map<string, Set<string>>();
  for (const path of paths) {
    for (let at = path; at !== ""; ) {
      const parent = parentOf(at);
      const names = children.get(parent) ?? new Set<string>();
      names.add(at.slice(parent === "" ? 0 : parent.length + 1));
      children.set(parent, names);
      at = parent;
    }
  }
  return children;
}
