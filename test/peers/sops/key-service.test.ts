import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { answerWith, parseServiceAddress, remoteKeyService, type ServiceAddress } from "../../../src/kms/index.ts";
import { serviceCaller } from "../../../src/kms/remote/client-adapter.ts";
import { type CallServer, serveCalls } from "../../../src/kms/remote/server-adapter.ts";
import { pgpKeyService, systemPgpPorts } from "../../../src/pgp/index.ts";
import {
  type KeyService,
  KeyServiceError,
  type KeyType,
  loadKeyring,
  type MasterKey,
  readLocked,
} from "../../../src/sops/index.ts";
import { peer } from "../../helpers/peers.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { IDENTITY_A, KEYS_A, RECIPIENT_A } from "../../helpers/sops.ts";
import { original, workspace } from "./original.ts";

const folder = workspace();
const ends: (() => Promise<unknown>)[] = [];

afterAll(async () => {
  await Promise.all(ends.map((end) => end()));
  folder.end();
});

const ALONE = "--enable-local-keyservice=false";
const clear = "a: 1\nb: [x, 2.5]\n";

async function serve(
  keyring: Parameters<typeof answerWith>[0]["keyring"],
  network: "tcp" | "unix",
): Promise<{ address: string; server: CallServer }> {
  const address = network === "unix" ? join(folder.path, "ours.sock") : "127.0.0.1:0";
  const server = await serveCalls({ network, address }, answerWith({ keyring }));
  ends.push(() => server.close());
  return { address: `${network}://${server.service.address}`, server };
}

/** Starts the original as a server, and waits until it listens. */
async function serveOriginal(
  service: ServiceAddress,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly address: string; readonly child: ChildProcess }> {
  const { network, address } = service;
  const child = spawn(peer("sops"), ["keyservice", "--verbose", "--network", network, "--address", address], {
    cwd: folder.path,
    env: { HOME: join(folder.path, "no-home"), PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const closed = new Promise((done) => child.once("close", done));
  ends.push(async () => {
    child.kill();
    await closed;
  });
  let said = "";
  await new Promise<void>((done, failed) => {
    child.stderr.on("data", (part: Buffer) => {
      said += part.toString();
      if (said.includes("Listening on")) done();
    });
    child.on("error", failed);
    child.on("close", () => failed(new Error(said)));
  });
  return { address: `${network}://${address}`, child };
}

function file(name: string, text: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

describe("our key service and the original as its client", () => {
  test.each(["tcp", "unix"] as const)("encrypts and decrypts over %s", async (network) => {
    const { address } = await serve(loadKeyring(KEYS_A), network);
    const flags = [ALONE, "--keyservice", address];
    const made = await original(["encrypt", ...flags, "--age", RECIPIENT_A, file("a.yaml", clear)], {
      cwd: folder.path,
    });
    expect([made.code, made.stderr]).toEqual([0, ""]);
    const path = file("b.yaml", made.stdout);
    expect((await original(["decrypt", path], { cwd: folder.path, env: { SOPS_AGE_KEY: IDENTITY_A } })).code).toBe(0);
    const opened = await original(["decrypt", path], {
      cwd: folder.path,
      env: { SOPS_KEYSERVICE: address, SOPS_ENABLE_LOCAL_KEYSERVICE: "false" },
    });
    expect([opened.code, opened.stdout]).toEqual([0, "a: 1\nb:\n    - x\n    - 2.5\n"]);
  });

  test("hears of every kind of key with all its fields, and of refusals in our words", async () => {
    const heard: [string, MasterKey, string][] = [];
    const service: KeyService = {
      name: "recorder",
      async encrypt(key, dataKey) {
        heard.push(["encrypt", key, Buffer.from(dataKey).toString("hex")]);
        return `made for ${key.type}`;
      },
      async decrypt(key) {
        heard.push(["decrypt", key, ""]);
        throw new KeyServiceError("KEY_SERVICE_FAILED", "ours", { original: `no ${key.type} today` });
      },
    };
    const { address } = await serve({ servicesFor: () => [service], askFor: async () => false }, "tcp");
    const keys = [
      ["--kms", "arn:aws:kms:eu-west-1:123456789012:key/abc+arn:aws:iam::123456789012:role/x"],
      ["--encryption-context", "a:1,b:2", "--aws-profile", "prof"],
      ["--pgp", "85D77543B3D624B63CEA9E6DBC17301B491B3F21"],
      ["--gcp-kms", "projects/p/locations/l/keyRings/k/cryptoKeys/c"],
      ["--hckms", "eu-west-1:7b4a1d5e-0000-0000-0000-000000000000"],
      ["--azure-kv", "https://127.0.0.1:1/keys/name/version"],
      ["--hc-vault-transit", "http://127.0.0.1:1/v1/engine/path/keys/key-name"],
      ["--age", RECIPIENT_A],
    ].flat();
    const made = await original(["encrypt", ALONE, "--keyservice", address, ...keys, file("k.yaml", clear)], {
      cwd: folder.path,
    });
    expect([made.code, made.stderr]).toEqual([0, ""]);
    const [, , first] = heard[0] ?? [];
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(heard.map(([, , dataKey]) => dataKey)).size).toBe(1);
    const fields = new Map(heard.map(([, { type, fields: given }]) => [type, Object.fromEntries(given)]));
    expect(Object.fromEntries(fields)).toEqual({
      kms: {
        arn: "arn:aws:kms:eu-west-1:123456789012:key/abc",
        role: "arn:aws:iam::123456789012:role/x",
        context: new Map([
          ["a", "1"],
          ["b", "2"],
        ]),
        aws_profile: "prof",
      },
      pgp: { fp: "85D77543B3D624B63CEA9E6DBC17301B491B3F21" },
      gcp_kms: { resource_id: "projects/p/locations/l/keyRings/k/cryptoKeys/c" },
      hckms: { key_id: "eu-west-1:7b4a1d5e-0000-0000-0000-000000000000" },
      azure_kv: { vault_url: "https://127.0.0.1:1", name: "name", version: "version" },
      hc_vault: { vault_address: "http://127.0.0.1:1", engine_path: "engine/path", key_name: "key-name" },
      age: { recipient: RECIPIENT_A },
    });
    const locked = readLocked(Buffer.from(made.stdout), "yaml", {});
    expect(locked.metadata.keyGroups[0]?.map(({ type, fields: own }) => [type, own.get("enc")])).toEqual(
      expect.arrayContaining([...fields.keys()].map((type) => [type, `made for ${type}`])),
    );
    heard.length = 0;
    const opened = await original(["decrypt", ALONE, "--keyservice", address, file("l.yaml", made.stdout)], {
      cwd: folder.path,
    });
    expect(opened.code).toBe(128);
    expect(opened.stderr).toContain("    - | rpc error: code = Unknown desc = no age today\n");
    expect(heard.map(([, key]) => key.fields.get("enc")).sort()).toEqual(
      [...fields.keys()].map((type) => `made for ${type}`).sort(),
    );
  });
});

describe("the original's key service and our client", () => {
  test.each(["tcp", "unix"] as const)("encrypts and decrypts over %s", async (network) => {
    const at = network === "unix" ? join(folder.path, "theirs.sock") : `127.0.0.1:${await freePort()}`;
    const { address, child } = await serveOriginal({ network, address: at }, { SOPS_AGE_KEY: IDENTITY_A });
    const flags = [ALONE, "--keyservice", address];
    const made = await runCli(["sops", "encrypt", ...flags, "--age", RECIPIENT_A, "f.yaml"], {
      files: { "f.yaml": clear },
    });
    expect([made.code, made.stderr]).toEqual([0, ""]);
    const opened = await runCli(["sops", "decrypt", ...flags, "f.yaml"], { files: { "f.yaml": made.stdout } });
    expect([opened.code, opened.stdout]).toEqual([0, "a: 1\nb:\n    - x\n    - 2.5\n"]);
    const own = await original(["decrypt", file("own.yaml", made.stdout)], {
      cwd: folder.path,
      env: { SOPS_AGE_KEY: IDENTITY_A },
    });
    expect(own.stdout).toBe(opened.stdout);
    if (network === "unix") {
      const gone = new Promise((done) => child.once("close", done));
      child.kill("SIGTERM");
      await gone;
      expect(existsSync(at)).toBe(false);
    }
  });

  test("is understood for every kind of key: its errors and requests name the fields", async () => {
    const requests: { url: string; body: string; profile?: string }[] = [];
    const cloud = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        requests.push({ url: request.url ?? "", body: Buffer.concat(parts).toString() });
        response
          .writeHead(400, { "content-type": "application/json" })
          .end('{"error": {"code": 400, "message": "refused here"}}');
      });
    }).listen(0, "127.0.0.1");
    ends.push(async () => void cloud.close());
    await new Promise((done) => cloud.once("listening", done));
    const endpoint = `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`;
    const at = { network: "tcp", address: `127.0.0.1:${await freePort()}` } as const;
    const { address } = await serveOriginal(at, {
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "example",
      AWS_MAX_ATTEMPTS: "1",
      AWS_ENDPOINT_URL: endpoint,
      GOOGLE_OAUTH_ACCESS_TOKEN: "example",
      SOPS_GCP_KMS_CLIENT_TYPE: "rest",
      SOPS_GCP_KMS_ENDPOINT: endpoint,
      VAULT_TOKEN: "example",
      VAULT_MAX_RETRIES: "0",
    });
    const parsed = parseServiceAddress(address);
    if (parsed === undefined) throw new Error(address);
    const service = remoteKeyService(parsed, serviceCaller(parsed));
    const say = async (
      type: KeyType,
      fields: Record<string, string | ReadonlyMap<string, string>>,
    ): Promise<string> => {
      const key: MasterKey = { type, fields: new Map(Object.entries(fields)) };
      requests.length = 0;
      const error = await service.encrypt(key, Buffer.alloc(32)).catch((reason: unknown) => reason);
      return `${error instanceof KeyServiceError ? error.original : String(error)} ${JSON.stringify(requests)}`;
    };
    const arn = "arn:aws:kms:eu-west-1:123456789012:key/abc";
    const context = new Map([["purpose", "test"]]);
    const kms = await say("kms", { arn, role: "", context, aws_profile: "" });
    expect(kms).toContain(arn);
    expect(kms).toContain('{\\"purpose\\":\\"test\\"}');
    expect(await say("kms", { arn, role: "", context, aws_profile: "prof" })).toContain("profile, prof");
    expect(await say("kms", { arn, role: "arn:aws:iam::1:role/x", context, aws_profile: "" })).toMatch(
      /AssumeRole.*role%2Fx/,
    );
    expect(await say("pgp", { fp: "ABCDEF" })).toContain("'ABCDEF'");
    expect(await say("gcp_kms", { resource_id: "projects/p/locations/l/keyRings/k/cryptoKeys/c" })).toContain(
      "/v1/projects/p/locations/l/keyRings/k/cryptoKeys/c:encrypt",
    );
    expect(await say("hc_vault", { vault_address: endpoint, engine_path: "e/p", key_name: "k" })).toContain(
      "/v1/e/p/encrypt/k",
    );
    expect(await say("hckms", { key_id: "no-colon" })).toContain("no-colon");
    expect(await say("age", { recipient: "age1none" })).toContain('"age1none"');
  });

  test("PGP keys of gpg, in both directions", async () => {
    const home = join(folder.path, "gnupg");
    mkdirSync(home, { mode: 0o700 });
    const gpg = (...args: readonly string[]) =>
      spawnSync(peer("gpg"), ["--homedir", home, "--batch", "--quiet", ...args], { encoding: "utf8" }).stdout;
    ends.push(async () => void spawnSync("gpgconf", ["--homedir", home, "--kill", "gpg-agent"]));
    gpg("--passphrase", "", "--quick-gen-key", "one <one@example.com>", "rsa2048", "default", "never");
    const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(gpg("--list-keys", "--with-colons"))?.[1] ?? "";
    gpg("--passphrase", "", "--quick-add-key", fingerprint, "rsa2048", "encr", "never");
    const env = { GNUPGHOME: home, PATH: process.env["PATH"] ?? "" };
    const path = file("pgp.yaml", clear);
    const sealed = join(folder.path, "pgp.enc.yaml");

    const port = await freePort();
    const { address } = await serveOriginal({ network: "tcp", address: `127.0.0.1:${port}` }, env);
    const flags = [ALONE, "--keyservice", address];
    const made = await runCli(["sops", "encrypt", ...flags, "--pgp", fingerprint, path], { cwd: folder.path });
    expect([made.code, made.stderr]).toEqual([0, ""]);
    writeFileSync(sealed, made.stdout);
    const opened = await runCli(["sops", "decrypt", ...flags, sealed], { cwd: folder.path });
    expect([opened.code, opened.stdout]).toEqual([0, "a: 1\nb:\n    - x\n    - 2.5\n"]);

    const service = pgpKeyService(systemPgpPorts({ env }));
    const ours = await serve(loadKeyring([], { services: new Map([["pgp", service]]) }), "tcp");
    const theirFlags = [ALONE, "--keyservice", ours.address];
    const again = await original(["encrypt", ...theirFlags, "--pgp", fingerprint, path], { cwd: folder.path });
    expect([again.code, again.stderr]).toEqual([0, ""]);
    writeFileSync(sealed, again.stdout);
    const read = await original(["decrypt", ...theirFlags, sealed], { cwd: folder.path });
    expect([read.code, read.stdout]).toEqual([0, opened.stdout]);
  });

  test("where nobody listens both clients say the same", async () => {
    const port = await freePort();
    const made = await original(["encrypt", "--age", RECIPIENT_A, file("n.yaml", clear)], { cwd: folder.path });
    const path = file("o.yaml", made.stdout);
    for (const address of [`tcp://127.0.0.1:${port}`, `unix://${folder.path}/none.sock`]) {
      const flags = ["decrypt", ALONE, "--keyservice", address, path];
      const theirs = await original(flags, { cwd: folder.path });
      const ours = await runCli(["sops", ...flags], { cwd: folder.path });
      expect(ours.code).toBe(theirs.code);
      expect(ours.stderr.slice(0, theirs.stderr.length)).toBe(theirs.stderr);
    }
    expect(readFileSync(path, "utf8")).toBe(made.stdout);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
