import type { Branch } from "../values/value.ts";
import type { Spot } from "./spots.ts";
import type { TextEdit } from "./text-edit.ts";

/** Where a value or a comment stands in a text, and how it is written there. */
export interface Site {
  readonly start: number;
  readonly end: number;
  /** Puts a ciphertext there. */
  sealed(envelope: string): TextEdit;
  /** Puts a value or comment there, as it is usually written in that place. */
  opened(spot: Spot): TextEdit;
}

/** Where everything stands in a text of some format. */
export interface LocatedText {
  /** One for each spot of the documents; undefined where a spot has no place of its own, as behind an alias. */
  readonly sites: readonly (Site | undefined)[];
  /** Comments that the reader of the format does not see. They are in no tree, and must not stay in clear. */
  readonly unseenComments: readonly Site[];
}

/** What of a format a text keeps when its values are encrypted in place. */
export interface Layout {
  /** Finds the spots of documents that were read from this text. @throws {LayoutError} */
  locate(text: string, documents: readonly Branch[]): LocatedText;
  /** Adds the metadata where the format has it. @throws {LayoutError} */
  addMetadata(text: string, metadata: Branch, indent: number | undefined): TextEdit[];
  /** Takes it out again. @throws {LayoutError} */
  removeMetadata(text: string): TextEdit[];
  /** Adds and removes what documents that were read from this text have too little or too much. @throws {LayoutError} */
  shapeEdits(text: string, before: readonly Branch[], wanted: readonly Branch[]): TextEdit[];
}

/** A text whose layout cannot be kept; `message` says why, without any value. */
export class LayoutError extends Error {
  override readonly name = "LayoutError";
}
