import type { KubeObject } from "../objects/index.ts";

/** Where an object was written. */
export interface Origin {
  /** Path of the file from the tree's root. */
  readonly file: string;
  /** 0-based index of the document in the file. */
  readonly document: number;
  /** 1-based line on which the document starts. */
  readonly line: number;
}

/** An object that came out of a build. */
export interface BuiltObject {
  readonly object: KubeObject;
  readonly origin: Origin;
}

/** `"file" (document 2, line 14)`: for error messages. Documents are counted from 1 there. */
export function originText({ file, document, line }: Origin): string {
  return `${JSON.stringify(file)} (document ${document + 1}, line ${line})`;
}
