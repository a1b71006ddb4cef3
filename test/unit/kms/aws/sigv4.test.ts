import { AwsV4Signer } from "aws4fetch";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { signV4 } from "../../../../src/kms/aws/sigv4.ts";
import type { HttpRequest } from "../../../../src/kms/http/message.ts";
import { compactTime } from "../../../../src/kms/signing/canonical-request.ts";

const S3_USER = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const IAM_USER = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const MAY_2013 = new Date("2013-05-24T00:00:00Z");
const bucket = (path: string) => new URL(`https://examplebucket.s3.amazonaws.com${path}`);

describe("signV4() gives the signatures of the examples that AWS publishes", () => {
  test.each([
    {
      name: "IAM, ListUsers",
      request: {
        method: "GET",
        url: new URL("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"),
        headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
      },
      user: IAM_USER,
      scope: { service: "iam", region: "us-east-1", now: new Date("2015-08-30T12:36:00Z") },
      signature: "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    },
    {
      name: "S3, an object from the middle",
      request: { method: "GET", url: bucket("/test.txt"), headers: { range: "bytes=0-9" } },
      user: S3_USER,
      scope: { service: "s3", region: "us-east-1", now: MAY_2013 },
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    },
    {
      name: "S3, an object is put",
      request: {
        method: "PUT",
        url: bucket("/test%24file.text"),
        headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
        body: "Welcome to Amazon S3.",
      },
      user: S3_USER,
      scope: { service: "s3", region: "us-east-1", now: MAY_2013 },
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    },
    {
      name: "S3, a query without a value",
      request: { method: "GET", url: bucket("/?lifecycle"), headers: {} },
      user: S3_USER,
      scope: { service: "s3", region: "us-east-1", now: MAY_2013 },
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    },
    {
      name: "S3, a query of two",
      request: { method: "GET", url: bucket("/?max-keys=2&prefix=J"), headers: {} },
      user: S3_USER,
      scope: { service: "s3", region: "us-east-1", now: MAY_2013 },
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    },
  ])("$name", ({ request, user, scope, signature }) => {
    const { headers } = signV4(request as HttpRequest, user, scope);
    expect(headers["authorization"]).toContain(`Credential=${user.accessKeyId}/${compactTime(scope.now).slice(0, 8)}/`);
    expect(headers["authorization"]).toMatch(new RegExp(`Signature=${signature}$`));
  });
});

test("signV4() agrees with aws4fetch", async () => {
  const text = fc.string({ unit: "grapheme", maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        path: fc.array(text, { maxLength: 3 }),
        query: fc.uniqueArray(
          fc.tuple(
            text.filter((name) => name !== ""),
            text,
          ),
          { maxLength: 3, selector: ([n]) => n },
        ),
        body: fc.string(),
        token: fc.string({ unit: fc.constantFrom(..."0123abcd"), minLength: 4 }),
        service: fc.constantFrom("kms", "sts"),
      }),
      async ({ path, query, body, token, service }) => {
        const url = new URL(`https://kms.eu-central-1.amazonaws.com/${path.map(encodeURIComponent).join("/")}`);
        fc.pre(!url.pathname.includes("//"));
        for (const [name, value] of query) url.searchParams.append(name, value);
        const now = new Date("2026-11-21T10:11:12.345Z");
        const user = { ...S3_USER, sessionToken: token };
        const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "TrentService.Encrypt" };
        const ours = signV4({ method: "POST", url, headers, body }, user, { service, region: "eu-central-1", now });
        const signer = new AwsV4Signer({
          ...{ method: "POST", url: url.href, headers, body, service, region: "eu-central-1", allHeaders: true },
          ...{ accessKeyId: user.accessKeyId, secretAccessKey: user.secretAccessKey, datetime: compactTime(now) },
          sessionToken: token,
        });
        const theirs = await signer.sign();
        expect(ours.headers["authorization"]).toBe(theirs.headers.get("authorization"));
      },
    ),
    { numRuns: 100, seed: 7 },
  );
});
