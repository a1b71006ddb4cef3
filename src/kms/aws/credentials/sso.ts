import { encodeHex } from "../../../bytes/hex.ts";
import { encodeUtf8 } from "../../../bytes/utf8.ts";
import { exchange } from "../../http/exchange.ts";
import { jsonObject, textField } from "../../http/message.ts";
import type { KmsPorts } from "../../ports.ts";
import { isRegion } from "../endpoint.ts";
import { broken, found, type Lookup } from "./found.ts";
import type { Profile, SharedFiles } from "./shared-files.ts";
import { timeOf } from "./temporary.ts";

/**
 * Credentials of somebody who signed in with `aws sso login`: the token that it left in `~/.aws/sso/cache` is exchanged for
 * those of the profile's account and role. An ended token is not renewed here: `aws sso login` does that.
 *
 * Source: the AWS SDK reference guide, "IAM Identity Center credential provider"; the API reference of its portal.
 */
export async function ssoCredentials(
  ports: KmsPorts,
  files: SharedFiles,
  profile: Profile,
  where: string,
): Promise<Lookup> {
  const session = profile.get("sso_session");
  const settings = session === undefined ? profile : files.ssoSessions.get(session);
  if (settings === undefined) return broken(where, `there is no section [sso-session ${session}]`);
  const startUrl = settings.get("sso_start_url");
  const region = settings.get("sso_region");
  const account = profile.get("sso_account_id");
  const role = profile.get("sso_role_name");
  if (!startUrl || !region || !account || !role || !isRegion(region)) {
    return broken(where, "one of sso_start_url, sso_region, sso_account_id, sso_role_name is missing or malformed");
  }
  const hint = session === undefined ? "aws sso login" : `aws sso login --sso-session ${session}`;
  const token = await cachedToken(ports, session ?? startUrl);
  if (token === undefined) return broken(where, "nobody is signed in, or the sign-in has ended", { hint });

  const url = new URL(`https://portal.sso.${region}.amazonaws.com/federation/credentials`);
  url.searchParams.set("role_name", role);
  url.searchParams.set("account_id", account);
  const headers = { accept: "application/json", "x-amz-sso_bearer_token": token };
  const outcome = await exchange(ports, () => ({ method: "GET", url, headers }));
  if (outcome.kind === "failure") return broken(`${where} (${url.host})`, outcome.state);
  if (outcome.status === 401) return broken(where, "the sign-in is not taken any more", { hint });
  if (outcome.status !== 200) {
    return broken(where, `the sign-in portal does not give this role: HTTP status ${outcome.status}`);
  }
  const given = jsonObject(outcome)?.["roleCredentials"];
  const [accessKeyId, secretAccessKey] = [textField(given, "accessKeyId"), textField(given, "secretAccessKey")];
  if (!accessKeyId || !secretAccessKey) return broken(where, "what the sign-in portal answers holds no credentials");
  const sessionToken = textField(given, "sessionToken");
  return found({ accessKeyId, secretAccessKey, sessionToken, expires: endOf(given), where });
}

/** The token in the file that is called after the SHA-1 of the session's name, or of the start address. */
async function cachedToken(ports: KmsPorts, name: string): Promise<string | undefined> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", Uint8Array.from(encodeUtf8(name))));
  const body = await ports.readFile(`${ports.home}/.aws/sso/cache/${encodeHex(digest)}.json`);
  const object = body === undefined ? undefined : jsonObject({ body });
  const expires = timeOf(textField(object, "expiresAt"));
  const token = textField(object, "accessToken");
  return expires instanceof Date && expires > ports.now() && token && !/[\r\n]/.test(token) ? token : undefined;
}

/** `expiration` is in milliseconds since 1970. */
function endOf(given: unknown): Date | undefined {
  if (typeof given !== "object" || given === null || !("expiration" in given)) return undefined;
  const { expiration } = given;
  return typeof expiration === "number" && Number.isSafeInteger(expiration) ? new Date(expiration) : undefined;
}
