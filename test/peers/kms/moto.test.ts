import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signV4 } from "../../../src/kms/aws/sigv4.ts";
import { exchange } from "../../../src/kms/http/exchange.ts";
import { type HttpRequest, jsonObject } from "../../../src/kms/http/message.ts";
import { awsKms, getObject, putObject } from "../../../src/kms/index.ts";
import { systemPorts } from "../../../src/kms/ports-adapter.ts";
import { peer } from "../../helpers/peers.ts";
import { type Running, startProcess, until } from "../../helpers/process.ts";
import { expectBothWays } from "./both-ways.ts";

const REGION = "eu-central-1";
const USER = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "moto-takes-any-secret" };
const ROLE = "arn:aws:iam::123456789012:role/sops";

let moto: Running;
let folder: string;
let env: Record<string, string>;
let arn: string;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function ask(service: "kms" | "s3", request: Omit<HttpRequest, "url">, path = "/"): Promise<unknown> {
  const url = new URL(path, env["AWS_ENDPOINT_URL"]);
  const makeRequest = () => signV4({ ...request, url }, USER, { service, region: REGION, now: new Date() });
  const outcome = await exchange(systemPorts({ env: {} }), makeRequest);
  if (outcome.kind === "failure" || outcome.status !== 200) throw new Error(`moto refuses: ${JSON.stringify(outcome)}`);
  return jsonObject(outcome);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sealkit-moto-"));
  const port = await freePort();
  env = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: USER.accessKeyId,
    AWS_SECRET_ACCESS_KEY: USER.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_REGION: REGION,
  };
  moto = startProcess([peer("moto"), "-H", "127.0.0.1", "-p", String(port)], { log: join(folder, "moto.log") });
  await until(
    "moto answers",
    async () => (await fetch(`${env["AWS_ENDPOINT_URL"]}/moto-api/`).catch(() => undefined))?.ok === true,
    {
      why: () => moto.tail(),
    },
  );
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "TrentService.CreateKey" };
  const made = await ask("kms", { method: "POST", headers, body: "{}" });
  arn = /"Arn":"([^"]+)"/.exec(JSON.stringify(made))?.[1] ?? "";
  await ask(
    "s3",
    {
      method: "PUT",
      headers: { "content-type": "application/xml" },
      body: `<CreateBucketConfiguration><LocationConstraint>${REGION}</LocationConstraint></CreateBucketConfiguration>`,
    },
    "/deploy",
  );
});
afterAll(async () => {
  await moto?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("moto", () => {
  test.each([
    { name: "a key", more: () => [] },
    { name: "a context", more: () => ["--encryption-context", "app:web,stage:prod"] },
  ])("KMS with $name: what we encrypt sops decrypts, and back", async ({ name, more }) => {
    await expectBothWays({ name, flags: ["--kms", arn, ...more()], env, type: "kms", holds: [arn] });
  });

  test("KMS with a role of STS", async () => {
    await expectBothWays({ name: "role", flags: ["--kms", `${arn}+${ROLE}`], env, type: "kms", holds: [ROLE] });
  });

  test("another context does not decrypt", async () => {
    const service = awsKms(systemPorts({ env }));
    const key = (context: string, enc = "") => ({
      type: "kms" as const,
      fields: new Map<string, string | ReadonlyMap<string, string>>([
        ["arn", arn],
        ["context", new Map([["app", context]])],
        ["enc", enc],
      ]),
    });
    const enc = await service.encrypt(key("web"), new Uint8Array(32));
    expect(await service.decrypt(key("web", enc))).toEqual(new Uint8Array(32));
    await expect(service.decrypt(key("api", enc))).rejects.toMatchObject({ code: "KEY_SERVICE_BAD_DATA" });
  });

  test("S3 keeps what is put and gives it back", async () => {
    const ports = systemPorts({ env });
    const body = new TextEncoder().encode("ENC[…]\n".repeat(1000));
    for (const key of ["prod/db.yaml", "a b+ü/(1)~'.yaml"]) {
      expect(await getObject(ports, { bucket: "deploy", key })).toBeUndefined();
      await putObject(ports, { bucket: "deploy", key }, body, { contentType: "application/yaml" });
      expect(await getObject(ports, { bucket: "deploy", key })).toEqual(body);
    }
    await expect(putObject(ports, { bucket: "missing", key: "k" }, body)).rejects.toMatchObject({
      code: "KEY_SERVICE_MISSING_KEY",
    });
  });
});
