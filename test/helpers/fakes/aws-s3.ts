import type { RawAnswer, RawRequest } from "./raw-server.ts";
import { checkSigV4, type Principal } from "./sigv4-check.ts";

/** Objects by key. */
export type FakeBucket = Map<string, { readonly body: Buffer; readonly headers: ReadonlyMap<string, string> }>;

export interface FakeS3 {
  readonly buckets: ReadonlyMap<string, FakeBucket>;
  readonly principals: readonly Principal[];
  readonly nowMs: () => number;
  readonly region: string;
}

/** S3 as a strict fake, buckets in the path: objects are put, got and looked at. */
export function answerS3(request: RawRequest, { buckets, principals, nowMs, region }: FakeS3): RawAnswer {
  const verdict = checkSigV4(request, principals, { service: "s3", nowMs: nowMs() });
  if ("error" in verdict) return failed(403, S3_CODES[verdict.error] ?? verdict.error, nowMs);
  if (verdict.region !== region) return failed(400, "AuthorizationHeaderMalformed", nowMs);
  const [path = "", query = ""] = request.target.split("?");
  if (query !== "" && query !== "x-id=PutObject" && query !== "x-id=GetObject")
    return failed(400, "InvalidArgument", nowMs);
  const [, bucketName = "", ...rest] = path.split("/").map(decodeURIComponent);
  const bucket = buckets.get(bucketName);
  if (bucket === undefined) return failed(404, "NoSuchBucket", nowMs);
  const key = rest.join("/");
  if (request.method === "PUT") {
    if (request.headers.get("content-length") !== String(request.body.length))
      return failed(411, "MissingContentLength", nowMs);
    bucket.set(key, { body: request.body, headers: request.headers });
    return { status: 200, headers: { etag: '"0"' } };
  }
  const object = bucket.get(key);
  if (object === undefined) return failed(404, "NoSuchKey", nowMs);
  return request.method === "GET" ? { status: 200, body: object.body } : failed(405, "MethodNotAllowed", nowMs);
}

const S3_CODES: Readonly<Record<string, string>> = {
  InvalidSignature: "SignatureDoesNotMatch",
  UnrecognizedClient: "InvalidAccessKeyId",
  IncompleteSignature: "AuthorizationHeaderMalformed",
};

function failed(status: number, code: string, nowMs: () => number): RawAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>no</Message></Error>`;
  return { status, headers: { "content-type": "application/xml", date: new Date(nowMs()).toUTCString() }, body };
}
