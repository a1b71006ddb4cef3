import { describe, expect, test } from "vitest";
import { generateX25519Identity, parseIdentity } from "../../../src/age/index.ts";
import { countNeedIn, listAgeIdentities, unopenedWithout } from "../../../src/keys/index.ts";
import type { ApiResource } from "../../../src/kube/index.ts";
import type { RepositoryFile } from "../../../src/repository/index.ts";
import { loadKeyring } from "../../../src/sops/index.ts";
import { memoryCluster } from "../../helpers/memory-cluster.ts";

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
const KUSTOMIZATIONS: ApiResource = {
  group: "kustomize.toolkit.fluxcd.io",
  version: "v1",
  plural: "kustomizations",
  kind: "Kustomization",
  namespaced: true,
};

const one = generateX25519Identity();
const two = generateX25519Identity();
const name = (identity: string) => parseIdentity(identity).name;
const base64 = (text: string) => Buffer.from(text).toString("base64");

function clusterWith(data: Record<string, string>, secretName = "sops-age") {
  const cluster = memoryCluster();
  cluster.resourceFor = async (_, kind) => (kind === "Kustomization" ? KUSTOMIZATIONS : undefined);
  for (const app of ["a", "b"]) {
    cluster.put(KUSTOMIZATIONS, {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata: { name: app, namespace: "flux-system" },
      spec: { decryption: { provider: "sops", secretRef: { name: "sops-age" } } },
    });
  }
  const metadata = { name: secretName, namespace: "flux-system" };
  cluster.put(SECRETS, { apiVersion: "v1", kind: "Secret", metadata, data });
  return cluster;
}

describe("listAgeIdentities()", () => {
  test("names each identity of the Secrets that Kustomizations decrypt with once, by its recipient", async () => {
    const cluster = clusterWith({
      "b.agekey": base64(`# two of them\n${one}\n${two}\n`),
      "a.agekey": base64("hunter2"),
      "c.agekey": "%%%",
      "pgp.asc": base64("x"),
      identity: base64(one),
    });
    const found = await listAgeIdentities(cluster);
    expect(found.map(({ entry, recipient }) => [entry, recipient])).toEqual([
      ["a.agekey", undefined],
      ["b.agekey", name(one)],
      ["b.agekey", name(two)],
      ["c.agekey", undefined],
    ]);
    expect(found[0]?.problem).toMatch(/./);
    expect(JSON.stringify(found)).not.toMatch(/hunter2|AGE-SECRET-KEY/i);
  });

  test.each([
    { what: "the Secret is not there", cluster: () => clusterWith({ "a.agekey": base64(one) }, "other") },
    { what: "there is nothing that decrypts", cluster: () => memoryCluster() },
    { what: "no entry is of age", cluster: () => clusterWith({ "a.asc": base64("x") }) },
  ])("none when $what", async ({ cluster }) => {
    expect(await listAgeIdentities(cluster())).toEqual([]);
  });
});

describe("files that name age recipients", () => {
  const sops = (...recipients: string[]) =>
    [
      "data: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]",
      "sops:",
      "    age:",
      ...recipients.map((recipient) => `        - recipient: ${recipient}\n          enc: x`),
      '    lastmodified: "2026-01-01T00:00:00Z"',
      "    mac: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]",
      "    version: 3.10.2\n",
    ].join("\n");
  const repository = (texts: readonly string[]) => ({
    count: texts.length,
    skipped: [],
    async *files(): AsyncGenerator<RepositoryFile> {
      for (const [at, text] of texts.entries()) yield { path: `${at}.yaml`, bytes: Buffer.from(text), branches: [] };
    },
  });

  test("what does not open without the old one is named with the branches that hold it", async () => {
    const file = { path: "a.yaml", bytes: Buffer.from(sops("age1a")), branches: ["feature/x", "main"] };
    const files = async function* () {
      yield file;
    };
    const steps: string[] = [];
    const { left } = await unopenedWithout(
      { count: 1, skipped: [], files },
      new Set(["age1a"]),
      loadKeyring([]),
      (done, all) => steps.push(`${done}/${all}`),
    );
    expect(left).toMatchObject([{ path: "a.yaml of feature/x, main" }]);
    expect(steps).toEqual(["1/1"]);
  });

  test("what cannot be read may be for the old one", async () => {
    const conflict = sops("age1a").replace("sops:", "<<<<<<< HEAD\nsops:\n=======\n>>>>>>> b");
    const found = await unopenedWithout(repository([conflict, "a: 1\n"]), new Set(["age1b"]), loadKeyring([]));
    expect(found).toEqual({
      left: [],
      unread: [{ path: "0.yaml", why: "it has conflict markers of a merge" }],
    });
  });

  test("names files once, and passes over what is not encrypted or cannot be read", async () => {
    const texts = [sops("age1a", "age1b"), sops("age1a", "age1a"), "a: 1\n", "a: ENC[AES256_GCM,\nsops: {\n"];
    expect([...(await countNeedIn(repository(texts), [])).byRecipient]).toEqual([
      ["age1a", new Set(["0.yaml", "1.yaml"])],
      ["age1b", new Set(["0.yaml"])],
    ]);
  });
});
