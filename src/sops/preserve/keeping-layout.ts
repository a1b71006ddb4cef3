import { nameOf, SopsError } from "../errors.ts";
import type { Format } from "../format.ts";
import { LayoutError } from "./layout.ts";

/** Whether a format has a layout that could be lost: binary files are kept as they are in any case. */
export function hasLayout(format: Format): boolean {
  return format !== "binary";
}

/** Runs work that keeps a layout. @throws {SopsError} `SOPS_LAYOUT_NOT_KEPT` when it cannot. */
export function keepingLayout<T>(file: string | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof LayoutError) throw notKept(file, error.message);
    throw error;
  }
}

/** @throws {SopsError} `SOPS_LAYOUT_NOT_KEPT` when a file is to get another format. */
export function refuseOtherFormat(from: Format, to: Format, file: string | undefined): void {
  if (from !== to) throw notKept(file, `the result is ${to} and not ${from}`);
}

/** @throws {SopsError} `SOPS_LAYOUT_NOT_KEPT` where the metadata would be edited together with the values. */
export function refuseMetadataInLayout(file: string | undefined): never {
  throw notKept(file, "the metadata is shown too, which is written anew");
}

function notKept(file: string | undefined, why: string): SopsError {
  return new SopsError("SOPS_LAYOUT_NOT_KEPT", `Cannot keep the layout of ${nameOf(file)}: ${why}`, {
    file,
    hints: ["without --preserve it is written as sops writes it"],
  });
}
