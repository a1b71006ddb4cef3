import { createPublicKey, sign, verify } from "node:crypto";
import { parseJsonObject } from "../http/body.ts";
import { numberAt, textAt } from "../object.ts";
import type { World } from "../world.ts";
import { accountGroups, type User } from "./user.ts";

export const ISSUER = "https://kubernetes.default.svc";

export interface TokenSubject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A JWT for a service account, ES256, signed with this sandbox's key. */
export function serviceAccountToken(
  world: World,
  subject: TokenSubject,
  options: { audiences: readonly string[]; expiresAt: number },
): string {
  const issued = Math.floor(world.now() / 1000);
  const claims = {
    aud: options.audiences,
    exp: Math.floor(options.expiresAt / 1000),
    iat: issued,
    iss: ISSUER,
    jti: world.uuid(),
    "kubernetes.io": { namespace: subject.namespace, serviceaccount: { name: subject.name, uid: subject.uid } },
    nbf: issued,
    sub: `system:serviceaccount:${subject.namespace}:${subject.name}`,
  };
  const signed = `${part({ alg: "ES256", kid: "sandbox" })}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key: world.signingKey, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The service account behind a token of this sandbox, while token and account are alive; otherwise undefined. */
export function serviceAccountUser(token: string, world: World): User | undefined {
  const [header, payload, signature, more] = token.split(".");
  if (header === undefined || payload === undefined || signature === undefined || more !== undefined) return undefined;
  const key = { key: createPublicKey(world.signingKey), dsaEncoding: "ieee-p1363" as const };
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify("sha256", signed, key, Buffer.from(signature, "base64url"))) return undefined;
  const claims = parseJsonObject(Buffer.from(payload, "base64url").toString("utf8"));
  const namespace = textAt(claims, "kubernetes.io", "namespace");
  const name = textAt(claims, "kubernetes.io", "serviceaccount", "name");
  const uid = textAt(claims, "kubernetes.io", "serviceaccount", "uid");
  if ((numberAt(claims, "exp") ?? 0) * 1000 <= world.now()) return undefined;
  if (world.store.get("/serviceaccounts", `${namespace}/${name}`)?.metadata.uid !== uid) return undefined;
  const user = `system:serviceaccount:${namespace}:${name}`;
  return { name: user, uid, groups: accountGroups(user), extra: {} };
}
