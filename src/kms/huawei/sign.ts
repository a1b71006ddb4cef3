import { primitives } from "#primitives";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import type { HttpRequest } from "../http/message.ts";
import { canonicalRequest, compactTime, percentEncode, sha256Hex } from "../signing/canonical-request.ts";

/** What proves to Huawei Cloud who asks: an access key (AK) and its secret (SK). */
export interface HuaweiCredentials {
  readonly ak: string;
  readonly sk: string;
  /** With credentials that end. */
  readonly securityToken?: string | undefined;
}

const ALGORITHM = "SDK-HMAC-SHA256";

/**
 * The request with the headers of the AK/SK signature. All headers but the content type are signed.
 *
 * Source: "API Request Signing Guide" of Huawei Cloud.
 */
export function signHuawei(request: HttpRequest, { ak, sk, securityToken }: HuaweiCredentials, now: Date): HttpRequest {
  const time = compactTime(now);
  const headers = {
    ...request.headers,
    "x-sdk-date": time,
    ...(securityToken === undefined ? {} : { "x-security-token": securityToken }),
  };
  const toSign = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "content-type"));
  // The path is signed with a slash at its end, whether it is sent with one or not.
  const path = `${request.url.pathname.split("/").map(decoded).map(percentEncode).join("/")}/`.replace(/\/\/$/, "/");
  const { text, signedHeaders } = canonicalRequest({
    ...{ method: request.method, url: request.url, path, headers: toSign, bodyHash: sha256Hex(request.body ?? "") },
  });
  const message = `${ALGORITHM}\n${time}\n${sha256Hex(text)}`;
  const signature = encodeHex(primitives.hmacSha256(encodeUtf8(sk), encodeUtf8(message)));
  const authorization = `${ALGORITHM} Access=${ak}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  return { ...request, headers: { ...headers, authorization } };
}

function decoded(part: string): string {
  return decodeURIComponent(part);
}
