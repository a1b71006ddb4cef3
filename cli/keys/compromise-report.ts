import type { ExposedValue, exposedValues, SealingKeyInfo } from "../../src/keys/index.ts";
import { table } from "../output.ts";
import { type Form, inForm } from "./form.ts";

/** What `keys compromise` lists. */
export interface CompromiseReport {
  readonly key: SealingKeyInfo;
  readonly newest: SealingKeyInfo | undefined;
  readonly values: ReturnType<typeof exposedValues>;
}

/** As many branches as a row names. */
const SHOWN_BRANCHES = 3;
const SHOWN_HASH = 12;

export function compromiseReport({ key, newest, values }: CompromiseReport, form: Form): string {
  const named = ({ name, fingerprint }: SealingKeyInfo) => ({ name, fingerprint });
  const report = {
    key: named(key),
    newest: newest === undefined ? undefined : named(newest),
    values: values.map(({ place, object, item, at, isOnDisk, branches, commit }) => ({
      place,
      object,
      item,
      ...(at === undefined ? {} : { path: at.path, line: at.line, document: at.document, onDisk: isOnDisk }),
      ...(at === undefined ? {} : { branches: [...branches] }),
      commit,
    })),
  };
  const rows = values.map((value) => [value.place, value.object, value.item, fileOf(value), foundIn(value)]);
  const asTable = () => (rows.length === 0 ? "" : table(["PLACE", "OBJECT", "ITEM", "FILE", "FOUND IN"], rows));
  return inForm(form, report, asTable);
}

/** `apps/db.yaml:12 (document 2)`; nothing for what is in a cluster. */
function fileOf({ at }: ExposedValue): string {
  if (at === undefined) return "";
  return `${at.path}:${at.line}${at.document > 1 ? ` (document ${at.document})` : ""}`;
}

/** `files on disk, main, origin/main`, or `history, commit 0a1b2c3d4e5f`. */
function foundIn({ at, isOnDisk, branches, commit }: ExposedValue): string {
  if (at === undefined) return "";
  if (commit !== undefined) return `history, commit ${commit.slice(0, SHOWN_HASH)}`;
  const more = branches.length > SHOWN_BRANCHES ? ["…"] : [];
  return [...(isOnDisk ? ["files on disk"] : []), ...branches.slice(0, SHOWN_BRANCHES), ...more].join(", ");
}
