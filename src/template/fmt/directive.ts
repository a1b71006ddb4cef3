/** The flags, width and precision of one directive. */
export interface Directive {
  plus: boolean;
  minus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  width: number | undefined;
  precision: number | undefined;
  /** `%+v`: fields have names. */
  plusV: boolean;
  /** `%#v`: as in Go source. */
  sharpV: boolean;
}

/** A directive with nothing set: that of `%v`. */
export function plainDirective(): Directive {
  return {
    plus: false,
    minus: false,
    sharp: false,
    space: false,
    zero: false,
    width: undefined,
    precision: undefined,
    plusV: false,
    sharpV: false,
  };
}

/** Fills a text up to the width, in characters. */
export function padded(text: string, directive: Directive): string {
  const { width, minus, zero } = directive;
  if (width === undefined || width <= text.length / 2) return text;
  let length = 0;
  for (const _ of text) length++;
  if (length >= width) return text;
  const fill = (zero && !minus ? "0" : " ").repeat(width - length);
  return minus ? text + fill : fill + text;
}
