/** Most patterns that one rule may become: alternatives multiply. */
const MAX_PATTERNS = 50;

/** A piece of a path expression: characters as they are, anything without a slash, or anything at all. */
type Piece = { readonly kind: "text"; readonly text: string } | { readonly kind: "segment" } | { readonly kind: "any" };

/**
 * The patterns of .gitattributes that match what a `path_regex` does, or undefined for an expression that has none: they
 * know `*` and `**`, and no classes, counts or groups except alternatives.
 */
export function attributePatterns(pathRegex: string): readonly string[] | undefined {
  const alternatives = expand(pathRegex);
  if (alternatives === undefined) return undefined;
  const patterns = new Set<string>();
  for (const alternative of alternatives) {
    const pieces = piecesOf(alternative);
    const found = pieces === undefined ? undefined : globs(pieces);
    if (found === undefined) return undefined;
    for (const pattern of found) patterns.add(pattern);
    if (patterns.size > MAX_PATTERNS) return undefined;
  }
  return [...patterns];
}

/** The expression without groups: one for each way through `(a|b)`. Undefined when it is more than that. */
function expand(expression: string): string[] | undefined {
  const waiting = splitTop(expression);
  const done: string[] = [];
  while (waiting.length > 0) {
    if (waiting.length + done.length > MAX_PATTERNS) return undefined;
    const next = waiting.shift() ?? "";
    const group = /(?<!\\)\((?:\?:)?((?:[^()\\]|\\.)*)\)(?![?*+{])/.exec(next);
    if (group === null) {
      done.push(next);
      continue;
    }
    const [whole, inner = ""] = group;
    for (const choice of splitTop(inner)) {
      waiting.push(next.slice(0, group.index) + choice + next.slice(group.index + whole.length));
    }
  }
  return done;
}

/** Cuts at `|` outside of groups. */
function splitTop(expression: string): string[] {
  const parts = [""];
  let depth = 0;
  for (let at = 0; at < expression.length; at++) {
    const letter = expression.charAt(at);
    const last = parts.length - 1;
    if (letter === "\\") {
      parts[last] += letter + expression.charAt(++at);
      continue;
    }
    if (letter === "(") depth++;
    if (letter === ")") depth--;
    if (letter === "|" && depth === 0) parts.push("");
    else parts[last] += letter;
  }
  return parts;
}

const TOKEN = /\.[*+]\??|\[\^\/\][*+]\??|\\([.\-_/+()[\]{}|^$*?\\])|([^\\^$.|?*+()[\]{}\p{Cc}])(?![?*+{])/uy;

function piecesOf(expression: string): Piece[] | undefined {
  const starts = expression.startsWith("^");
  const ends = /(?<!\\)\$$/.test(expression);
  const body = expression.slice(starts ? 1 : 0, ends ? -1 : undefined);
  const pieces: Piece[] = starts ? [] : [{ kind: "any" }];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < body.length) {
    const match = TOKEN.exec(body);
    if (match === null) return undefined;
    const [token, escaped, plain] = match;
    const text = escaped ?? plain;
    const last = pieces.at(-1);
    if (text === undefined) pieces.push({ kind: token.startsWith(".") ? "any" : "segment" });
    else if (last?.kind === "text") pieces[pieces.length - 1] = { kind: "text", text: last.text + text };
    else pieces.push({ kind: "text", text });
  }
  if (!ends) pieces.push({ kind: "any" });
  return pieces.filter((piece, at) => piece.kind !== "any" || pieces[at - 1]?.kind !== "any");
}

/** Patterns that are anchored at the folder of the file, or that hold no slash and so match at every depth; undefined for too many. */
function globs(pieces: readonly Piece[]): string[] | undefined {
  const [first, ...rest] = pieces;
  const tail = rest.every((piece) => piece.kind === "segment" || (piece.kind === "text" && !piece.text.includes("/")));
  // `\.enc\.yaml$`: a name that ends so, in any folder.
  if (first?.kind === "any" && tail) return [`*${rest.map(shown).join("")}`.replace(/\*{2,}/g, "*")];
  let made = [""];
  for (const [at, piece] of pieces.entries()) {
    const isLast = at === pieces.length - 1;
    made = made.flatMap((before) => (piece.kind === "any" ? anything(before, isLast) : [join(before, shown(piece))]));
    // Each `.*` within a name doubles them.
    if (made.length > MAX_PATTERNS) return undefined;
  }
  return made.map((pattern) => {
    const clean = pattern.replace(/\/{2,}/g, "/");
    return clean.startsWith("**/") ? clean : `/${clean.replace(/^\//, "")}`;
  });
}

/** What may stand for any text behind a pattern: within one folder, or with folders between. */
function anything(before: string, isLast: boolean): string[] {
  const isFolder = before === "" || before.endsWith("/");
  if (isLast) return isFolder ? [`${before}**`] : [join(before, "*"), join(before, "*/**")];
  return isFolder ? [`${before}**/*`] : [join(before, "*"), join(before, "*/**/*")];
}

/** Two stars side by side would mean something else than one. */
function join(before: string, text: string): string {
  return before.endsWith("*") && text.startsWith("*") ? before + text.slice(1) : before + text;
}

function shown(piece: Piece): string {
  // What means something to a pattern, as itself.
  return piece.kind === "text" ? piece.text.replace(/[*?[\]\\]/g, "\\$&") : "*";
}

/** A pattern as it stands at the start of a line: in quotes where blanks or marks would end it or mean something else. */
export function attributeWord(pattern: string): string {
  if (!/[\s"]|^[#!]/.test(pattern)) return pattern;
  return `"${pattern.replace(/[\\"]/g, "\\$&").replaceAll("\t", "\\t")}"`;
}
