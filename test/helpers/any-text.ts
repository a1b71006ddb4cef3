import fc from "fast-check";

/** Names that objects of JavaScript have already. */
const INHERITED = ["__proto__", "constructor", "hasOwnProperty", "toString", "valueOf"];
const SURROGATES = { from: 0xd800, count: 0x800 } as const;
const LAST = 0x10ffff;

const codePoint = fc
  .nat({ max: LAST - SURROGATES.count })
  .map((at) => String.fromCodePoint(at < SURROGATES.from ? at : at + SURROGATES.count));

/**
 * Texts of any code points, and now and then a name that objects have already: what `fc.string({ unit: "binary" })` gives,
 * which writes down all 1.1 million characters first, in a second and in 100 MB of each process.
 */
export function anyText({ maxLength }: { readonly maxLength?: number } = {}): fc.Arbitrary<string> {
  const made = fc.array(codePoint, maxLength === undefined ? {} : { maxLength }).map((points) => points.join(""));
  const inherited = INHERITED.filter((name) => name.length <= (maxLength ?? Number.POSITIVE_INFINITY));
  return inherited.length === 0
    ? made
    : fc.oneof({ weight: 20, arbitrary: made }, { weight: 1, arbitrary: fc.constantFrom(...inherited) });
}

/** Absolute URLs of http and https. */
export function anyUrl(): fc.Arbitrary<string> {
  const text = fc.string({
    unit: fc.constantFrom(..."abzAZ09-._~!$&'()*+,;=:@", "%2F", "%2e", "%C3%A9", "%00"),
    maxLength: 8,
  });
  const port = fc.oneof(
    fc.constant(""),
    fc.nat({ max: 65535 }).map((number) => `:${number}`),
  );
  const path = fc.array(text, { maxLength: 4 }).map((segments) => segments.map((segment) => `/${segment}`).join(""));
  const after = (mark: string) =>
    fc.oneof(
      fc.constant(""),
      text.map((rest) => `${mark}${rest}`),
    );
  return fc
    .tuple(fc.constantFrom("https://", "http://"), fc.domain(), port, path, after("?"), after("#"))
    .map((parts) => parts.join(""));
}
