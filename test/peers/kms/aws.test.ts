import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ALICE, type FakeAws, startAws } from "../../helpers/fakes/aws.ts";
import { fakeKmsKey } from "../../helpers/fakes/aws-kms.ts";
import { answerEcs, answerImds } from "../../helpers/fakes/aws-metadata.ts";
import { type RawServer, startRawServer } from "../../helpers/fakes/raw-server.ts";
import { runPeer } from "../../helpers/peer-cli.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { type BothWays, expectBothWays, expectSameFailure } from "./both-ways.ts";

const ARN = fakeKmsKey().arn;
const ROLE = "arn:aws:iam::111122223333:role/sops";
const KEYS = { AWS_ACCESS_KEY_ID: ALICE.accessKeyId, AWS_SECRET_ACCESS_KEY: ALICE.secretAccessKey };

const MACHINE = {
  accessKeyId: "ASIAMACHINE",
  secretAccessKey: "machine-secret",
  sessionToken: "machine-session",
  arn: "arn:aws:sts::111122223333:assumed-role/app-role/i-0abc",
};

let aws: FakeAws & RawServer;
let metadata: RawServer;
let folder: string;
let base: Record<string, string>;

beforeAll(async () => {
  aws = await startAws();
  aws.roles.push({ arn: ROLE, trusts: [ALICE.arn] });
  aws.principals.push(MACHINE);
  const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token } = MACHINE;
  const Expiration = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, "");
  const credentials = { AccessKeyId, SecretAccessKey, Token, Expiration };
  const imds = answerImds("role", credentials);
  const agent = answerEcs("/agent", "agent-token", credentials);
  metadata = await startRawServer((request) => (request.target === "/agent" ? agent : imds)(request));
  folder = mkdtempSync(join(tmpdir(), "sealkit-aws-"));
  const keys = `aws_access_key_id = ${ALICE.accessKeyId}\naws_secret_access_key = ${ALICE.secretAccessKey}\n`;
  writeFileSync(join(folder, "credentials"), `[default]\n${keys}[team]\n${keys}`);
  const withCode = `[profile code]\nrole_arn = ${ROLE}\nsource_profile = team\nmfa_serial = arn:aws:iam::111122223333:mfa/a\n`;
  writeFileSync(join(folder, "config"), `[profile admin]\nregion = us-west-2\n${withCode}`);
  base = {
    AWS_ENDPOINT_URL: aws.url,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: join(folder, "config"),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
  };
});
afterAll(async () => {
  await Promise.all([aws.close(), metadata.close()]);
  rmSync(folder, { recursive: true, force: true });
});

describe("AWS KMS, both ways with sops", () => {
  test.each<BothWays>([
    { name: "keys of the environment", flags: ["--kms", ARN], env: KEYS, type: "kms" },
    { name: "the profile default", flags: ["--kms", ARN], type: "kms" },
    { name: "a profile of the environment", flags: ["--kms", ARN], env: { AWS_PROFILE: "team" }, type: "kms" },
    { name: "a profile in the file", flags: ["--kms", ARN, "--aws-profile", "team"], type: "kms", holds: ["team"] },
    {
      name: "a context",
      flags: ["--kms", ARN, "--encryption-context", "app:web,stage:prod"],
      env: KEYS,
      type: "kms",
      holds: ["context", "stage"],
    },
    { name: "a role", flags: ["--kms", `${ARN}+${ROLE}`], env: KEYS, type: "kms", holds: [ROLE] },
    {
      name: "a role with a context",
      flags: ["--kms", `${ARN}+${ROLE}`, "--encryption-context", "app:web"],
      env: KEYS,
      type: "kms",
      holds: [ROLE, "app"],
    },
    { name: "a key twice", flags: ["--kms", `${ARN},${ARN}`], env: KEYS, type: "kms" },
  ])("$name", async ({ env = {}, ...row }) => {
    await expectBothWays({ ...row, env: { ...base, ...env } });
  });

  test.each<{ name: string; env: () => Record<string, string> }>([
    {
      name: "the container's agent",
      env: () => ({
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata.url}/agent`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: "agent-token",
      }),
    },
    {
      name: "the machine's metadata service",
      env: () => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url, AWS_EC2_METADATA_DISABLED: "false" }),
    },
    {
      name: "a program that prints them",
      env: () => ({ AWS_PROFILE: "printed" }),
    },
  ])("credentials of $name", async ({ name, env }) => {
    const printed = { Version: 1, AccessKeyId: ALICE.accessKeyId, SecretAccessKey: ALICE.secretAccessKey };
    writeFileSync(join(folder, "printed.json"), JSON.stringify(printed));
    const config = join(folder, "config-alone");
    writeFileSync(config, `[profile printed]\ncredential_process = cat "${join(folder, "printed.json")}"\n`);
    const alone = { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: join(folder, "none"), PATH: "/usr/bin:/bin" };
    await expectBothWays({ name, flags: ["--kms", ARN], env: { ...base, ...alone, ...env() }, type: "kms" });
  });

  test("a role is taken under the same name", async () => {
    const from = aws.requests.length;
    const env = { ...base, ...KEYS };
    const encrypt = ["encrypt", "--kms", `${ARN}+${ROLE}`, "a.json"];
    await runPeer("sops", encrypt, { files: { "a.json": "{}" }, env });
    await runCli(["sops", ...encrypt], { files: { "a.json": "{}" }, env });
    const sessions = aws.requests.slice(from).flatMap(({ body }) => {
      const name = new URLSearchParams(body.toString()).get("RoleSessionName");
      return name === null ? [] : [name];
    });
    expect(sessions).toHaveLength(2);
    expect(new Set(sessions).size).toBe(1);
  });
});

describe("AWS KMS, failures as of sops", () => {
  let file: string;
  beforeAll(async () => {
    const encrypted = await runCli(["sops", "encrypt", "--kms", ARN, "--encryption-context", "a:1", "a.yaml"], {
      files: { "a.yaml": "a: 1\n" },
      env: { ...base, ...KEYS },
    });
    file = encrypted.stdout;
  });

  test.each<{ name: string; env?: Record<string, string>; change?: (file: string) => string; says: string }>([
    {
      name: "a wrong secret key",
      env: { ...KEYS, AWS_SECRET_ACCESS_KEY: "wrong" },
      says: "failed to decrypt sops data key with AWS KMS: operation error KMS: Decrypt, https response error StatusCode: 400, RequestID: 00000000-0000-4000-8000-000000000000, api error InvalidSignatureException: The request signature we calculated does not match the signature you provided.",
    },
    {
      name: "an unknown access key",
      env: { ...KEYS, AWS_ACCESS_KEY_ID: "AKIANOBODY" },
      says: "api error UnrecognizedClientException: The security token included in the request is invalid.",
    },
    {
      name: "another context",
      env: KEYS,
      change: (text) => text.replace('a: "1"', 'a: "2"'),
      says: "RequestID: 00000000-0000-4000-8000-000000000000, InvalidCiphertextException:",
    },
    {
      name: "another key",
      env: KEYS,
      change: (text) => text.replace("1234abcd", "9999abcd"),
      says: "NotFoundException: Key 'arn:aws:kms:eu-central-1:111122223333:key/9999abcd-12ab-34cd-56ef-1234567890ab' does not exist",
    },
    {
      name: "no ARN",
      env: KEYS,
      change: (text) => text.replace("arn:aws:kms", "arn:xx:kms"),
      says: "no valid ARN found in 'arn:xx:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'",
    },
    {
      name: "a host for a region",
      env: KEYS,
      change: (text) => text.replace("eu-central-1", "evil.example/x"),
      says: "invalid input region evil.example/x",
    },
    {
      name: "a profile that is not there",
      env: { AWS_PROFILE: "nope" },
      says: "could not load AWS config: failed to get shared config profile, nope",
    },
    {
      name: "a profile whose role wants a code",
      env: { AWS_PROFILE: "code" },
      says: "assume role with MFA enabled, but AssumeRoleTokenProvider session option not set.",
    },
    {
      name: "a role that may not be taken",
      env: KEYS,
      change: (text) => text.replace("aws_profile:", `role: ${ROLE}-2\n          aws_profile:`),
      says: `failed to assume role '${ROLE}-2': operation error STS: AssumeRole, https response error StatusCode: 403, RequestID: c6104cbe, api error AccessDenied: User: ${ALICE.arn} is not authorized to perform: sts:AssumeRole on resource: ${ROLE}-2`,
    },
  ])("$name", async ({ env = {}, change = (text) => text, says }) => {
    const changed = change(file);
    expect(change === undefined || changed !== "").toBe(true);
    await expectSameFailure(changed, { ...base, ...env }, says);
  });
});
