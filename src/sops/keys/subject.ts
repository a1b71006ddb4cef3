import { nameOf } from "../errors.ts";

/** What a data key is needed for: `file`, and what in it where that is not all of it (`document 2, Secret apps/db`). */
export interface Subject {
  readonly file?: string | undefined;
  readonly place?: string | undefined;
}

export function subjectName({ file, place }: Subject): string {
  return place === undefined ? nameOf(file) : `${nameOf(file)} (${place})`;
}
