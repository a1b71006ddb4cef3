import { GitError } from "./errors.ts";
import type { GitUrl } from "./url.ts";

/** How to prove who asks. Secret parts live here and in the environment and private files of one git process. */
export interface GitCredentials {
  readonly login?:
    | { readonly kind: "basic"; readonly username: string; readonly password: string }
    | { readonly kind: "bearer"; readonly token: string }
    | { readonly kind: "ssh"; readonly identity: string; readonly knownHosts: string };
  readonly tls?: {
    /** PEM certificates that may sign the server's. */
    readonly ca?: string;
    readonly client?: { readonly certificate: string; readonly key: string };
  };
}

/**
 * Reads the credentials out of a Secret's decoded `data`, as far as `url` can use them.
 *
 * Keys: `username` and `password`, or `bearerToken`; `ca.crt` (or `caFile`); `tls.crt` with `tls.key`; `identity` with
 * `known_hosts` for ssh.
 *
 * @throws {GitError} `GIT_CREDENTIALS_REFUSED` when a key that is needed is missing or a key is there that is not
 *   supported. Values are never in the message.
 */
export function credentialsFromSecret(
  name: string,
  data: ReadonlyMap<string, Uint8Array>,
  { scheme }: GitUrl,
): GitCredentials {
  const text = (key: string) => decode(name, key, data.get(key));
  for (const key of UNSUPPORTED_KEYS) {
    if (data.has(key)) throw refused(name, `its key "${key}" is not supported yet`);
  }
  if (scheme === "ssh") return { login: sshLogin(name, data, text) };
  const tls = tlsSettings(name, text);
  const login = httpLogin(name, text);
  if (login === undefined && tls === undefined) {
    throw refused(
      name,
      'it holds none of "username" with "password", "bearerToken", "ca.crt", "tls.crt" with "tls.key"',
    );
  }
  return { ...(login === undefined ? {} : { login }), ...(tls === undefined ? {} : { tls }) };
}

/** Keys that change how a connection is made: to overlook one would be to connect in another way than was asked. */
const UNSUPPORTED_KEYS = ["githubAppID", "githubAppPrivateKey"] as const;

type Text = (key: string) => string | undefined;

function sshLogin(
  name: string,
  data: ReadonlyMap<string, Uint8Array>,
  text: Text,
): NonNullable<GitCredentials["login"]> {
  const identity = text("identity");
  const knownHosts = text("known_hosts");
  if (identity === undefined || identity === "") throw refused(name, 'its key "identity" (the private key) is missing');
  if (knownHosts === undefined || knownHosts.trim() === "") {
    throw refused(name, 'its key "known_hosts" is missing, and a host that is not known is not trusted', [
      "ssh-keyscan HOST > known_hosts   # then compare the fingerprint with what the host publishes",
    ]);
  }
  if (data.has("password")) throw refused(name, 'a passphrase for the key ("password") is not supported yet');
  return { kind: "ssh", identity: identity.endsWith("\n") ? identity : `${identity}\n`, knownHosts };
}

function httpLogin(name: string, text: Text): GitCredentials["login"] {
  const token = text("bearerToken");
  if (token !== undefined) return { kind: "bearer", token: headerSafe(name, "bearerToken", token.trim()) };
  const username = text("username");
  const password = text("password");
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined || password === undefined) {
    throw refused(name, `its key "${username === undefined ? "username" : "password"}" is missing`);
  }
  if (username.includes(":")) throw refused(name, 'its "username" holds a colon');
  return { kind: "basic", username, password };
}

function tlsSettings(name: string, text: Text): GitCredentials["tls"] {
  const ca = text("ca.crt") ?? text("caFile");
  const certificate = text("tls.crt");
  const key = text("tls.key");
  if ((certificate === undefined) !== (key === undefined)) {
    throw refused(name, `its key "${certificate === undefined ? "tls.crt" : "tls.key"}" is missing`);
  }
  if (ca === undefined && certificate === undefined) return undefined;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined || key === undefined ? {} : { client: { certificate, key } }),
  };
}

/** A line break in a token would add a header of the Secret author's choice. */
function headerSafe(name: string, key: string, value: string): string {
  if (value === "" || /[^\u0021-\u007e]/.test(value)) throw refused(name, `its "${key}" is empty or not plain ASCII`);
  return value;
}

function decode(name: string, key: string, bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refused(name, `its key "${key}" is not UTF-8`);
  }
}

function refused(name: string, why: string, hints: readonly string[] = []): GitError {
  return new GitError("GIT_CREDENTIALS_REFUSED", `Cannot use Secret "${name}" for Git: ${why}`, { hints });
}
