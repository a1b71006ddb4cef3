import { readFile } from "node:fs/promises";
import process from "node:process";
import type { Io } from "../../io.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import { logLine } from "../call/log-line.ts";

/** Somebody of this machine. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

const PASSWD = "/etc/passwd";

/**
 * Who a command shall run as, by name. Undefined when nobody was named.
 *
 * @throws {SopsFailure} for a name that is not in `/etc/passwd`, and when we may not become somebody else.
 */
export async function namedUser(io: Io, name: string): Promise<User | undefined> {
  if (name === "") return undefined;
  const text = await readFile(PASSWD, "utf8").catch(() => "");
  const user = userOf(text, name);
  if (user === undefined) throw fatal(io, `user: unknown user ${name}`, `who is known here: getent passwd`);
  if (process.getuid?.() !== 0)
    throw fatal(io, "operation not permitted", "only root can run a command as somebody else");
  return user;
}

/** A line of passwd(5): name, password, uid, gid, comment, home, shell. */
function userOf(text: string, wanted: string): User | undefined {
  for (const line of text.split("\n")) {
    const [name, , uid = "", gid = "", , home = ""] = line.split(":");
    if (name !== wanted || !/^\d{1,10}$/.test(uid) || !/^\d{1,10}$/.test(gid)) continue;
    return { name, uid: Number(uid), gid: Number(gid), home };
  }
  return undefined;
}

/** The variables that tell a program who it runs as. */
export function userVariables(user: User | undefined): Readonly<Record<string, string>> {
  return user === undefined ? {} : { HOME: user.home, USER: user.name, LOGNAME: user.name };
}

function fatal(io: Io, message: string, hint: string): SopsFailure {
  const line = logLine(io, "fatal", message, "EXEC");
  return new SopsFailure(SOPS_EXIT.generic, `${line}hint: ${hint}`);
}
