import { nameOf, SopsError } from "../errors.ts";
import type { Branch } from "../values/value.ts";

/**
 * The only document of a file that is encrypted into a format without documents.
 *
 * @throws {SopsError} `SOPS_UNPRINTABLE` when there are more: the MAC is over all of them, so that the file could never be
 * decrypted without the others.
 */
export function oneDocument(documents: readonly Branch[], format: string, file: string | undefined): Branch {
  const [first = { kind: "branch", items: [] } satisfies Branch, ...others] = documents;
  if (others.every(({ items }) => items.length === 0)) return first;
  throw new SopsError(
    "SOPS_UNPRINTABLE",
    `Cannot encrypt ${nameOf(file)} as ${format}: it has ${documents.length} documents, and ${format} holds one`,
    { file, hints: ["--output-type yaml", "or split the file"] },
  );
}
