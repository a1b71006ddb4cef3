import type { HttpAnswer } from "../../http/message.ts";
import { jsonObject, textField } from "../../http/message.ts";
import { broken, found, type Lookup } from "./found.ts";

/**
 * Credentials as containers, machines and programs hand them out: a JSON object with `AccessKeyId`, `SecretAccessKey`,
 * `Token` or `SessionToken`, and `Expiration`.
 */
export function temporaryCredentials(answer: Pick<HttpAnswer, "body">, where: string): Lookup {
  const object = jsonObject(answer);
  const accessKeyId = textField(object, "AccessKeyId");
  const secretAccessKey = textField(object, "SecretAccessKey");
  if (!accessKeyId || !secretAccessKey) return broken(where, "what it answers holds no credentials");
  const sessionToken = textField(object, "Token") ?? textField(object, "SessionToken");
  const expires = timeOf(textField(object, "Expiration"));
  if (expires === "unreadable") return broken(where, "the time at which its credentials end is malformed");
  return found({ accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined, expires, where });
}

/** A time in RFC 3339; undefined when there is none. */
export function timeOf(text: string | undefined): Date | undefined | "unreadable" {
  if (text === undefined || text === "") return undefined;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? "unreadable" : time;
}
