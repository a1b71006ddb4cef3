import { GitError } from "./errors.ts";

/** A repository address that was checked by `parseGitUrl`: safe to show, safe to hand to git. */
export interface GitUrl {
  readonly scheme: "http" | "https" | "ssh";
  /** Without a password, ever; ssh keeps its user. */
  readonly text: string;
  readonly host: string;
}

/** Flux takes these and nothing else: `file:` would let any author read the controller's disk, `ext:` run commands. */
const SCHEMES: Readonly<Record<string, GitUrl["scheme"]>> = { "http:": "http", "https:": "https", "ssh:": "ssh" };

const MAX_URL_LENGTH = 2048;
/** The user of an ssh URL becomes an argument of ssh: nothing that could be taken for an option. */
const SSH_USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]+\])$/;

/**
 * Checks a repository URL: https, http or ssh; no password in it; a plain host and user.
 *
 * @throws {GitError} `GIT_URL_REFUSED`; the message never repeats a password.
 */
export function parseGitUrl(text: string): GitUrl {
  const url = text.length <= MAX_URL_LENGTH && !hasControl(text) ? tryParse(text) : undefined;
  if (url === undefined) throw refused("it is not a URL", scpHint(text));
  const scheme = SCHEMES[url.protocol];
  if (scheme === undefined) throw refused(`the scheme "${url.protocol.slice(0, 20)}" is not allowed`, scpHint(text));
  if (url.password !== "") throw refused("it holds a password", CREDENTIALS_HINT);
  if (scheme !== "ssh" && url.username !== "") throw refused("it holds a user name or token", CREDENTIALS_HINT);
  if (!HOST.test(url.hostname)) throw refused("its host is missing or malformed");
  if (scheme === "ssh" && url.username !== "" && !SSH_USER.test(url.username)) throw refused("its user is malformed");
  if (url.pathname === "" || url.pathname === "/") throw refused("it names no repository");
  if (url.hash !== "") throw refused("it has a fragment");
  if (scheme === "ssh" && url.username === "") url.username = "git";
  return { scheme, text: url.href, host: url.host };
}

const CREDENTIALS_HINT = "put the credentials into a Secret and name it in spec.secretRef";

function scpHint(text: string): string {
  return /^[\w.-]+@[\w.-]+:/.test(text)
    ? "write git@host:path as ssh://git@host/path"
    : "use https://host/path, http://host/path or ssh://git@host/path";
}

function refused(why: string, hint?: string): GitError {
  return new GitError("GIT_URL_REFUSED", `Cannot use the repository URL: ${why}`, {
    hints: hint === undefined ? [] : [hint],
  });
}

function tryParse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function hasControl(text: string): boolean {
  return /[\u0000-\u0020\u007f]/.test(text);
}
