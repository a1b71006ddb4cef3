import { readFileSync } from "node:fs";

/** What compiled code is for: it is of use to this version of Node on this system and processor only. */
export const CODE_FLAVOUR = `${process.version}-${process.platform}-${process.arch}`;

/** The code that was compiled for a bundle when the package was built; undefined where there is none for this Node. */
export function shippedCode(bundle: string): Buffer | undefined {
  try {
    return readFileSync(`${bundle}.${CODE_FLAVOUR}.code`);
  } catch {
    return undefined;
  }
}
