/** Tells the lines of ascending offsets of a text, counted from 1, in one pass over it. */
export function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let at = -1;
  return (offset) => {
    for (let next = text.indexOf("\n", at + 1); next >= 0 && next < offset; next = text.indexOf("\n", at + 1)) {
      line++;
      at = next;
    }
    return line;
  };
}
