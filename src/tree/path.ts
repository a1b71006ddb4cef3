/**
 * Resolves `relative` against the directory `from` (`""` is the root) and normalises it: no `.`, no `..`, no empty
 * parts. Undefined when the result leaves the root, is absolute, or holds a NUL. The root itself is `""`.
 */
export function resolvePath(from: string, relative: string): string | undefined {
  if (relative.startsWith("/") || relative.includes("\0")) return undefined;
  const parts = from === "" ? [] : from.split("/");
  for (const part of relative.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else {
      parts.push(part);
    }
  }
  return parts.join("/");
}

/** The directory that holds `path`; `""` for a path in the root. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** The part after the last slash. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Orders strings as their UTF-8 bytes do, which differs from UTF-16 order beyond U+FFFF. */
export function compareByBytes(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return byteRank(a) - byteRank(b);
  }
  return left.length - right.length;
}

/** Surrogates stand for code points above U+FFFF, so they go behind every other unit. */
function byteRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
