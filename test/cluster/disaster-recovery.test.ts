import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SCOPES } from "../../src/sealed/index.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { buildSealkit, startController } from "../helpers/controller.ts";
import { sopsYaml } from "../helpers/encrypted-repository.ts";
import { doesWithoutOwnNetwork } from "../helpers/own-network.ts";
import { until } from "../helpers/process.ts";
import { type CliResult, runCli } from "../helpers/run-cli.ts";
import { IDENTITY_A, RECIPIENT_A } from "../helpers/sops.ts";
import { CONTROLLER_NAMESPACE, prepareCluster, publishController, startUpstream } from "../helpers/upstream.ts";

const NAMESPACES = ["apps", "shop"];
const KEY_SELECTOR = "sealedsecrets.bitnami.com/sealed-secrets-key";
/** Small keys spare the machine. */
const ARGS = ["--key-size=2048"];

interface Step {
  readonly action: string;
  readonly what: string;
  readonly name: string;
}

/** What of a Secret has to be the same afterwards; values only as their digest, so that no message shows one. */
function digest(secret: { type?: string; data?: Record<string, string> }): string {
  const data = Object.entries(secret.data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([secret.type, data]))
    .digest("hex");
}

describe.skipIf(doesWithoutOwnNetwork())("the cluster is gone, and everything comes back", () => {
  let cluster: Cluster;
  let repository: string;
  /** Of every Secret that a SealedSecret makes, and of one that only a backup has. */
  const expected = new Map<string, string>();
  let controller: { readonly stop: () => Promise<void> } | undefined;

  const file = (name: string) => join(cluster.folder, name);
  const sealkit = async (words: readonly string[], stdin = ""): Promise<CliResult> =>
    await runCli([...words, `--kubeconfig=${cluster.kubeconfig}`], { cwd: cluster.folder, stdin });
  const succeed = async (words: readonly string[], stdin = ""): Promise<string> => {
    const { code, stdout, stderr } = await sealkit(words, stdin);
    expect(code, `sealkit ${words.join(" ")}\n${stderr}`).toBe(0);
    return stdout;
  };
  const identity = ["-i", "identity.txt"];
  const restore = async (bundle: string, more: readonly string[] = []): Promise<Step[]> =>
    JSON.parse(await succeed(["keys", "restore", ...identity, bundle, "-o", "json", ...more]));
  const actions = (steps: readonly Step[], what: string) =>
    steps.filter((step) => step.what === what).map(({ action }) => action);
  const keys = async (): Promise<{ name: string; status: string; fingerprint: string; neededBy?: number }[]> =>
    JSON.parse(await succeed(["keys", "list", "-o", "json", "--repo", repository])).filter(
      ({ type }: { type: string }) => type === "sealing",
    );

  const startTheirs = async () => {
    controller = await startUpstream(cluster, { args: [...ARGS, "--kubeclient-qps=-1"] }).then(published);
  };
  const startOurs = async () => {
    controller = await startController(cluster, { args: ARGS }).then(published);
  };
  const published = async <Started extends { readonly port: number }>(started: Started): Promise<Started> => {
    await publishController(cluster, started.port);
    return started;
  };

  /** Seals Secrets of every scope, some of which are in the cluster alone, and waits until they are opened. */
  const sealMore = async (prefix: string, count: number) => {
    for (const scope of SCOPES) {
      const secrets = Array.from({ length: count }, (_, at) => {
        const data = Object.fromEntries(
          ["user", "password", "blob"].map((item, size) => [item, randomBytes(8 << (size * 3)).toString("base64")]),
        );
        const metadata = { name: `${prefix}-${scope}-${at}`, namespace: NAMESPACES[at % 2] };
        expected.set(`${metadata.namespace}/${metadata.name}`, digest({ type: "Opaque", data }));
        return { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque", data };
      });
      const isInGit = (secret: object) => secrets.indexOf(secret as never) % 4 !== 3;
      const sealed = async (some: readonly object[]) =>
        await succeed(
          ["kubeseal", "--scope", scope, "-o", "yaml"],
          some.map((one) => JSON.stringify(one)).join("\n---\n"),
        );
      writeFileSync(join(repository, `apps/${prefix}-${scope}.yaml`), await sealed(secrets.filter(isInGit)));
      await cluster.apply(await sealed(secrets.filter((secret) => !isInGit(secret))));
    }
    await applyRepository();
    await allThere();
  };
  const applyRepository = async () => {
    const applied = await cluster.kubectl(["apply", "--server-side", "-f", join(repository, "apps")]);
    expect(applied.code, applied.stderr).toBe(0);
  };
  const allThere = async () => {
    const found = async () => {
      const lists = await Promise.all(
        NAMESPACES.map((namespace) => cluster.api("GET", `/api/v1/namespaces/${namespace}/secrets`)),
      );
      const items = lists.flatMap(({ json }) => json.items ?? []);
      return new Map(items.map((item) => [`${item.metadata.namespace}/${item.metadata.name}`, digest(item)]));
    };
    let now = new Map<string, string>();
    await until("every Secret is there", async () => {
      now = await found();
      return [...expected.keys()].every((name) => now.has(name));
    });
    expect(now).toEqual(expected);
  };
  const makeNamespaces = async () => {
    for (const name of NAMESPACES) await cluster.api("POST", "/api/v1/namespaces", { metadata: { name } });
  };
  const backUp = async (bundle: string) => {
    await succeed(["keys", "backup", "-r", RECIPIENT_A, "-o", bundle, "--repo", repository]);
    expect(statSync(file(bundle)).mode & 0o777).toBe(0o600);
    expect(readFileSync(file(bundle), "utf8")).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/);
    const plain = await cluster.kubectl([
      ...["get", "secret", "-n", CONTROLLER_NAMESPACE, "-l", KEY_SELECTOR, "-o", "yaml"],
    ]);
    writeFileSync(file(`${bundle}.yaml`), plain.stdout, { mode: 0o600 });
    const verified = JSON.parse(
      await succeed(["keys", "verify", ...identity, bundle, "--repo", repository, "--cluster", "-o", "json"]),
    );
    expect(verified).toMatchObject([
      { sopsFiles: 1, unopened: [], missingKeys: [] },
      { place: "cluster", sealedSecrets: expected.size - 1, values: 3 * (expected.size - 1), unopened: [] },
    ]);
    return verified[0].sealedSecrets as number;
  };
  /** Everything in the cluster is lost; of the rest there are a repository, a backup and an identity. */
  const disaster = async () => {
    await controller?.stop();
    controller = undefined;
    await cluster.loseEverything();
    await prepareCluster(cluster);
  };

  beforeAll(async () => {
    await buildSealkit();
    cluster = await startCluster({ namespaceOfOwn: true });
    await prepareCluster(cluster);
    await makeNamespaces();
    repository = file("repository");
    mkdirSync(join(repository, "apps"), { recursive: true });
    writeFileSync(join(repository, "encrypted.yaml"), await sopsYaml("password: not a secret\n"));
    writeFileSync(file("identity.txt"), `${IDENTITY_A}\n`, { mode: 0o600 });
    const data = { "age.agekey": btoa(IDENTITY_A) };
    const metadata = { name: "sops-age", labels: { "sealkit.dev/backup": "true" } };
    await cluster.api("POST", "/api/v1/namespaces/apps/secrets", { metadata, data });
    expected.set("apps/sops-age", digest({ type: "Opaque", data }));
  });
  afterAll(async () => {
    await controller?.stop();
    await cluster?.stop();
  });

  test("the original's cluster is listed, renewed, backed up and proven", async () => {
    await startTheirs();
    await sealMore("first", 8);
    const [only, ...others] = await keys();
    expect(others).toEqual([]);
    expect(only).toMatchObject({ status: "newest", neededBy: 24, neededInGit: 18 });
    await succeed(["keys", "renew", "--bits", "2048", "--timeout", "0s"]);
    // The original sees a key that came at its next start.
    await controller?.stop();
    await startTheirs();
    await sealMore("second", 4);
    expect(await keys()).toMatchObject([
      { status: "newest", neededBy: 12, neededInGit: 9 },
      { status: "active", neededBy: 24, neededInGit: 18, fingerprint: only?.fingerprint },
    ]);
    expect(await backUp("theirs.age")).toBe(27);
  });

  test("from the original to the original", async () => {
    await disaster();
    const plan = await restore("theirs.age", ["--dry-run"]);
    expect(actions(plan, "sealing key")).toEqual(["create", "create"]);
    expect(actions(plan, "secret")).toEqual(["create"]);
    expect(actions(plan, "SealedSecret")).toEqual(Array.from({ length: 9 }, () => "create"));
    expect(actions(plan, "namespace")).toEqual(["create", "create"]);
    expect(await keys()).toEqual([]);
    expect(await restore("theirs.age")).toEqual(plan);
    await startTheirs();
    await applyRepository();
    expect(new Set((await restore("theirs.age", ["--wait"])).map(({ action }) => action))).toEqual(new Set(["keep"]));
    await allThere();
    expect((await keys()).map(({ status }) => status)).toEqual(["newest", "active"]);
  });

  test("from the original to ours, which had made a key already, by what kubectl printed and by the bundle", async () => {
    await disaster();
    await startOurs();
    const [fresh] = await keys();
    await makeNamespaces();
    // Last stands the key that the controller made, which no backup has.
    expect(actions(await restore("theirs.age.yaml"), "sealing key")).toEqual(["create", "create", "keep"]);
    await applyRepository();
    const plan = await restore("theirs.age", ["--wait"]);
    expect(actions(plan, "sealing key")).toEqual(["keep", "keep", "keep"]);
    expect(actions(plan, "SealedSecret")).toEqual(Array.from({ length: 9 }, () => "create"));
    await allThere();
    expect(await keys()).toMatchObject([
      { status: "newest", fingerprint: fresh?.fingerprint, neededBy: 0 },
      { status: "active", neededBy: 12 },
      { status: "active", neededBy: 24 },
    ]);
    // The old backup lacks the key that the controller made meanwhile.
    const stale = await sealkit(["keys", "verify", ...identity, "theirs.age", "--cluster"]);
    expect([stale.code, stale.stderr]).toEqual([1, expect.stringContaining(fresh?.fingerprint ?? "?")]);
  });

  test("our cluster is listed, renewed, backed up and proven", async () => {
    await succeed(["keys", "renew", "--bits", "2048"]);
    await sealMore("third", 4);
    const counts = (await keys()).map(({ neededBy }) => neededBy);
    expect(counts).toEqual([12, 0, 12, 24]);
    expect(await backUp("ours.age")).toBe(36);
  });

  test("from ours to ours", async () => {
    await disaster();
    await restore("ours.age");
    await startOurs();
    await applyRepository();
    expect(new Set((await restore("ours.age", ["--wait"])).map(({ action }) => action))).toEqual(new Set(["keep"]));
    await allThere();
    expect((await keys()).map(({ neededBy }) => neededBy)).toEqual([12, 0, 12, 24]);
  });

  test("from ours to the original, by what kubectl printed and by the bundle", async () => {
    await disaster();
    await makeNamespaces();
    await restore("ours.age.yaml");
    expect(new Set(actions(await restore("ours.age"), "sealing key"))).toEqual(new Set(["keep"]));
    await startTheirs();
    await applyRepository();
    await restore("ours.age", ["--wait"]);
    await allThere();
    await succeed(["keys", "verify", ...identity, "ours.age", "--repo", repository, "--cluster"]);
  });
});
