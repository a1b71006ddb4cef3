import { writeSync } from "node:fs";

/**
 * Bytes of one write to a large file. For longer ones the system looks for long pieces of memory, and in a virtual machine
 * those are the ones that the host has taken back: to write a gibibyte took 3 s instead of 0.7 s in pieces of 64 KiB, and
 * pieces of 4 KiB cost more calls than they are worth. Those that begin and end within a page cost a third more.
 */
const PIECE_BYTES = 16 * 1024;

/**
 * Writes as much as one call should into a regular file: up to where its next piece begins.
 *
 * @param at where in `bytes` it begins
 * @param position where in the file it goes; null for where the last one ended
 * @returns how many bytes were written: at least one, maybe not all
 * @throws what the system says
 */
export function writePiece(
  file: number,
  bytes: Uint8Array,
  {
    at,
    end = bytes.length,
    position,
  }: { readonly at: number; readonly end?: number; readonly position: number | null },
): number {
  const wanted = PIECE_BYTES - ((position ?? 0) % PIECE_BYTES);
  return writeSync(file, bytes, at, Math.min(wanted, end - at), position);
}
