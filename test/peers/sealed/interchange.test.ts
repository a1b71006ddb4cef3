import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KubeObject } from "../../../src/objects/index.ts";
import { Keyring, SCOPES, type Scope, scopeLabel, sealItem } from "../../../src/sealed/index.ts";
import { decodeSecret, type Secret, sealSecret, secretManifest, unsealSecret } from "../../../src/secrets/index.ts";
import type { SealingKeyPair } from "../../../src/x509/index.ts";
import { peer } from "../../helpers/peers.ts";
import { makeSealingKey, unsealingKey } from "../../helpers/sealing-keys.ts";

/** What we seal is opened by kubeseal, and the other way round. */

interface Case {
  readonly name: string;
  readonly scope: Scope;
  readonly secret: Secret;
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function cases(): Case[] {
  const next = random(11);
  const bytes = (length: number) => Buffer.from(Uint8Array.from({ length }, () => Math.floor(next() * 256)));
  const special: readonly (readonly [string, Buffer])[] = [
    ["empty value", Buffer.alloc(0)],
    ["unicode", Buffer.from("päßwörd 🔐 密码 \u0000\u2028\ufeff ﷽\r\n")],
    ["all bytes", Buffer.from(Uint8Array.from({ length: 256 }, (_, at) => at))],
    ["a line feed at the end", Buffer.from("secret\n")],
    ["one block of AES", bytes(16)],
    ["one block and a byte", bytes(17)],
    ["1 MB", bytes(1_000_000)],
  ];
  const out: Case[] = [];
  const add = (what: string, scope: Scope, data: Record<string, Buffer>) => {
    const name = `s-${out.length}`;
    const values = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, value.toString("base64")]));
    const metadata = { name, namespace: `ns-${out.length % 7}`, labels: { "case/of": name } };
    out.push({
      name: `${name}: ${what}, ${scope}`,
      scope,
      secret: decodeSecret({ metadata, data: values, type: "a/b" }),
    });
  };
  for (const [what, value] of special) for (const scope of SCOPES) add(what, scope, { value });
  for (let index = 0; out.length < 204; index++) {
    const items = 1 + Math.floor(next() * 3);
    const data = Object.fromEntries(
      Array.from({ length: items }, (_, item) => [`k.${index}_${item}-x`, bytes(Math.floor(next() ** 3 * 5000))]),
    );
    add(`random, ${items} items`, SCOPES[index % 3] ?? "strict", data);
  }
  return out;
}

const all = cases();
let folder: string;
let pair: SealingKeyPair;
let ring: Keyring;
let sealedByKubeseal: KubeObject[];

const hex = (secret: Secret) =>
  [...secret.data].map(([key, value]) => `${key}=${Buffer.from(value.reveal()).toString("hex")}`).sort();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sealkit-sealed-"));
  pair = await makeSealingKey({ bits: 4096 });
  ring = new Keyring([unsealingKey(pair)]);
  writeFileSync(join(folder, "cert.pem"), pair.certificatePem);
  writeFileSync(join(folder, "key.pem"), pair.privateKeyPem, { mode: 0o600 });
  const byScope = SCOPES.map((scope) => {
    const own = all.filter((one) => one.scope === scope);
    const input = own.map(({ secret }) => JSON.stringify(secretManifest(secret))).join("\n");
    const args = ["--cert", "cert.pem", "--scope", scope];
    const run = spawnSync(peer("kubeseal"), args, { cwd: folder, input, env: {}, maxBuffer: 256 * 1024 * 1024 });
    if (run.status !== 0) throw new Error(`kubeseal: ${run.stderr}`);
    return run.stdout
      .toString()
      .split(/^(?=\{)/m)
      .map((text): KubeObject => JSON.parse(text));
  });
  const named = new Map(byScope.flat().map((object) => [object.metadata.name, object]));
  sealedByKubeseal = all.flatMap(({ secret }) => named.get(secret.metadata.name) ?? []);
  if (sealedByKubeseal.length !== all.length) throw new Error("kubeseal left some out");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function recover(object: KubeObject): Promise<{ status: number; out: string; error: string }> {
  const args = ["--recovery-unseal", "--recovery-private-key", "key.pem"];
  const running = promisify(execFile)(peer("kubeseal"), args, { cwd: folder, env: {}, maxBuffer: 64 * 1024 * 1024 });
  running.child.stdin?.end(JSON.stringify(object));
  return await running.then(
    ({ stdout }) => ({ status: 0, out: stdout, error: "" }),
    (error) => ({ status: Number(error.code), out: String(error.stdout), error: String(error.stderr) }),
  );
}

test("there are at least 200 cases each way", () => expect(all.length).toBeGreaterThanOrEqual(200));

describe("kubeseal opens what we seal", () => {
  test.each(all)("$name", async ({ secret, scope }) => {
    const sealed = await sealSecret(secret, { spki: pair.certificate.spki, scope });
    const { status, out, error } = await recover(sealed);
    expect({ status, error }).toEqual({ status: 0, error: "" });
    const opened = decodeSecret(JSON.parse(out));
    expect(hex(opened)).toEqual(hex(secret));
    expect(opened.type).toBe("a/b");
    expect(opened.metadata.labels).toEqual({ ...secret.metadata.labels });
  });
});

describe("we open what kubeseal seals", () => {
  test.each(all.map((one, index) => ({ ...one, index })))("$name", async ({ secret, index }) => {
    const object = sealedByKubeseal[index];
    if (object === undefined) throw new Error("not sealed");
    const opened = await unsealSecret(object, ring);
    expect(hex(opened.secret)).toEqual(hex(secret));
    expect(opened.secret.type).toBe("a/b");
  });

  test("and our objects look as kubeseal's, but for the ciphertexts", async () => {
    for (const [index, { secret, scope }] of all.entries()) {
      const own = JSON.stringify(await sealSecret(secret, { spki: pair.certificate.spki, scope }));
      const masked = (text: string) => text.replace(/"A[A-Za-z0-9+/=]{300,}"/g, '"<CT>"');
      expect(masked(own)).toBe(masked(JSON.stringify(sealedByKubeseal[index])));
    }
  });
});

describe("what was sealed for another place opens nowhere else", () => {
  const moves: readonly {
    readonly name: string;
    readonly scope: Scope;
    readonly change: object;
    readonly opens: boolean;
  }[] = [
    { name: "strict, other name", scope: "strict", change: { name: "other" }, opens: false },
    { name: "strict, other namespace", scope: "strict", change: { namespace: "other" }, opens: false },
    { name: "namespace-wide, other name", scope: "namespace-wide", change: { name: "other" }, opens: true },
    { name: "namespace-wide, other namespace", scope: "namespace-wide", change: { namespace: "other" }, opens: false },
    { name: "cluster-wide, other place", scope: "cluster-wide", change: { name: "o", namespace: "p" }, opens: true },
    {
      name: "strict, said to be cluster-wide",
      scope: "strict",
      change: { annotations: { "sealedsecrets.bitnami.com/cluster-wide": "true" } },
      opens: false,
    },
    { name: "cluster-wide, annotation taken away", scope: "cluster-wide", change: { annotations: {} }, opens: false },
    {
      name: 'cluster-wide, annotation "True"',
      scope: "cluster-wide",
      change: { annotations: { "sealedsecrets.bitnami.com/cluster-wide": "True" } },
      opens: false,
    },
  ];

  test.each(moves)("$name", async ({ scope, change, opens }) => {
    const secret = decodeSecret({ metadata: { name: "db", namespace: "apps" }, stringData: { a: "x" } });
    const sealed = await sealSecret(secret, { spki: pair.certificate.spki, scope });
    const moved = { ...sealed, metadata: { ...sealed.metadata, ...change } };
    const original = await recover(moved);
    const own = await unsealSecret(moved, ring).then(
      () => "",
      (error) => error.original,
    );
    expect([own, original.status]).toEqual(opens ? ["", 0] : ["no key could decrypt secret (a)", 1]);
    if (!opens) expect(original.error).toBe(`error: ${own}\n`);
  });
});

test("raw items go both ways", async () => {
  const args = ["--cert", "cert.pem", "--raw", "--namespace", "apps", "--name", "db"];
  const raw = spawnSync(peer("kubeseal"), args, { cwd: folder, input: "value", env: { KUBECONFIG: "/none" } });
  const label = scopeLabel("strict", "apps", "db");
  const opened = await ring.open(Buffer.from(raw.stdout.toString(), "base64"), label);
  expect(opened.clearText.revealText()).toBe("value");
  const item = Buffer.from(await sealItem(pair.certificate.spki, Buffer.from("value"), label)).toString("base64");
  const object = {
    apiVersion: "bitnami.com/v1alpha1",
    kind: "SealedSecret",
    metadata: { name: "db", namespace: "apps" },
    spec: { encryptedData: { v: item } },
  };
  expect(JSON.parse((await recover(object)).out).data.v).toBe(Buffer.from("value").toString("base64"));
});
