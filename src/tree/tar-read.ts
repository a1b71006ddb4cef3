import { quote } from "./budget.ts";
import type { TreeEntry, TreeOptions } from "./entries.ts";
import { TreeError } from "./errors.ts";
import { gunzip } from "./gzip-adapter.ts";
import { DEFAULT_TREE_LIMITS, type TreeLimits } from "./limits.ts";
import { treeFromEntries } from "./memory.ts";
import { BLOCK_BYTES, FIELD, headerSum, paddedSize } from "./tar-format.ts";
import type { FileTree } from "./tree.ts";

/** A pax header or GNU long name beyond this is an attack, not a path. */
const MAX_EXTENSION_BYTES = 64 * 1024;

/**
 * Unpacks a gzip'd tar into a tree. Nothing is written anywhere.
 *
 * Understands ustar, pax (`path`, `linkpath`, `size`) and GNU long names. Directories are implied by their files.
 * Absolute paths, `..`, hard links, devices and FIFOs are refused; symbolic links follow `options.badLinks`.
 *
 * @throws {TreeError} for anything else than a whole, well-formed archive within the limits.
 */
export async function fromTarGz(bytes: Uint8Array, options: TreeOptions = {}): Promise<FileTree> {
  const limits = { ...DEFAULT_TREE_LIMITS, ...options.limits };
  const tar = await gunzip(bytes, maxTarBytes(limits));
  return treeFromEntries(readTar(tar, limits), options);
}

/** Content, padding, and two headers of overhead for each file: more than this cannot be a tree within the limits. */
function maxTarBytes(limits: TreeLimits): number {
  return limits.maxTotalBytes + Math.min(limits.maxFiles * 4 * BLOCK_BYTES, 512 * 1024 * 1024) + 1024 * 1024;
}

interface Extensions {
  path?: string;
  linkPath?: string;
  size?: number;
}

/** The files and symbolic links of an unpacked tar, in its order. `bytes` are views on `tar`. */
function* readTar(tar: Uint8Array, limits: TreeLimits = DEFAULT_TREE_LIMITS): Generator<TreeEntry> {
  let extensions: Extensions = {};
  let entries = 0;
  for (let at = 0; at < tar.length; ) {
    const header = tar.subarray(at, at + BLOCK_BYTES);
    if (header.length < BLOCK_BYTES) throw damaged("it ends inside a header");
    if (header.every((byte) => byte === 0)) return;
    if (octal(header, FIELD.checksum) !== headerSum(header)) throw damaged(`the header at byte ${at} has a wrong sum`);
    entries += 1;
    if (entries > limits.maxFiles * 3) {
      throw new TreeError("TREE_TOO_LARGE", `Cannot unpack the archive: more than ${limits.maxFiles * 3} entries`);
    }
    const type = String.fromCharCode(header[FIELD.type[0]] ?? 0);
    const size = "DIR56".includes(type) ? octal(header, FIELD.size) : (extensions.size ?? octal(header, FIELD.size));
    const content = tar.subarray(at + BLOCK_BYTES, at + BLOCK_BYTES + size);
    if (content.length < size) throw damaged("it ends inside a file");
    at += BLOCK_BYTES + paddedSize(size);

    if (type === "g") continue;
    if (type === "x" || type === "L" || type === "K") {
      if (size > MAX_EXTENSION_BYTES) throw damaged("an extended header is too large");
      extensions = { ...extensions, ...readExtension(type, content) };
      continue;
    }
    const entry = toEntry(type, header, { content, extensions, limits });
    extensions = {};
    if (entry !== undefined) yield entry;
  }
}

interface Found {
  readonly content: Uint8Array;
  readonly extensions: Extensions;
  readonly limits: TreeLimits;
}

function toEntry(type: string, header: Uint8Array, { content, extensions, limits }: Found): TreeEntry | undefined {
  const path = trimPath(extensions.path ?? ustarPath(header));
  switch (type) {
    case "0":
    case "\0":
    case "7":
      if (content.length > limits.maxFileBytes) {
        throw new TreeError("TREE_TOO_LARGE", `Cannot unpack ${quote(path)}: ${content.length} bytes`, {
          path,
          details: [`at most ${limits.maxFileBytes} bytes are allowed`],
        });
      }
      return { kind: "file", path, bytes: content, executable: (octal(header, FIELD.mode) & 0o111) !== 0 };
    case "2":
      return { kind: "link", path, target: extensions.linkPath ?? text(header, FIELD.linkName) };
    case "5":
      refuseEscape(path);
      return undefined;
    default:
      throw new TreeError("TREE_UNSUPPORTED_ENTRY", `Cannot unpack ${quote(path)}: ${describe(type)}`, { path });
  }
}

function describe(type: string): string {
  const names: Readonly<Record<string, string>> = {
    "1": "a hard link",
    "3": "a device",
    "4": "a device",
    "6": "a FIFO",
  };
  return `${names[type] ?? "an entry of unknown type"} is not allowed in an archive`;
}

/** `./a/b/` is the usual way to write `a/b`; anything else odd is left for the tree to refuse. */
function trimPath(path: string): string {
  let end = path.length;
  // A pattern for the end would be tried at every slash of a long run of them.
  while (end > 0 && path[end - 1] === "/") end -= 1;
  return path.slice(0, end).replace(/^(?:\.\/+)+/, "");
}

function refuseEscape(path: string): void {
  if (path.startsWith("/") || path.split("/").includes("..")) {
    throw new TreeError("TREE_BAD_PATH", `Cannot unpack ${quote(path)}: the path leads out of the archive`, { path });
  }
}

function ustarPath(header: Uint8Array): string {
  const name = text(header, FIELD.name);
  const isUstar = text(header, FIELD.magic).startsWith("ustar");
  // GNU's own format keeps other things where ustar keeps the prefix; its magic ends in spaces.
  const isGnu = header[FIELD.magic[0] + 5] === 0x20;
  const prefix = isUstar && !isGnu ? text(header, FIELD.prefix) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function readExtension(type: "x" | "L" | "K", content: Uint8Array): Extensions {
  if (type === "L") return { path: untilNul(content) };
  if (type === "K") return { linkPath: untilNul(content) };
  const found: Extensions = {};
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(decode(content.subarray(at, space)));
    if (!Number.isInteger(length) || length <= space - at + 1 || at + length > content.length) {
      throw damaged("an extended header is malformed");
    }
    const record = decode(content.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    const key = record.slice(0, equals);
    const value = record.slice(equals + 1);
    if (key === "path") found.path = value;
    else if (key === "linkpath") found.linkPath = value;
    else if (key === "size") found.size = decimal(value);
    at += length;
  }
  return found;
}

function decimal(value: string): number {
  if (!/^[0-9]{1,15}$/.test(value)) throw damaged("an extended header holds a size that is not a number");
  return Number(value);
}

function octal(header: Uint8Array, field: readonly [number, number]): number {
  const digits = text(header, field).trim();
  if (digits === "") return 0;
  if (!/^[0-7]+$/.test(digits)) throw damaged("a header holds a number that is not octal");
  return Number.parseInt(digits, 8);
}

function text(header: Uint8Array, [start, length]: readonly [number, number]): string {
  return untilNul(header.subarray(start, start + length));
}

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw damaged("a name in it is not UTF-8");
  }
}

function damaged(why: string): TreeError {
  return new TreeError("TREE_BAD_ARCHIVE", `Cannot unpack the archive: ${why}`);
}
