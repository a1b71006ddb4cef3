import { readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * One template that both Go and we execute. A plain string is a template over {@link SHARED_STRINGS}.
 *
 * Files in test/peers/template/cases export `cases`; output and error text of each have to be those of Go.
 */
export type TemplateCase = string | TemplateCaseObject;

export interface TemplateCaseObject {
  readonly template: string;
  /** Templates of the same set: name to text, parsed after the first in this order. */
  readonly others?: Readonly<Record<string, string>>;
  /** JSON, tagged as the oracle wants it: `{"$go": "int", "value": 5}`. Without it: {@link SHARED_STRINGS}. */
  readonly data?: unknown;
  readonly options?: readonly string[];
  readonly delims?: readonly [string, string];
  /** Random or of the clock: both outputs have to match this, and both errors are the same. */
  readonly like?: RegExp;
  /** A deliberate difference: what ours is instead, and why. */
  readonly differs?: { readonly output?: string; readonly error?: string | RegExp; readonly because: string };
}

/** The `map[string]string` of cases without data, as the items of a SealedSecret are. */
export const SHARED_STRINGS: Readonly<Record<string, string>> = {
  user: "ada",
  pass: "p\"a<s>s&w'ord",
  empty: "",
  multi: "first line\nsecond line\n",
  number: "42",
  negative: "-7",
  float: "3.25",
  unicode: "Größe 日本 🔑",
  json: '{"a":1,"b":[true,null,"x"],"c":{"d":2.5}}',
  csv: "b,a,,c",
  url: "https://me:secret@example.org:8443/a/b?q=1&r=2#frag",
  "dotted.key": "dot",
  "dashed-key": "dash",
  version: "1.24.3-rc.1+build7",
  date: "2024-02-29T13:14:15Z",
  words: "The quick brown fox jumps over the lazy dog",
  space: "  padded  ",
  yes: "true",
};

/** A case with all its fields. */
export function caseObject(entry: TemplateCase): TemplateCaseObject {
  return typeof entry === "string" ? { template: entry } : entry;
}

/** Whether a case can stand in a SealedSecret: one template over strings, in default settings. */
export function isSealable(entry: TemplateCase): boolean {
  const { data, others, options, delims } = caseObject(entry);
  return data === undefined && others === undefined && options === undefined && delims === undefined;
}

/** All case files: name to cases. */
export async function allTemplateCases(): Promise<ReadonlyMap<string, readonly TemplateCase[]>> {
  const folder = join(import.meta.dirname, "../../peers/template/cases");
  const found = new Map<string, readonly TemplateCase[]>();
  for (const file of readdirSync(folder).sort()) {
    const module: { readonly cases: readonly TemplateCase[] } = await import(join(folder, file));
    found.set(file.replace(/\.ts$/, ""), module.cases);
  }
  return found;
}
