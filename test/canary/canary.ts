import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A secret that is known to the test, and a search for it in whatever form it may come out. */
export interface Canary {
  readonly text: string;
  /** Where in `haystack` the secret is seen, as a remark for the failing test; undefined when it is nowhere. */
  seenIn(haystack: string | Uint8Array): string | undefined;
}

/**
 * A random secret. It is looked for as it is, reversed, in hex, percent-encoded, and in base64 at each of the three
 * alignments, so that neither a dump nor a re-encoding hides it. `length` characters of base64url.
 */
export function makeCanary(prefix = "canary"): Canary {
  const text = `${prefix}-${randomBytes(24).toString("base64url")}`;
  const bytes = Buffer.from(text);
  const forms = new Map<string, string>([
    ["as it is", text],
    ["its middle", text.slice(10, 26)],
    ["reversed", [...text].reverse().join("")],
    ["in hex", bytes.toString("hex")],
    ["in upper-case hex", bytes.toString("hex").toUpperCase()],
  ]);
  for (let shift = 0; shift < 3; shift++) {
    // The first and last characters depend on neighbours; what is between them does not.
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    forms.set(`in base64, shifted by ${shift}`, encoded.slice(4, -4));
    forms.set(`in base64url, shifted by ${shift}`, encoded.slice(4, -4).replaceAll("+", "-").replaceAll("/", "_"));
  }
  return {
    text,
    seenIn(haystack) {
      const searched = typeof haystack === "string" ? haystack : Buffer.from(haystack).toString("latin1");
      for (const [form, needle] of forms) if (searched.includes(needle)) return form;
      return undefined;
    },
  };
}

/** A folder that the code under test takes for the system's temporary one. */
export interface Watched {
  readonly folder: string;
  /** Every file left in it, with its content. */
  leftovers(): readonly { readonly path: string; readonly content: Uint8Array }[];
  restore(): void;
}

/** Redirects temporary files of this process into a new folder, so that what is left there can be searched. */
export function watchTemporaryFiles(): Watched {
  const before = process.env["TMPDIR"];
  const base = mkdtempSync(join(tmpdir(), "sealkit-canary-"));
  const folder = join(base, "tmp");
  mkdirSync(folder);
  process.env["TMPDIR"] = folder;
  return {
    folder,
    leftovers: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => ({ path, content: readFileSync(path) })),
    restore() {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      rmSync(base, { recursive: true, force: true });
    },
  };
}
