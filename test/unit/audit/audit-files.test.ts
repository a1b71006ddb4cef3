import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { type AuditKey, type AuditKeys, auditFiles, type Finding } from "../../../src/audit/index.ts";
import { encodePem } from "../../../src/bytes/pem.ts";
import { allowedBy, POLICY_PATH, type Policy, parsePolicy } from "../../../src/policy/index.ts";
import { type RepositoryFile, type RepositoryFiles, workTreeFiles } from "../../../src/repository/index.ts";
import { Keyring, sealItem } from "../../../src/sealed/index.ts";
import { certify, type SealingKeyPair } from "../../../src/x509/index.ts";
import { makeSealingKey, unsealingKey } from "../../helpers/sealing-keys.ts";
import { RECIPIENT_A, RECIPIENT_B, sopsFixture } from "../../helpers/sops.ts";

const DAY = 24 * 3600 * 1000;
const NOW = Date.parse("2026-06-01T00:00:00Z");
const SOPS = sopsFixture("encrypted/values.yaml");
const TWO = sopsFixture("encrypted/values-two-recipients.yaml");
const rules = (recipients: string, path = "") =>
  `creation_rules:\n- ${path === "" ? "" : `path_regex: ${path}\n  `}age: ${recipients}\n`;

function repository(files: Readonly<Record<string, string | Uint8Array>>): RepositoryFiles {
  const list = Object.entries(files).map(
    ([path, content]): RepositoryFile => ({ path, bytes: Buffer.from(content), branches: [] }),
  );
  return {
    count: list.length,
    skipped: [],
    async *files() {
      yield* list;
    },
  };
}

interface Audit {
  readonly policy?: string;
  readonly keys?: AuditKeys;
}

async function audit(files: Readonly<Record<string, string | Uint8Array>>, { policy = "", keys }: Audit = {}) {
  const { audit: section }: Policy = parsePolicy(Buffer.from(policy), "policy.yaml");
  return await auditFiles(repository(files), { policy: section, keys, now: NOW });
}

/** `rule path:line object fields detail` of each finding. */
async function found(files: Readonly<Record<string, string | Uint8Array>>, more: Audit = {}): Promise<string[]> {
  return (await audit(files, more)).findings.map(shown).sort();
}

function shown({ rule, path, line, object, fields, detail }: Finding): string {
  return [rule, line === undefined ? path : `${path}:${line}`, object, fields.join(","), detail]
    .filter((part) => part !== undefined && part !== "")
    .join(" | ");
}

const sealed = (item: string, annotations = "") =>
  `---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: db\n  namespace: apps\n${annotations}spec:\n  encryptedData:\n    password: ${item}\n`;
const scope = (name: string) => `  annotations: {sealedsecrets.bitnami.com/${name}: "true"}\n`;
const itemOf = (keyBytes: number) => {
  const bytes = Buffer.alloc(2 + keyBytes + 40, 1);
  bytes.writeUInt16BE(keyBytes);
  return bytes.toString("base64");
};

let old: SealingKeyPair;
let recent: SealingKeyPair;
let oldItem = "";
let recentItem = "";
beforeAll(async () => {
  old = await makeSealingKey({ now: NOW - 500 * DAY, lifetimeMs: 510 * DAY });
  recent = await makeSealingKey({ now: NOW - 10 * DAY, lifetimeMs: 20 * DAY });
  const label = Buffer.from("apps/db");
  const seal = async ({ certificate }: SealingKeyPair) =>
    Buffer.from(await sealItem(certificate.spki, Buffer.from("h7Kq-canary"), label)).toString("base64");
  oldItem = await seal(old);
  recentItem = await seal(recent);
});

function keysOf(status: AuditKey["status"] = "active", more: Partial<AuditKey> = {}): AuditKeys {
  const entries = [
    { pair: recent, name: "key-new", isNewest: true, status: "active" as const, ...more },
    { pair: old, name: "key-old", isNewest: false, status },
  ].map(({ pair, ...rest }): AuditKey => {
    const { fingerprint, bits, notBefore, notAfter } = pair.certificate;
    return { fingerprint, bits, notBefore, notAfter, ...rest };
  });
  return {
    source: "keys.age",
    keys: new Map(entries.map((key) => [key.fingerprint, key])),
    keyring: new Keyring([unsealingKey(recent), unsealingKey(old)]),
  };
}

describe("SealedSecrets", () => {
  test.each([
    { name: "strict", annotations: "", policy: "audit: {widestScope: strict}", says: [] },
    { name: "no policy", annotations: scope("cluster-wide"), policy: "", says: [] },
    {
      name: "namespace-wide",
      annotations: scope("namespace-wide"),
      policy: "audit: {widestScope: strict}",
      says: ["wide-scope | a/s.yaml:2 | SealedSecret apps/db | namespace-wide, allowed is strict"],
    },
    {
      name: "cluster-wide",
      annotations: scope("cluster-wide"),
      policy: "audit: {widestScope: namespace-wide}",
      says: ["wide-scope | a/s.yaml:2 | SealedSecret apps/db | cluster-wide, allowed is namespace-wide"],
    },
    {
      name: "a path of its own",
      annotations: scope("cluster-wide"),
      policy: "audit: {widestScope: strict, scopes: [{path: a/**, widest: cluster-wide}]}",
      says: [],
    },
    {
      name: "a path of its own that is narrower",
      annotations: scope("namespace-wide"),
      policy: "audit: {scopes: [{path: b/**, widest: cluster-wide}, {path: a/, widest: strict}]}",
      says: ["wide-scope | a/s.yaml:2 | SealedSecret apps/db | namespace-wide, allowed is strict"],
    },
  ])("scope: $name", async ({ annotations, policy, says }) => {
    expect(await found({ "a/s.yaml": sealed(itemOf(256), annotations) }, { policy })).toEqual(says);
  });

  test.each([
    { bytes: 128, says: ["weak-key | s.yaml:2 | SealedSecret apps/db | password | sealed for a key of 1024 bits"] },
    { bytes: 255, says: ["weak-key | s.yaml:2 | SealedSecret apps/db | password | sealed for a key of 2040 bits"] },
    { bytes: 256, says: [] },
    { bytes: 512, says: [] },
  ])("items for keys of $bytes bytes", async ({ bytes, says }) => {
    expect(await found({ "s.yaml": sealed(itemOf(bytes)) })).toEqual(says);
  });

  test("keys that are needed: old by the policy, compromised, and neither", async () => {
    const files = { "old.yaml": sealed(oldItem), "new.yaml": sealed(recentItem), "none.yaml": sealed(itemOf(256)) };
    const says = (rule: string, rest: string) => [
      expect.stringMatching(new RegExp(`^${rule} \\| old\\.yaml:2 .*${rest}$`)),
    ];
    const policy = "audit: {maxKeyAgeDays: 400, warnDaysBeforeExpiry: 1}";
    expect(await found(files, { keys: keysOf(), policy })).toEqual(says("old-key", "is 500 days old"));
    expect(await found(files, { keys: keysOf("retired"), policy })).toEqual(says("old-key", "is 500 days old"));
    expect(await found(files, { keys: keysOf("compromised"), policy })).toEqual(
      says("compromised-key", "key key-old .*"),
    );
    const patient = "audit: {maxKeyAgeDays: 500, warnDaysBeforeExpiry: 1}";
    expect(await found(files, { keys: keysOf(), policy: patient })).toEqual([]);
    expect(await found(files, { keys: keysOf(), policy: "audit: {warnDaysBeforeExpiry: 1}" })).toEqual([]);
  });

  test("the keys themselves: the certificate of the newest, the bits of those in use", async () => {
    const of = async (more: Partial<AuditKey>, status: AuditKey["status"] = "active") =>
      (await found({}, { keys: keysOf(status, more) })).map((line) => line.replace(/SHA256:\S+/, "…"));
    expect(await of({})).toEqual(["expiring-certificate | keys.age | sealing key key-new (… | on 2026-06-11"]);
    expect(await of({ notAfter: NOW - 1 })).toEqual([
      "expired-certificate | keys.age | sealing key key-new (… | since 2026-05-31",
    ]);
    expect(await of({ notAfter: NOW + 31 * DAY, bits: 1024 })).toEqual([
      "weak-key | keys.age | sealing key key-new (… | 1024 bits",
    ]);
    expect(await of({ notAfter: NOW - 1, bits: 1024, status: "retired" })).toEqual([]);
  });

  test("an item that is damaged, and a file with conflict markers", async () => {
    expect(await found({ "s.yaml": sealed("???") })).toEqual([]);
    const conflict = `<<<<<<< HEAD\n${sealed("x")}=======\n>>>>>>> other\n`;
    expect(await found({ "s.yaml": conflict })).toEqual([
      "unreadable-file | s.yaml | it has conflict markers of a merge",
    ]);
    expect(await found({ "t.yaml": `{{ if x }}\n${sealed("x")}{{ end }}\n` })).toEqual([]);
  });
});

describe("SOPS files", () => {
  test.each([
    { name: "in the rule", config: rules(RECIPIENT_A), says: [] },
    { name: "no configuration", config: undefined, says: [] },
    { name: "no rule for it", config: rules(RECIPIENT_B, "other"), says: [] },
    { name: "a rule without keys", config: "creation_rules: [{path_regex: a}]\n", says: [] },
    {
      name: "not in the rule",
      config: rules(RECIPIENT_B),
      says: [`unlisted-recipient | a/s.yaml | ${RECIPIENT_A} | age`],
    },
    {
      name: "a broken configuration",
      config: "creation_rules: 5\n",
      says: ['unreadable-file | .sops.yaml | Cannot use ".sops.yaml": "creation_rules" is not a list'],
    },
  ])("recipients: $name", async ({ config, says }) => {
    const files = { ...(config === undefined ? {} : { ".sops.yaml": config }), "a/s.yaml": SOPS };
    expect(await found(files)).toEqual(says);
  });

  test("the nearest configuration counts, its paths from its own folder, wherever it sorts", async () => {
    const files = {
      ".sops.yaml": rules(RECIPIENT_B),
      "a/.first/s.yaml": SOPS,
      "a/.sops.yaml": rules(RECIPIENT_A, "^(\\.first|s)"),
      "c/.sops.yaml": rules(RECIPIENT_B, "^s\\.yaml$"),
      "c/s.yaml": SOPS,
      "a/s.yaml": SOPS,
      "b/s.yaml": SOPS,
    };
    expect(await found(files)).toEqual(
      ["b", "c"].map((folder) => `unlisted-recipient | ${folder}/s.yaml | ${RECIPIENT_A} | age`),
    );
  });

  test("recipients who left: in files, and in rules", async () => {
    const policy = `audit: {leftRecipients: [{recipient: ${RECIPIENT_B}, who: b}]}`;
    const files = { ".sops.yaml": rules(RECIPIENT_B), "one.yaml": SOPS, "two.yaml": TWO };
    const left = (await found(files, { policy })).filter((line) => line.startsWith("left"));
    expect(left).toEqual([
      `left-recipient | .sops.yaml | ${RECIPIENT_B} | b`,
      `left-recipient | two.yaml | ${RECIPIENT_B} | b`,
    ]);
  });

  test("MACs", async () => {
    const macOnly = sopsFixture("encrypted/values-mac-only.yaml");
    expect(await found({ "s.yaml": macOnly })).toEqual([]);
    expect(await found({ "s.yaml": macOnly }, { policy: "audit: {allowMacOnlyEncrypted: false}" })).toEqual([
      "mac-only-encrypted | s.yaml",
    ]);
    expect(await found({ "s.yaml": SOPS }, { policy: "audit: {allowMacOnlyEncrypted: false}" })).toEqual([]);
    expect(await found({ "s.yaml": SOPS.replace(/mac: .*/, 'mac: ""') })).toEqual(["missing-mac | s.yaml"]);
  });

  test("metadata that cannot be read", async () => {
    const [line] = await found({ "s.yaml": SOPS.replace(/lastmodified: .*/, "lastmodified: [x]") });
    expect(line ?? "").toMatch(/^unreadable-file \| s\.yaml/);
  });
});

describe("certificates", () => {
  const pem = (pair: SealingKeyPair) => encodePem("CERTIFICATE", pair.certificate.der);

  test.each([
    { at: NOW - 500 * DAY, days: 499, says: ["expired-certificate | c.pem:2 | certificate | since 2026-05-31"] },
    { at: NOW - 10 * DAY, days: 20, says: ["expiring-certificate | c.pem:2 | certificate | on 2026-06-11"] },
    { at: NOW - 10 * DAY, days: 50, says: [] },
  ])("$says", async ({ at, days, says }) => {
    const pair = await certified(at, days);
    expect(await found({ "c.pem": `# one\n${pem(pair)}` })).toEqual(says);
  });

  test("indented, several, damaged ones between, weak ones", async () => {
    const indented = `a:\n  b: |\n${pem(recent).replace(/^(?=.)/gm, "    ")}`;
    expect(await found({ "c.yaml": indented })).toEqual([
      "expiring-certificate | c.yaml:3 | certificate | on 2026-06-11",
    ]);
    const damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    expect(
      await found({ "c.pem": `${pem(recent)}${damaged}${pem(recent)}-----BEGIN CERTIFICATE-----\n` }),
    ).toHaveLength(2);
    const weak = await makeSealingKey({ now: NOW, bits: 1024 });
    expect(await found({ "c.pem": pem(weak) })).toEqual(["weak-key | c.pem:1 | certificate | 1024 bits"]);
  });

  /** The recent key with another time, which costs no new key. */
  async function certified(at: number, days: number): Promise<SealingKeyPair> {
    return await certify(recent.privateKey, { now: at, lifetimeMs: days * DAY });
  }
});

test("clear text is found with the rest, files are counted, and nothing holds a value", async () => {
  const clear = "kind: Secret\nstringData: {a: h7Kq-canary}\n";
  const result = await audit({ "a.yaml": clear, "s.yaml": SOPS, "z.yaml": sealed(itemOf(256)) }, { keys: keysOf() });
  expect(result).toMatchObject({ files: 3, sealedSecrets: 1, sopsFiles: 1 });
  expect(result.findings.map(({ rule }) => rule)).toContain("clear-secret");
  expect(JSON.stringify(result)).not.toContain("canary");
});

describe("this repository", () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url));

  // Outside of Git nobody knows which files belong to it.
  test.skipIf(!existsSync(`${root}.git`))("is clean under its own policy, and needs every entry of that", async () => {
    const { audit: policy } = parsePolicy(readFileSync(`${root}${POLICY_PATH}`), POLICY_PATH);
    const files = await workTreeFiles(root, { env: process.env });
    const looked = await auditFiles(files, { policy, now: NOW });
    expect(looked.files).toBeGreaterThan(1000);
    const found = looked.findings.map((one) => ({ one, entry: allowedBy(policy.allow, one, NOW) }));
    const unnamed = found.filter(({ entry }) => entry === undefined).map(({ one }) => one);
    expect(unnamed, `a fixture is named in ${POLICY_PATH}, with the reason`).toEqual([]);
    const needed = new Set(found.map(({ entry }) => entry));
    expect(policy.allow.filter((entry) => !needed.has(entry)).map(({ pattern }) => pattern)).toEqual([]);
  });
});
