import { verify } from "node:crypto";

/** What a token of a ServiceAccount says, as whoever trusts the cluster's keys reads it. */
export interface AccountToken {
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly lifetimeS: number;
}

/** Checks a token as a cloud does that knows only the public key of the cluster; undefined for what the cluster did not sign. */
export function accountToken(token: string, publicKey: string): AccountToken | undefined {
  const [head = "", body = "", signature = ""] = token.split(".");
  const bytes = Buffer.from(`${head}.${body}`);
  if (!verify("sha256", bytes, publicKey, Buffer.from(signature, "base64url"))) return undefined;
  const claims = JSON.parse(Buffer.from(body, "base64url").toString("utf8"));
  return { subject: claims.sub, audiences: claims.aud, lifetimeS: claims.exp - claims.iat };
}
