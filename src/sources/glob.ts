type Token =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "star" }
  | { readonly kind: "class"; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

/** A compiled pattern for one part of a path: no slash in it, none matched by it. */
export type Glob = readonly Token[];

/** Compiles `*`, `?`, `[a-z]`, `[!a]` and backslash escapes. An unclosed bracket stands for itself. */
export function compileGlob(pattern: string): Glob {
  const tokens: Token[] = [];
  const letters = [...pattern];
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at] ?? "";
    if (letter === "*") {
      if (tokens.at(-1)?.kind !== "star") tokens.push({ kind: "star" });
    } else if (letter === "?") {
      tokens.push({ kind: "any" });
    } else if (letter === "\\" && at + 1 < letters.length) {
      at += 1;
      tokens.push({ kind: "literal", text: letters[at] ?? "" });
    } else {
      const found = letter === "[" ? readClass(letters, at) : undefined;
      tokens.push(found?.token ?? { kind: "literal", text: letter });
      at = found?.end ?? at;
    }
  }
  return tokens;
}

/**
 * Whether the whole of `text` matches. Takes time proportional to pattern times text, whatever the pattern: it comes out
 * of foreign repositories.
 */
export function matchesGlob(glob: Glob, text: string): boolean {
  const letters = [...text];
  let token = 0;
  let letter = 0;
  let star = -1;
  let resumeAt = 0;
  while (letter < letters.length) {
    const current = glob[token];
    if (current?.kind === "star") {
      star = token;
      token += 1;
      resumeAt = letter;
    } else if (current !== undefined && accepts(current, letters[letter] ?? "")) {
      token += 1;
      letter += 1;
    } else if (star >= 0) {
      token = star + 1;
      resumeAt += 1;
      letter = resumeAt;
    } else {
      return false;
    }
  }
  while (glob[token]?.kind === "star") token += 1;
  return token === glob.length;
}

function accepts(token: Token, letter: string): boolean {
  switch (token.kind) {
    case "literal":
      return token.text === letter;
    case "class":
      return token.ranges.some(([from, to]) => from <= letter && letter <= to) !== token.negated;
    default:
      return token.kind === "any";
  }
}

function readClass(letters: readonly string[], start: number): { token: Token; end: number } | undefined {
  let at = start + 1;
  const negated = letters[at] === "!" || letters[at] === "^";
  if (negated) at += 1;
  const ranges: [string, string][] = [];
  for (let first = true; at < letters.length; first = false) {
    if (letters[at] === "]" && !first) return { token: { kind: "class", negated, ranges }, end: at };
    if (letters[at] === "\\" && at + 1 < letters.length) at += 1;
    const from = letters[at] ?? "";
    const last = letters[at + 2];
    if (letters[at + 1] === "-" && last !== undefined && last !== "]") {
      ranges.push([from, last]);
      at += 3;
    } else {
      ranges.push([from, from]);
      at += 1;
    }
  }
  return undefined;
}
