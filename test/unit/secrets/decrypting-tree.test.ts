import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../../src/objects/index.ts";
import { decryptingTree, type ObjectMarks } from "../../../src/secrets/index.ts";
import { encrypt, type Format, SopsError } from "../../../src/sops/index.ts";
import { type FileTree, treeFromEntries } from "../../../src/tree/index.ts";
import { readManifests } from "../../../src/yaml/index.ts";
import { KEYS_A, KEYS_B, RECIPIENT_A, RECIPIENT_B, sopsFixture } from "../../helpers/sops.ts";

const CANARY = "canary-5f2a";
const keys = { identities: KEYS_A };

async function seal(text: string, format: "yaml" | "json" = "yaml"): Promise<string> {
  const selector = { kind: "encrypted_regex", pattern: "^(data|stringData|token)$" } as const;
  return (await encrypt(text, format, { recipients: [RECIPIENT_A], now: 0, selector })).text;
}

function treeOf(files: Readonly<Record<string, string>>): FileTree {
  return treeFromEntries(
    Object.entries(files).map(([path, text]) => ({ kind: "file" as const, path, bytes: Buffer.from(text) })),
  );
}

async function textOf(tree: FileTree, path: string): Promise<string> {
  return Buffer.from((await tree.read(path)) ?? []).toString();
}

const secret = (name: string, value = CANARY) =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n    name: ${name}\n    namespace: apps\nstringData:\n    password: ${value}\n`;

describe("decryptingTree()", () => {
  test("reads a stream of the original as clear text", async () => {
    const tree = decryptingTree(treeOf({ "s.yaml": sopsFixture("encrypted/stream.yaml") }), keys);
    expect(await textOf(tree, "s.yaml")).toBe(sopsFixture("decrypted/stream.yaml"));
    expect(tree.ledger.files).toEqual(["s.yaml"]);
  });

  test("reads documents with metadata of their own between clear ones", async () => {
    const clear = "kind: ConfigMap\ndata:\n    flag: yes # old\n    day: 2024-01-01\n";
    const stream = [await seal(secret("one")), clear, await seal(secret("two", "other"))].join("---\n");
    const tree = decryptingTree(treeOf({ "all.yaml": stream }), keys);
    expect(await textOf(tree, "all.yaml")).toBe([secret("one"), clear, secret("two", "other")].join("---\n"));
  });

  test("keeps clear dates of an encrypted document as they were written", async () => {
    const text = (await seal(`${secret("one")}stamp: 2024-01-01\n`)).replace("2024-01-01T00:00:00Z", "2024-01-01");
    const tree = decryptingTree(treeOf({ "a.yaml": text }), keys);
    const { manifests } = readManifests(await textOf(tree, "a.yaml"));
    expect(manifests[0]?.value).toMatchObject({ stamp: "2024-01-01", stringData: { password: CANARY } });
  });

  test("reads JSON, and leaves what is not encrypted alone", async () => {
    const text = '{\n\t"kind": "Secret",\n\t"stringData": {\n\t\t"a": "b"\n\t}\n}\n';
    const plain = {
      "plain.yaml": "sops: mine\nmac: address\n",
      "t.yaml": "{{ sops }} mac: x",
      "sops.txt": "mac: sops",
    };
    const tree = decryptingTree(treeOf({ "a.json": await seal(text, "json"), ...plain }), keys);
    expect(await textOf(tree, "a.json")).toBe(text);
    for (const [path, content] of Object.entries(plain)) expect(await textOf(tree, path)).toBe(content);
    expect(await tree.read("missing")).toBeUndefined();
    expect(tree.ledger.files).toEqual(["a.json"]);
  });

  test("decrypts a file once", async () => {
    const tree = decryptingTree(treeOf({ "a.yaml": await seal(secret("one")) }), keys);
    const [first, second] = await Promise.all([tree.read("a.yaml"), tree.read("a.yaml")]);
    expect(second).toBe(first);
  });

  const refusals: readonly {
    name: string;
    file?: string;
    content: () => Promise<string>;
    code: string;
    more?: object;
  }[] = [
    {
      name: "a changed label, by its MAC",
      content: async () => (await seal(secret("one"))).replace("name: one", "name: uno"),
      code: "SOPS_MAC_MISMATCH",
    },
    {
      name: "a document moved to another file, by its MAC",
      content: async () => sopsFixture("encrypted/stream.yaml").split(/^---\n/m)[1] ?? "",
      code: "SOPS_MAC_MISMATCH",
    },
    {
      name: "a file over the limit",
      content: () => seal(secret("one")),
      code: "SOPS_TOO_LARGE",
      more: { maxFileBytes: 100 },
    },
    {
      name: "a dotenv file with half its metadata",
      file: "a.env",
      content: async () => "A=x\nsops_mac=ENC[x]\n",
      code: "SOPS_BAD_METADATA",
    },
    {
      name: "bytes with half their metadata",
      file: "a.bin",
      content: async () => '{"data": "ENC[x]", "sops": {"mac": "ENC[x]"}}',
      code: "SOPS_BAD_METADATA",
    },
    {
      name: "an encrypted file that is no YAML",
      content: async () => "a: ENC[AES256_GCM,data:x]\nsops: [mac: x\n",
      code: "SOPS_BAD_SYNTAX",
    },
  ];
  test.each(refusals)("refuses $name", async ({ file = "a.yaml", content, code, more }) => {
    const tree = decryptingTree(treeOf({ [file]: await content() }), keys, more);
    const error = await tree.read(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SopsError);
    expect(error).toMatchObject({ code, file });
    expect(String(error)).not.toContain(CANARY);
  });

  test("names file, document, object and identities when no identity fits", async () => {
    const stream = `kind: Namespace\n---\n${await seal(secret("db"))}`;
    const tree = decryptingTree(treeOf({ "apps/db.yaml": stream }), { identities: KEYS_B });
    const error = await tree.read("apps/db.yaml").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "SOPS_NO_DATA_KEY", file: "apps/db.yaml" });
    expect(String(error)).toContain('"apps/db.yaml" (document 2, Secret apps/db)');
  });

  test("takes what Flux takes when the MAC is not checked", async () => {
    const changed = (await seal(secret("one"))).replace("name: one", "name: uno");
    const tree = decryptingTree(treeOf({ "a.yaml": changed }), keys, { checkMac: false });
    expect(await textOf(tree, "a.yaml")).toBe(secret("uno"));
  });
});

describe("ledger", () => {
  const configMap = (name: string, password: string): KubeObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name },
    data: { password },
  });

  async function read(text: string): Promise<ReturnType<typeof decryptingTree>> {
    const tree = decryptingTree(treeOf({ "a.yaml": await seal(text) }), keys);
    await tree.read("a.yaml");
    return tree;
  }

  test("finds encrypted values of an object of another kind, however short", async () => {
    const { ledger } = await read("kind: ConfigMap\nmetadata:\n  name: c\ndata:\n  password: p\n  port: 5\n");
    expect(ledger.findIn(configMap("c", "p"))).toEqual([{ field: "data.password", file: "a.yaml" }]);
    expect(ledger.findIn({ ...configMap("c", "p"), data: { port: 5 } })).toEqual([
      { field: "data.port", file: "a.yaml" },
    ]);
  });

  test("finds them in lists", async () => {
    const text = "kind: Job\nmetadata:\n  name: j\nspec:\n  env:\n    - name: a\n      token: t\n";
    const { ledger } = await read(text);
    const job = {
      apiVersion: "v1",
      kind: "Job",
      metadata: { name: "j" },
      spec: { env: [{}, { name: "a", token: "t" }] },
    };
    expect(ledger.findIn(job)).toEqual([{ field: "spec.env[1].token", file: "a.yaml" }]);
  });

  test("finds the objects of a List", async () => {
    const { ledger } = await read(
      "kind: List\nitems:\n- kind: ConfigMap\n  metadata: {name: c}\n  data: {password: p}\n",
    );
    expect(ledger.findIn(configMap("c", "p"))).toHaveLength(1);
  });

  test("finds a whole decrypted file, as text and as base64", async () => {
    const tree = decryptingTree(treeOf({ "v.yaml": await seal("data:\n  a: b\n") }), keys);
    const text = await textOf(tree, "v.yaml");
    const encoded = Buffer.from(text).toString("base64");
    for (const value of [text, text.trimEnd(), encoded]) {
      expect(tree.ledger.findIn(configMap("x", value))).toEqual([{ field: "data.password", file: "v.yaml" }]);
    }
  });

  test("does not take an equal word elsewhere, a changed value or a clear one for a leak", async () => {
    const { ledger } = await read(secret("db", "postgres"));
    expect(ledger.findIn(configMap("db", "postgres"))).toEqual([]);
    const other = await read("kind: ConfigMap\nmetadata:\n  name: c\ndata:\n  password: p\nclear: p\n");
    expect(other.ledger.findIn(configMap("c", "changed"))).toEqual([]);
    expect(other.ledger.findIn({ ...configMap("c", ""), clear: "p" })).toEqual([]);
  });
});

describe("files that are one whole", () => {
  const whole = async (text: string, format: Format) =>
    (await encrypt(text, format, { recipients: [RECIPIENT_A], now: 0 })).text;

  test.each([
    { path: "a.env", format: "dotenv", text: `A=${CANARY}\nB=2\n` },
    { path: ".env.production", format: "dotenv", text: `A=${CANARY}\n` },
    { path: "a.ini", format: "ini", text: `[s]\nkey = ${CANARY}\n` },
    { path: "settings", format: "ini", text: `[s]\nkey = ${CANARY}\n` },
    { path: "tls.key", format: "binary", text: `-----${CANARY}\n` },
    { path: "x.dockerconfigjson", format: "json", text: `{\n\t"auths": "${CANARY}"\n}\n` },
  ] as const)("$path reads as clear $format", async ({ path, format, text }) => {
    const tree = decryptingTree(treeOf({ [path]: await whole(text, format) }), keys);
    expect(await textOf(tree, path)).toBe(text);
    expect(tree.ledger.files).toEqual([path]);
  });

  test("a variable that a generator puts into a ConfigMap is found there, by its name", async () => {
    const tree = decryptingTree(treeOf({ "a.env": await whole(`TOKEN=${CANARY}\nPORT=80\n`, "dotenv") }), keys);
    await tree.read("a.env");
    const map = (data: Record<string, string>): KubeObject => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "m" },
      data,
    });
    expect(tree.ledger.findIn(map({ TOKEN: CANARY }))).toEqual([{ field: "data.TOKEN", file: "a.env" }]);
    expect(tree.ledger.findIn(map({ OTHER: CANARY, PORT: "8080" }))).toEqual([]);
  });
});

describe("documents that stay encrypted", () => {
  const leaves = ({ annotations }: ObjectMarks) => annotations.get("keep") === "yes";
  const kept = (name: string) =>
    secret(name).replace("namespace: apps", "namespace: apps\n    annotations:\n        keep: yes");

  test("one of two that were encrypted one by one; no key is needed for it", async () => {
    const other = (
      await encrypt(kept("two").replace("keep: yes", 'keep: "yes"'), "yaml", {
        recipients: [RECIPIENT_B],
        now: 0,
        selector: { kind: "encrypted_regex", pattern: "^stringData$" },
      })
    ).text;
    const tree = decryptingTree(treeOf({ "a.yaml": `${await seal(secret("one"))}---\n${other}` }), keys, { leaves });
    const [one, two] = readManifests(await textOf(tree, "a.yaml")).manifests;
    expect(one?.value).toMatchObject({ stringData: { password: CANARY } });
    expect(JSON.stringify(two?.value)).toContain("ENC[AES256_GCM");
    expect(JSON.stringify(two?.value)).toContain("lastmodified");
  });

  test("a file with nothing else in it is not touched", async () => {
    const text = await seal(kept("one").replace("keep: yes", 'keep: "yes"'));
    const tree = decryptingTree(treeOf({ "a.yaml": text }), { identities: KEYS_B }, { leaves });
    expect(await textOf(tree, "a.yaml")).toBe(text);
    expect(tree.ledger.files).toEqual([]);
  });
});

describe("values of entries", () => {
  const tree = decryptingTree(treeOf({}), keys);
  const read = async (entry: string, text: string) => {
    const bytes = await tree.readValue("s.yaml, data.x", entry, Buffer.from(text));
    return bytes === undefined ? undefined : Buffer.from(bytes).toString();
  };
  const whole = async (text: string, format: Format) =>
    (await encrypt(text, format, { recipients: [RECIPIENT_A], now: 0 })).text;

  test("the ending of the entry decides the form", async () => {
    const sealed = await whole(`A=${CANARY}\n`, "dotenv");
    expect(await read("a.env", sealed)).toBe(`A=${CANARY}\n`);
    expect(await read("a.yaml", sealed)).toBe(`A: ${CANARY}\n`);
    expect(await read("a.dockerconfigjson", await whole('{"a": 1}', "json"))).toBe('{\n\t"a": 1\n}\n');
    expect(await read("key", await whole(CANARY, "binary"))).toBe(CANARY);
  });

  test("what is no file of SOPS is none", async () => {
    expect(await read("a.yaml", "sops: mine\nmac: address\n")).toBeUndefined();
    expect(await read("a.yaml", "sops: {version: 1}\nmac: ENC[x]\n")).toBeUndefined();
    expect(await read("a", "\u0000")).toBeUndefined();
  });

  test("a damaged one is refused with its place", async () => {
    const sealed = (await whole(`A=${CANARY}\n`, "dotenv")).replace("data:", "data:AAAA");
    await expect(read("a.env", sealed)).rejects.toMatchObject({ file: "s.yaml, data.x" });
  });
});
