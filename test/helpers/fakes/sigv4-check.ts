import { createHash, createHmac } from "node:crypto";
import type { RawRequest } from "./raw-server.ts";

/** Somebody whom the fake services know. */
export interface Principal {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** `arn:aws:iam::111122223333:user/alice`, `arn:aws:sts::…:assumed-role/…`. */
  readonly arn: string;
  readonly expiresMs?: number;
}

export type SignatureVerdict =
  | { readonly principal: Principal; readonly region: string }
  | { readonly error: string; readonly message: string };

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

/**
 * Checks a request as AWS does, from what came over the wire and nothing else: who, when, where, every `x-amz-` header
 * signed, and the signature computed anew.
 */
export function checkSigV4(
  request: RawRequest,
  known: readonly Principal[],
  { service, nowMs }: { readonly service: string; readonly nowMs: number },
): SignatureVerdict {
  const match = AUTHORIZATION.exec(request.headers.get("authorization") ?? "");
  if (match === null) return refused("IncompleteSignature", "Authorization header is missing or malformed");
  const [, keyId = "", day = "", region = "", scopedService = "", signed = "", signature = ""] = match;
  const principal = known.find(({ accessKeyId }) => accessKeyId === keyId);
  if (principal === undefined)
    return refused("UnrecognizedClient", "The security token included in the request is invalid.");
  const token = request.headers.get("x-amz-security-token");
  if (token !== principal.sessionToken) {
    return refused("UnrecognizedClient", "The security token included in the request is invalid.");
  }
  const time = request.headers.get("x-amz-date") ?? "";
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time);
  if (parts === null || !time.startsWith(day))
    return refused("IncompleteSignature", "Date in Credential scope does not match");
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = parts.slice(1).map(Number);
  const sentMs = Date.UTC(y, mo - 1, d, h, mi, s);
  if (Math.abs(sentMs - nowMs) > 5 * 60_000) {
    return refused("InvalidSignature", `Signature expired: ${time} is now earlier than what is allowed`);
  }
  if (principal.expiresMs !== undefined && principal.expiresMs < nowMs) {
    return refused("ExpiredToken", "The security token included in the request is expired");
  }
  if (scopedService !== service)
    return refused("InvalidSignature", `Credential should be scoped to correct service: '${service}'.`);
  const names = signed.split(";");
  if (names.join() !== [...new Set(names)].sort().join())
    return refused("InvalidSignature", "SignedHeaders are not sorted");
  const mustBeSigned = ["host", ...[...request.headers.keys()].filter((name) => name.startsWith("x-amz-"))];
  const missing = mustBeSigned.find((name) => !names.includes(name));
  if (missing !== undefined) return refused("InvalidSignature", `'${missing}' must be a 'SignedHeader'`);
  const bodyHash = createHash("sha256").update(request.body).digest("hex");
  const claimed = request.headers.get("x-amz-content-sha256");
  if (service === "s3" && claimed !== bodyHash)
    return refused("XAmzContentSHA256Mismatch", "the body has another hash");

  const [path = "", query = ""] = request.target.split("?");
  const canonical = [
    request.method,
    service === "s3" ? path : encodeURI(path),
    query
      .split("&")
      .filter((pair) => pair !== "")
      .map((pair) => (pair.includes("=") ? pair : `${pair}=`))
      .sort()
      .join("&"),
    ...names.map((name) => `${name}:${(request.headers.get(name) ?? "").trim().replace(/ +/g, " ")}`),
    "",
    signed,
    claimed ?? bodyHash,
  ].join("\n");
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${day}/${region}/${service}/aws4_request\n${createHash("sha256").update(canonical).digest("hex")}`;
  let key: Buffer = Buffer.from(`AWS4${principal.secretAccessKey}`);
  for (const part of [day, region, service, "aws4_request"]) key = createHmac("sha256", key).update(part).digest();
  if (createHmac("sha256", key).update(toSign).digest("hex") !== signature) {
    return refused(
      "InvalidSignature",
      "The request signature we calculated does not match the signature you provided.",
    );
  }
  return { principal, region };
}

function refused(error: string, message: string): SignatureVerdict {
  return { error, message };
}
