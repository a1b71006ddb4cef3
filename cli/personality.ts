import { basename } from "node:path";

/** The words that a link to sealkit may be called by to act as that tool. */
const PERSONALITIES: readonly string[] = ["kubeseal", "sops", "age", "age-keygen", "age-inspect", "controller"];

/** The command that a program of this name is; undefined for sealkit itself. `argv0`: its path or name. */
export function personalityOf(argv0: string): string | undefined {
  const called = basename(argv0).replace(/\.(exe|cjs)$/, "");
  return PERSONALITIES.includes(called) ? called : undefined;
}
