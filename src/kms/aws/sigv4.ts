import { primitives } from "#primitives";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import type { HttpRequest } from "../http/message.ts";
import { canonicalRequest, compactTime, percentEncode, sha256Hex } from "../signing/canonical-request.ts";

/** What proves to AWS who asks. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** With credentials that end: of a role, a container, a machine. */
  readonly sessionToken?: string | undefined;
}

export interface SigningScope {
  /** `kms`, `sts`, `s3`. */
  readonly service: string;
  readonly region: string;
  readonly now: Date;
}

/**
 * The request with the headers of AWS Signature Version 4. All its headers are signed.
 *
 * Source: "Create a signed AWS API request" of the AWS IAM user guide.
 */
export function signV4(
  request: HttpRequest,
  credentials: AwsCredentials,
  { service, region, now }: SigningScope,
): HttpRequest {
  const time = compactTime(now);
  const bodyHash = sha256Hex(request.body ?? "");
  const headers = {
    ...request.headers,
    "x-amz-date": time,
    ...(credentials.sessionToken === undefined ? {} : { "x-amz-security-token": credentials.sessionToken }),
    // S3 takes the hash from a header, so that it can check a body that it has not read yet.
    ...(service === "s3" ? { "x-amz-content-sha256": bodyHash } : {}),
  };
  const { pathname } = request.url;
  // Everywhere but in S3 the path is encoded once more than it is sent.
  const path = service === "s3" ? pathname : pathname.split("/").map(percentEncode).join("/");
  const { text, signedHeaders } = canonicalRequest({
    ...{ method: request.method, url: request.url, path, headers, bodyHash },
  });
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256Hex(text)}`;
  const key = scope
    .split("/")
    .reduce((secret, part) => hmac(secret, part), encodeUtf8(`AWS4${credentials.secretAccessKey}`));
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, ` +
    `SignedHeaders=${signedHeaders}, Signature=${encodeHex(hmac(key, toSign))}`;
  return { ...request, headers: { ...headers, authorization } };
}

function hmac(key: Uint8Array, text: string): Uint8Array {
  return primitives.hmacSha256(key, encodeUtf8(text));
}
