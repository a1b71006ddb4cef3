import { nameOf, SopsError, showPath } from "../errors.ts";
import type { ValueCipher } from "./cipher.ts";
import { Mac } from "./mac.ts";
import { plaintextOf } from "./plaintext.ts";
import type { CompiledSelector } from "./selector.ts";
import { type Branch, isComment, type Node, typeOf } from "./value.ts";
import { replaceLeaves } from "./walk.ts";

interface TreeOptions {
  readonly selector: CompiledSelector;
  readonly macOnlyEncrypted: boolean;
  readonly file?: string | undefined;
}

/**
 * Encrypts the selected values and comments of all documents in place. Returns the MAC over their plaintexts.
 *
 * @throws {SopsError} `SOPS_COMMENT_CONFLICT` when the comments would not be read the same way again.
 */
export function encryptTree(documents: readonly Branch[], cipher: ValueCipher, options: TreeOptions): string {
  const { selector, file } = options;
  if (selector.kind === "encrypted_comment_regex") refuseLostComments(documents, selector, file);
  const mac = new Mac({ encryptedOnly: options.macOnlyEncrypted });
  for (const document of documents) {
    replaceLeaves(document, selector, {
      value(given, { additional, isSelected }) {
        // A negative zero in clear is printed as `-0` and read again as the integer 0: it would fail the MAC.
        const leaf = !isSelected && Object.is(given, -0) ? 0n : given;
        const plain = plaintextOf(leaf);
        mac.add(plain, isSelected);
        return isSelected && plain.length > 0 ? cipher.seal(plain, typeOf(leaf), additional) : leaf;
      },
      comment(comment, { additional, isSelected, isInList, path }) {
        if (!isSelected || (comment.text === "" && !isInList)) return comment;
        // Readers take an empty one in a list for an item that is an empty text; one of a blank stays a comment.
        const text = cipher.seal(comment.text === "" ? " " : comment.text, "comment", additional);
        if (selector.kind === "unencrypted_comment_regex" && selector.matches(text))
          throw matchesCiphertext(path, file);
        // In a list the original turns it into an item; readers turn the item back.
        return isInList ? text : { ...comment, text };
      },
    });
  }
  return mac.finish();
}

function matchesCiphertext(path: readonly string[], file: string | undefined): SopsError {
  return new SopsError(
    "SOPS_COMMENT_CONFLICT",
    `Cannot encrypt ${nameOf(file)}: unencrypted_comment_regex matches an encrypted comment, so nobody could tell it from a clear one`,
    {
      file,
      path: [...path],
      details: path.length === 0 ? ["a comment at the top"] : [`a comment in ${showPath(path)}`],
      hints: ["make the pattern narrower, for instance: ^ pragma: clear"],
    },
  );
}

/**
 * With `encrypted_comment_regex`, a comment that follows a matching one inside a list becomes an encrypted item, and that
 * item ends what the matching comment speaks for: such a file could never be decrypted.
 */
function refuseLostComments(documents: readonly Branch[], selector: CompiledSelector, file: string | undefined): void {
  const walk = (node: Node, path: readonly string[], isHeardAbove: boolean): void => {
    if (typeof node !== "object" || node === null || (node.kind !== "branch" && node.kind !== "list")) return;
    let isHeard = false;
    for (const item of node.items) {
      if (isComment(item)) {
        if (node.kind === "list" && isHeard && !isHeardAbove) throw lostComment(path, file);
        isHeard ||= selector.matches(item.text);
        continue;
      }
      const isHeardBelow = isHeard || isHeardAbove;
      isHeard = false;
      if (typeof item === "object" && item !== null && item.kind === "entry") {
        walk(item.value, [...path, item.key], isHeardBelow);
      } else {
        walk(item, path, isHeardBelow);
      }
    }
  };
  for (const document of documents) walk(document, [], false);
}

function lostComment(path: readonly string[], file: string | undefined): SopsError {
  return new SopsError(
    "SOPS_COMMENT_CONFLICT",
    `Cannot encrypt ${nameOf(file)}: in the list ${showPath(path)} another comment stands between the one that encrypted_comment_regex matches and its item`,
    {
      file,
      path: [...path],
      details: ["the file could never be decrypted again"],
      hints: ["put the matching comment last, directly above its item"],
    },
  );
}
