import { describe, expect, test } from "vitest";
import { decryptingView } from "../../../../controller/kustomization/decryption.ts";
import type { KustomizationSpec } from "../../../../controller/kustomization/spec.ts";
import { encryptBytes, passphraseRecipient } from "../../../../src/age/index.ts";
import type { KubeClient } from "../../../../src/kube/index.ts";
import { treeFromEntries } from "../../../../src/tree/index.ts";
import { testPorts } from "../../../helpers/kms-ports.ts";
import { IDENTITY_A, RECIPIENT_A, sopsFixture } from "../../../helpers/sops.ts";

const FILE = sopsFixture("encrypted/values.yaml");
const COMMON = { namespace: "flux-system", name: "sops-age" };

type Entries = Readonly<Record<string, string | Uint8Array>>;

/** What a pass reads of the encrypted file, with these Secrets in the cluster. */
async function read(secrets: Readonly<Record<string, Entries>>, secretName?: string): Promise<string> {
  const client = {
    async get(_: unknown, { namespace, name }: { namespace: string; name: string }) {
      const entries = secrets[`${namespace}/${name}`];
      if (entries === undefined) return undefined;
      const data = Object.entries(entries).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
      return { data: Object.fromEntries(data) };
    },
  };
  const tree = treeFromEntries([{ kind: "file", path: "v.yaml", bytes: Buffer.from(FILE) }]);
  const spec = { decryption: { secretName }, retryIntervalMs: 1000 } as unknown as KustomizationSpec;
  const sealedOff = testPorts({
    fetch: async () => {
      throw new Error("no request was expected");
    },
  });
  const view = await decryptingView(tree, spec, {
    namespace: "apps",
    ports: {
      client: client as unknown as KubeClient,
      signal: new AbortController().signal,
      checkMac: true,
      machine: { sealedOff, vaultAddresses: [] },
      commonAgeSecret: COMMON,
    },
  });
  return Buffer.from((await view?.read("v.yaml")) ?? []).toString();
}

async function locked(): Promise<string> {
  const bytes = await encryptBytes(Buffer.from(IDENTITY_A), [passphraseRecipient("canary", { logN: 2 })]);
  return Buffer.from(bytes).toString("latin1");
}

describe("the Secret of --sops-age-secret", () => {
  test("opens the files of objects that name none, with its age identities", async () => {
    const secrets = { "flux-system/sops-age": { "a.agekey": IDENTITY_A, "sops.aws-kms": "no YAML: [" } };
    expect(await read(secrets)).toBe(sopsFixture("decrypted/values.yaml"));
  });

  test("does not serve objects that name one", async () => {
    const secrets = { "flux-system/sops-age": { "a.agekey": IDENTITY_A }, "apps/own": { "b.txt": IDENTITY_A } };
    await expect(read(secrets, "own")).rejects.toMatchObject({ code: "SOPS_NO_DATA_KEY" });
    await expect(read(secrets, "absent")).rejects.toThrow('secrets "absent" not found');
  });
});

describe("identities that the controller does not take", () => {
  test.each<{ name: string; entries: () => Entries | Promise<Entries> }>([
    { name: "of a plugin", entries: () => ({ "k.agekey": "AGE-PLUGIN-FOO-1QQQQ\n" }) },
    { name: "behind a passphrase", entries: async () => ({ "k.agekey": Buffer.from(await locked(), "latin1") }) },
    { name: "that are a recipient", entries: () => ({ "k.agekey": `${RECIPIENT_A}\n` }) },
    { name: "in an entry of another name", entries: () => ({ "k.agekey": "", "age.key": IDENTITY_A }) },
  ])("$name leave the file closed, and nobody is asked", async ({ entries }) => {
    const error: unknown = await read({ "apps/own": await entries() }, "own").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "SOPS_NO_DATA_KEY" });
    expect(JSON.stringify(error)).not.toContain("canary");
  });
});
