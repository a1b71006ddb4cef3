import { defineFunction } from "../../value/function.ts";
import { byteLength, canonical, sliceBytes } from "../../value/go-string.ts";
import type { GoFunction } from "../../value/go-value.ts";
import { wrap } from "../../value/integer.ts";

/** Long texts cut to a width, with `...` for what is left out. Widths are bytes. */
export const abbreviateFunctions: readonly GoFunction[] = [
  defineFunction({
    name: "abbrev",
    params: ["int", "string"],
    call: ([width, text]) => (width.value < 4n ? text : abbreviate(text, 0n, width.toNumber())),
  }),
  defineFunction({
    name: "abbrevboth",
    params: ["int", "int", "string"],
    call: ([offset, width, text]) => {
      const tooNarrow = width.value < 4n || (offset.value > 0n && width.value < 7n);
      return tooNarrow ? text : abbreviate(text, offset.value, width.toNumber());
    },
  }),
];

const MARK = "...";

/** `offset` is a place that has to be seen; up to 4 the beginning is shown. */
function abbreviate(text: string, offset: bigint, width: number): string {
  const length = byteLength(text);
  if (length <= width) return text;
  const room = width - MARK.length;
  // In Go what is behind the smallest offset overflows, and counts as too little.
  const behind = Number(wrap("int", BigInt(length) - offset));
  const from = length - Math.max(behind, room);
  if (from <= 4) return canonical(sliceBytes(text, 0, room) + MARK);
  if (width < MARK.length + 4) return "";
  if (from + room >= length) return canonical(MARK + sliceBytes(text, length - room, length));
  return MARK + abbreviate(sliceBytes(text, from, length), 0n, room);
}
