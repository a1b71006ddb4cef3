import { concat, concatAll } from "../bytes/concat.ts";
import { gzip } from "./gzip-adapter.ts";
import { parentOf } from "./path.ts";
import { BLOCK_BYTES, FIELD, headerSum, paddedSize } from "./tar-format.ts";
import type { FileTree } from "./tree.ts";

/** What Flux's artifacts carry, whoever made the files: owner only, and nothing of the machine. */
const FILE_MODE = 0o600;
const EXECUTABLE_MODE = 0o700;
const DIRECTORY_MODE = 0o750;

/**
 * Packs a tree as a gzip'd tar: directories before their files, sorted by bytes; owner 0, no names, times zero. Equal
 * trees give equal bytes.
 */
export async function toTarGz(tree: FileTree): Promise<Uint8Array> {
  return gzip(await toTar(tree));
}

/** Packs a tree as an uncompressed tar. */
async function toTar(tree: FileTree): Promise<Uint8Array> {
  const blocks: Uint8Array[] = [];
  const seen = new Set<string>([""]);
  for (const path of tree.paths()) {
    for (const directory of missingDirectories(path, seen)) {
      blocks.push(...header({ path: `${directory}/`, type: "5", size: 0, mode: DIRECTORY_MODE }));
    }
    const bytes = (await tree.read(path)) ?? new Uint8Array();
    const mode = tree.isExecutable?.(path) === true ? EXECUTABLE_MODE : FILE_MODE;
    blocks.push(...header({ path, type: "0", size: bytes.length, mode }), ...padded(bytes));
  }
  blocks.push(new Uint8Array(2 * BLOCK_BYTES));
  return concatAll(blocks);
}

/** The directories above `path` that have not been written yet, outermost first; marks them as seen. */
function missingDirectories(path: string, seen: Set<string>): string[] {
  const missing: string[] = [];
  for (let at = parentOf(path); !seen.has(at); at = parentOf(at)) {
    seen.add(at);
    missing.unshift(at);
  }
  return missing;
}

interface Header {
  readonly path: string;
  readonly type: "0" | "5" | "x";
  readonly size: number;
  readonly mode: number;
}

/** The header block; a pax header goes before it when the path does not fit or is not ASCII. */
function header({ path, type, size, mode }: Header): Uint8Array[] {
  const name = new TextEncoder().encode(path);
  if (name.length <= FIELD.name[1] && name.every((byte) => byte < 0x80)) return [block(name, { type, size, mode })];
  const record = paxRecord("path", path);
  return [
    block(new TextEncoder().encode("PaxHeader"), { type: "x", size: record.length, mode: FILE_MODE }),
    ...padded(record),
    block(name.subarray(0, FIELD.name[1]).map(asciiOnly), { type, size, mode }),
  ];
}

function asciiOnly(byte: number): number {
  return byte < 0x80 ? byte : 0x5f;
}

function block(name: Uint8Array, { type, size, mode }: Omit<Header, "path">): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES);
  const put = (field: readonly [number, number], text: string) => bytes.set(new TextEncoder().encode(text), field[0]);
  bytes.set(name, FIELD.name[0]);
  put(FIELD.mode, octal(mode, FIELD.mode[1]));
  put(FIELD.uid, octal(0, FIELD.uid[1]));
  put(FIELD.gid, octal(0, FIELD.gid[1]));
  put(FIELD.size, octal(size, FIELD.size[1]));
  put(FIELD.mtime, octal(0, FIELD.mtime[1]));
  put(FIELD.type, type);
  put(FIELD.magic, "ustar\u000000");
  put(FIELD.checksum, `${headerSum(bytes).toString(8).padStart(6, "0")}\0 `);
  return bytes;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}

/** `LENGTH key=value\n`, where LENGTH counts its own digits too. */
function paxRecord(key: string, value: string): Uint8Array {
  const body = new TextEncoder().encode(` ${key}=${value}\n`);
  let length = body.length;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return concat(new TextEncoder().encode(String(length)), body);
}

function padded(bytes: Uint8Array): Uint8Array[] {
  return [bytes, new Uint8Array(paddedSize(bytes.length) - bytes.length)];
}
