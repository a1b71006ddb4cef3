import { fieldOf, parseJson } from "./json.ts";
import type { CredentialHelper, RegistryLogin } from "./ports.ts";

/** What a program that keeps logins said. */
export type Kept =
  | { readonly kind: "login"; readonly login: RegistryLogin }
  /** It has no login for that. */
  | { readonly kind: "none" }
  /** One clause. */
  | { readonly kind: "failed"; readonly problem: string };

/** It becomes part of the name of a program, and never leads to another folder. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** In place of a name it says that the secret is an identity token. */
const TOKEN_USER = "<token>";
const NOT_FOUND = "credentials not found in native keychain";

/**
 * Asks a program for the login to a registry.
 *
 * Source: the protocol of Docker's credential helpers: `get` with the server on standard input gives JSON with `Username`
 * and `Secret`.
 */
export async function askCredentialHelper(
  name: string,
  server: string,
  helper: CredentialHelper | undefined,
): Promise<Kept> {
  if (!NAME.test(name)) return { kind: "failed", problem: "its name is none" };
  const program = `docker-credential-${name}`;
  if (helper === undefined) return { kind: "failed", problem: `${program} may not be started here` };
  const outcome = await helper(name, server);
  if (outcome.kind === "failed") return outcome;
  const { status, stdout } = outcome;
  if (status !== 0) {
    const isUnknown = new TextDecoder().decode(stdout).trim() === NOT_FOUND;
    return isUnknown ? { kind: "none" } : { kind: "failed", problem: `${program} ended with exit status ${status}` };
  }
  const answer = parseJson(stdout);
  const username = fieldOf(answer, "Username");
  const secret = fieldOf(answer, "Secret");
  if (typeof username !== "string" || typeof secret !== "string") {
    return { kind: "failed", problem: `what ${program} prints is no login` };
  }
  if (username === "" || secret === "") return { kind: "none" };
  const login: RegistryLogin =
    username === TOKEN_USER
      ? { kind: "identity token", token: secret }
      : { kind: "password", username, password: secret };
  return { kind: "login", login };
}
