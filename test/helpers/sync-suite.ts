import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CRDS, GIT_REPOSITORIES, KUSTOMIZATIONS } from "../../controller/api/index.ts";
import { sourceFamily } from "../../controller/gitrepository/set-up.ts";
import { kustomizationFamily } from "../../controller/kustomization/set-up.ts";
import type { KustomizationSettings } from "../../controller/kustomization/settings.ts";
import { createLog } from "../../controller/log.ts";
import { type RunningControllers, startControllers } from "../../controller/start.ts";
import { conditionsOf } from "../../controller/status/conditions.ts";
import { type ApiResource, type KubeClient, systemClock } from "../../src/kube/index.ts";
import { fieldAt, type KubeObject, listAt, textAt } from "../../src/objects/index.ts";
import { encrypt } from "../../src/sops/index.ts";
import { startTestGit, type TestGit, type TestRepository } from "./git-server.ts";
import { until } from "./process.ts";
import { IDENTITY_A, IDENTITY_B, RECIPIENT_A } from "./sops.ts";

/** An API server to run the suite against, and its administrator. */
export interface SyncTarget {
  readonly client: KubeClient;
  stop(): Promise<void>;
}

const CANARY = "hunter2-canary";
const MAPS = core("configmaps", "ConfigMap");
const SECRETS = core("secrets", "Secret");
const EVENTS = core("events", "Event");
const NAMESPACES: ApiResource = {
  group: "",
  version: "v1",
  plural: "namespaces",
  kind: "Namespace",
  namespaced: false,
};
const DEFINITIONS: ApiResource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

function core(plural: string, kind: string): ApiResource {
  return { group: "", version: "v1", plural, kind, namespaced: true };
}

const map = (name: string, data: Record<string, string> = { a: "1" }, namespace = "apps") =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\ndata: ${JSON.stringify(data)}\n`;
const secret = (name: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\n  namespace: apps\nstringData:\n  password: ${CANARY}\n`;
const seal = async (text: string, pattern = "^(data|stringData)$") =>
  (await encrypt(text, "yaml", { recipients: [RECIPIENT_A], now: 0, selector: { kind: "encrypted_regex", pattern } }))
    .text;

/** The two sync kinds from Git to cluster: the same statements for the sandbox and for a real API server. */
export function describeSync(name: string, start: () => Promise<SyncTarget>): void {
  describe(`sync on ${name}`, () => {
    let target: SyncTarget;
    let client: KubeClient;
    let git: TestGit;
    let storage: string;
    let controllers: RunningControllers;
    let log = "";
    const asked: string[] = [];
    let password: string | undefined;

    const startAll = async (settings: Partial<KustomizationSettings> = {}) => {
      controllers = await startControllers({
        client,
        namespace: "sealkit-system",
        log: createLog({ clock: systemClock, level: "debug", format: "text", write: (line) => (log += line) }),
        families: [
          sourceFamily({ storagePath: storage, concurrency: 4 }),
          kustomizationFamily({ requeueDependencyMs: 300, concurrency: 8, httpRetries: 1, ...settings }),
        ],
      });
      await controllers.ready;
    };

    beforeAll(async () => {
      storage = mkdtempSync(join(tmpdir(), "sealkit-test-sync-"));
      target = await start();
      client = target.client;
      git = await startTestGit({
        intercept: (request, response) => {
          asked.push(request.url ?? "");
          if (password === undefined || !request.url?.startsWith("/private")) return false;
          const header = `Basic ${Buffer.from(`user:${password}`).toString("base64")}`;
          if (request.headers.authorization === header) return false;
          response.writeHead(401, { "www-authenticate": "Basic" }).end(`no: ${request.headers.authorization}`);
          return true;
        },
      });
      for (const crd of CRDS) await client.create(DEFINITIONS, crd);
      for (const crd of CRDS) {
        await until(`${crd.metadata.name} is served`, async () => {
          const { group, names } = crd["spec"] as { group: string; names: { kind: string } };
          const version = group === "bitnami.com" ? "v1alpha1" : "v1";
          return (await client.resourceFor(`${group}/${version}`, names.kind)) !== undefined;
        });
      }
      for (const namespace of ["apps", "other", "sealkit-system"]) {
        await client.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      }
      await startAll();
    });

    afterAll(async () => {
      await controllers?.stop(2000);
      await git?.close();
      await target?.stop();
      rmSync(storage, { recursive: true, force: true });
      expect(log).not.toContain(CANARY);
    });

    const put = async (kind: "GitRepository" | "Kustomization", key: string, spec: object, metadata: object = {}) => {
      const group = kind === "GitRepository" ? "source" : "kustomize";
      await client.create(kind === "GitRepository" ? GIT_REPOSITORIES : KUSTOMIZATIONS, {
        apiVersion: `${group}.toolkit.fluxcd.io/v1`,
        kind,
        metadata: { name: key, namespace: "apps", ...metadata },
        spec,
      });
    };
    const source = (key: string, repository: TestRepository | string, spec: object = {}) =>
      put("GitRepository", key, {
        interval: "10m",
        url: typeof repository === "string" ? repository : git.at(repository),
        ref: { branch: "main" },
        ...spec,
      });
    const sync = (key: string, spec: object = {}, metadata: object = {}) =>
      put(
        "Kustomization",
        key,
        { interval: "10m", prune: true, sourceRef: { kind: "GitRepository", name: key }, ...spec },
        metadata,
      );
    const read = (resource: ApiResource, key: string, namespace = "apps") =>
      client.get<KubeObject>(resource, { namespace, name: key });
    const ready = (object: KubeObject | undefined) =>
      object && conditionsOf(object).find(({ type }) => type === "Ready");
    const settled = async (resource: ApiResource, key: string, want: (object: KubeObject) => boolean) => {
      let last: KubeObject | undefined;
      await until(
        `${resource.kind} ${key}`,
        async () => {
          last = await read(resource, key);
          return last !== undefined && want(last);
        },
        { timeoutMs: 60_000, why: () => JSON.stringify(last?.["status"], undefined, 1) },
      );
      return last as unknown as KubeObject;
    };
    const whenReady = (resource: ApiResource, key: string, revision?: string) =>
      settled(resource, key, (object) => {
        const condition = ready(object);
        return condition?.status === "True" && (revision === undefined || condition.message.includes(revision));
      });
    const whenFailed = (resource: ApiResource, key: string, reason: string) =>
      settled(resource, key, (object) => ready(object)?.status === "False" && ready(object)?.reason === reason);
    const poke = (resource: ApiResource, key: string, value: string) =>
      client.patch(
        resource,
        { namespace: "apps", name: key },
        { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": value } } },
        { type: "merge" },
      );
    const change = (resource: ApiResource, key: string, patch: object) =>
      client.patch(resource, { namespace: "apps", name: key }, patch, { type: "merge" });
    const eventsOf = async (key: string) =>
      (await client.list<KubeObject>(EVENTS, { namespace: "apps" })).items.filter(
        (event) => textAt(event, "involvedObject", "name") === key,
      );
    const hasEvent = (key: string, reason: string, pattern: RegExp) =>
      until(`event ${reason} of ${key}`, async () =>
        (await eventsOf(key)).some((event) => event["reason"] === reason && pattern.test(String(event["message"]))),
      );

    describe("GitRepository", () => {
      test("a repository becomes an artifact that others can fetch", async () => {
        const repository = git.repository("plain");
        const commit = repository.commit({ "a.yaml": map("plain-a") }, "first\n\nbody");
        await source("plain", repository);
        const object = await whenReady(GIT_REPOSITORIES, "plain");
        const revision = `main@sha1:${commit}`;
        expect(object.metadata.finalizers).toEqual(["finalizers.fluxcd.io"]);
        expect(object["status"]).toMatchObject({
          observedGeneration: 1,
          artifact: {
            revision,
            path: `gitrepository/apps/plain/${commit}.tar.gz`,
            digest: expect.stringMatching(/^sha256:/),
            size: expect.any(Number),
          },
          conditions: expect.arrayContaining([
            expect.objectContaining({
              type: "Ready",
              status: "True",
              reason: "Succeeded",
              message: `stored artifact for revision '${revision}'`,
            }),
            expect.objectContaining({ type: "ArtifactInStorage", status: "True" }),
          ]),
        });
        expect((await fetch(textAt(object, "status", "artifact", "url") ?? "")).status).toBe(200);
        await hasEvent("plain", "NewArtifact", /^stored artifact for commit 'first'$/);
      });

      test("a request fetches what is new, and nothing when nothing is", async () => {
        const repository = git.repository("news");
        repository.commit({ "a.yaml": map("news") });
        await source("news", repository);
        await whenReady(GIT_REPOSITORIES, "news");
        const commit = repository.commit({ "b.yaml": map("news-b") });
        await poke(GIT_REPOSITORIES, "news", "opaque 1");
        const object = await whenReady(GIT_REPOSITORIES, "news", commit);
        expect(fieldAt(object, "status", "lastHandledReconcileAt")).toBe("opaque 1");
        asked.length = 0;
        await poke(GIT_REPOSITORIES, "news", "opaque 2");
        await settled(
          GIT_REPOSITORIES,
          "news",
          (now) => fieldAt(now, "status", "lastHandledReconcileAt") === "opaque 2",
        );
        expect(asked.filter((url) => url.includes("/news/") && url.includes("info/refs"))).toHaveLength(1);
        await hasEvent(
          "news",
          "GitOperationSucceeded",
          /^no changes since last reconciliation: observed revision 'main@sha1:/,
        );
      });

      test("what was changed or lost in storage is made again", async () => {
        const repository = git.repository("lost");
        repository.commit({ "a.yaml": map("lost") });
        await source("lost", repository);
        const before = await whenReady(GIT_REPOSITORIES, "lost");
        const file = join(storage, textAt(before, "status", "artifact", "path") ?? "");
        rmSync(file);
        await sync("lost");
        const waits = await whenFailed(KUSTOMIZATIONS, "lost", "ArtifactFailed");
        expect(ready(waits)?.message).toMatch(/^Cannot fetch artifact .*: it is not there any more/);
        await poke(GIT_REPOSITORIES, "lost", "1");
        await settled(GIT_REPOSITORIES, "lost", (now) => fieldAt(now, "status", "lastHandledReconcileAt") === "1");
        expect(existsSync(file)).toBe(true);
        await whenReady(KUSTOMIZATIONS, "lost");
      });

      test.concurrent.each<[string, object]>([
        ["spec.verify", { verify: { mode: "HEAD", secretRef: { name: "k" } } }],
        ["spec.proxySecretRef", { proxySecretRef: { name: "p" } }],
        ["spec.provider", { provider: "github" }],
        ["spec.recurseSubmodules", { recurseSubmodules: true }],
        ["spec.sparseCheckout", { sparseCheckout: ["a"] }],
        ["spec.include", { include: [{ repository: { name: "x" } }] }],
        ["spec.serviceAccountName", { provider: "azure", serviceAccountName: "x" }],
      ])("%s is refused by name before any fetch", async (field, spec) => {
        const key = `unsupported-${field.slice(5).toLowerCase()}`;
        await source(key, `${git.url}/${key}`, spec);
        const object = await whenFailed(GIT_REPOSITORIES, key, "UnsupportedField");
        // Two fields at once: the first in the object is named.
        expect(ready(object)?.message).toMatch(/^spec\.\w+ is not supported yet: nothing was fetched$/);
        expect(conditionsOf(object).find(({ type }) => type === "Stalled")?.status).toBe("True");
        expect(asked.filter((url) => url.includes(key))).toEqual([]);
      });

      test.concurrent.each<[string, object, string, RegExp]>([
        [
          "branch-gone",
          { ref: { branch: "gone" } },
          "GitOperationFailed",
          /unable to clone '.*': Cannot find "refs\/heads\/gone"/,
        ],
        ["no-ref", { ref: undefined }, "GitOperationFailed", /the branch is "master"/],
        ["evil-ref", { ref: { branch: "main:refs/x" } }, "GitOperationFailed", /git does not allow such a name/],
        ["no-match", { ref: { semver: ">=99" } }, "GitOperationFailed", /no match found for semver: >=99/],
        [
          "password-in-url",
          { url: `http://user:${CANARY}@127.0.0.1/x` },
          "URLInvalid",
          /Cannot use the repository URL: it holds a password/,
        ],
        ["unreachable", { url: "http://127.0.0.1:1/x" }, "GitOperationFailed", /cannot be reached/],
        ["ssh-bare", { url: "ssh://git@127.0.0.1/x" }, "AuthenticationFailed", /known_hosts/],
        ["secret-gone", { secretRef: { name: "gone" } }, "AuthenticationFailed", /secrets "gone" not found/],
      ])("%s: one clear condition", async (key, spec, reason, pattern) => {
        const repository = git.repository(key);
        repository.commit({ a: "1" });
        await source(key, repository, spec);
        const object = await whenFailed(GIT_REPOSITORIES, key, reason);
        expect(ready(object)?.message).toMatch(pattern);
        expect(JSON.stringify(object["status"])).not.toContain(CANARY);
      });

      test("an empty repository stalls", async () => {
        await source("empty", git.repository("empty"));
        await whenFailed(GIT_REPOSITORIES, "empty", "EmptyGitRepository");
      });

      test("credentials from a Secret; what the server echoes stays hidden", async () => {
        password = CANARY;
        const repository = git.repository("private");
        repository.commit({ a: "1" });
        await client.create(SECRETS, {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "login", namespace: "apps" },
          stringData: { username: "user", password: `${CANARY}-wrong` },
        });
        await source("private", repository, { secretRef: { name: "login" } });
        const object = await whenFailed(GIT_REPOSITORIES, "private", "GitOperationFailed");
        expect(ready(object)?.message).toContain("the credentials are missing or were refused");
        expect(JSON.stringify(object["status"])).not.toContain(CANARY);
        await change(SECRETS, "login", { stringData: { password } });
        await poke(GIT_REPOSITORIES, "private", "1");
        await whenReady(GIT_REPOSITORIES, "private");
        expect(JSON.stringify(await eventsOf("private"))).not.toContain(CANARY);
      });

      test("a force push, then a repository that vanishes: the last artifact stays", async () => {
        const repository = git.repository("fickle");
        repository.commit({ a: "1" });
        await source("fickle", repository);
        await whenReady(GIT_REPOSITORIES, "fickle");
        repository.git("symbolic-ref", "HEAD", "refs/heads/other");
        const commit = repository.commit({ a: "2" });
        repository.git("branch", "--force", "main", "other");
        await poke(GIT_REPOSITORIES, "fickle", "1");
        await whenReady(GIT_REPOSITORIES, "fickle", commit);
        rmSync(repository.folder, { recursive: true });
        await poke(GIT_REPOSITORIES, "fickle", "2");
        const object = await whenFailed(GIT_REPOSITORIES, "fickle", "GitOperationFailed");
        expect(fieldAt(object, "status", "artifact", "revision")).toBe(`main@sha1:${commit}`);
        expect((await fetch(textAt(object, "status", "artifact", "url") ?? "")).status).toBe(200);
      });

      test("suspended: nothing happens; deleted: its storage goes", async () => {
        const repository = git.repository("leaving");
        repository.commit({ a: "1" });
        await source("leaving", repository, { suspend: true });
        await until(
          "the finalizer",
          async () => (await read(GIT_REPOSITORIES, "leaving"))?.metadata.finalizers?.length === 1,
        );
        expect(asked.filter((url) => url.includes("/leaving/"))).toEqual([]);
        await change(GIT_REPOSITORIES, "leaving", { spec: { suspend: false } });
        await whenReady(GIT_REPOSITORIES, "leaving");
        expect(readdirSync(join(storage, "gitrepository/apps/leaving"))).toHaveLength(1);
        await client.delete(GIT_REPOSITORIES, { namespace: "apps", name: "leaving" });
        await until("it is gone", async () => (await read(GIT_REPOSITORIES, "leaving")) === undefined);
        expect(existsSync(join(storage, "gitrepository/apps/leaving"))).toBe(false);
      });

      test("storage that cannot be written: said so, tried again, and good when it can", async () => {
        const repository = git.repository("full");
        repository.commit({ a: "1" });
        const blocked = join(storage, "gitrepository/apps/full");
        mkdirSync(dirname(blocked), { recursive: true });
        writeFileSync(blocked, "");
        await source("full", repository);
        const object = await whenFailed(GIT_REPOSITORIES, "full", "ArchiveOperationFailed");
        expect(ready(object)?.message).toMatch(/^Cannot store "gitrepository\/apps\/full\/[0-9a-f]+\.tar\.gz": E/);
        expect(conditionsOf(object).find(({ type }) => type === "StorageOperationFailed")?.status).toBe("True");
        rmSync(blocked);
        const good = await whenReady(GIT_REPOSITORIES, "full");
        expect(conditionsOf(good).some(({ type }) => type === "StorageOperationFailed")).toBe(false);
      });

      test("hostile content: links out are left out and named, .git tricks are refused", async () => {
        const repository = git.repository("hostile");
        repository.commit({
          "ok.yaml": map("hostile"),
          evil: { link: "../../../../etc/passwd" },
          "evil-dir": { link: "/etc" },
        });
        await source("hostile", repository);
        await whenReady(GIT_REPOSITORIES, "hostile");
        await hasEvent("hostile", "LinksLeftOut", /evil \(leads out of the tree\), evil-dir \(leads out of the tree\)/);
      });
    });

    describe("Kustomization", () => {
      beforeAll(async () => {
        const repository = git.repository("deleted");
        const keys = ["delete-mirror", "delete-no-prune", "delete-orphan", "delete-always", "delete-waiting"];
        repository.commit(Object.fromEntries(keys.map((key) => [`${key}/a.yaml`, map(key)])));
        await source("deleted", repository);
      });

      test("applies, follows new revisions at once, prunes what is gone", async () => {
        const repository = git.repository("fleet");
        const first = repository.commit({
          "deploy/a.yaml": map("fleet-a"),
          "deploy/b.yaml": map("fleet-b"),
          "values.yaml": "not: an object",
        });
        await source("fleet", repository);
        await sync("fleet", { path: "./deploy" });
        const object = await whenReady(KUSTOMIZATIONS, "fleet", first);
        expect(object["status"]).toMatchObject({
          observedGeneration: 1,
          lastAppliedRevision: `main@sha1:${first}`,
          lastAttemptedRevision: `main@sha1:${first}`,
          inventory: {
            entries: [
              { id: "apps_fleet-a__ConfigMap", v: "v1" },
              { id: "apps_fleet-b__ConfigMap", v: "v1" },
            ],
          },
          // The event of the artifact may have come to a second pass by now.
          history: [expect.objectContaining({ lastReconciledStatus: "ReconciliationSucceeded" })],
        });
        expect(ready(object)?.message).toBe(`Applied revision: main@sha1:${first}`);
        expect((await read(MAPS, "fleet-a"))?.metadata.labels).toEqual({
          "kustomize.toolkit.fluxcd.io/name": "fleet",
          "kustomize.toolkit.fluxcd.io/namespace": "apps",
        });
        await hasEvent("fleet", "Progressing", /^ConfigMap\/apps\/fleet-a created\nConfigMap\/apps\/fleet-b created$/);
        await hasEvent("fleet", "ReconciliationSucceeded", /^Reconciliation finished in \S+, next run in 10m0s$/);

        const second = repository.commit({ "deploy/a.yaml": map("fleet-a", { a: "2" }), "deploy/b.yaml": null });
        await poke(GIT_REPOSITORIES, "fleet", "1");
        await whenReady(KUSTOMIZATIONS, "fleet", second);
        expect((await read(MAPS, "fleet-a"))?.["data"]).toEqual({ a: "2" });
        expect(await read(MAPS, "fleet-b")).toBeUndefined();
        await hasEvent("fleet", "Progressing", /ConfigMap\/apps\/fleet-a configured\nConfigMap\/apps\/fleet-b deleted/);
      });

      test("a damaged manifest: the error says where, the cluster stays as it was", async () => {
        const repository = git.repository("damaged");
        repository.commit({ "a.yaml": map("damaged-a"), "b.yaml": map("damaged-b") });
        await source("damaged", repository);
        await sync("damaged");
        await whenReady(KUSTOMIZATIONS, "damaged");
        const commit = repository.commit({
          "a.yaml": map("damaged-a", { a: "2" }),
          "b.yaml": `${map("damaged-b")}---\nkind: [\n`,
        });
        await poke(GIT_REPOSITORIES, "damaged", "1");
        const object = await whenFailed(KUSTOMIZATIONS, "damaged", "BuildFailed");
        expect(ready(object)?.message).toMatch(
          /failed to decode Kubernetes YAML from b\.yaml: document 2, line 9, column 1: /,
        );
        expect(object["status"]).toMatchObject({ lastAttemptedRevision: `main@sha1:${commit}` });
        expect(textAt(object, "status", "lastAppliedRevision")).not.toContain(commit);
        expect((await read(MAPS, "damaged-a"))?.["data"]).toEqual({ a: "1" });
        await hasEvent("damaged", "BuildFailed", /b\.yaml/);
        repository.commit({ "b.yaml": null });
        await poke(GIT_REPOSITORIES, "damaged", "2");
        await until("it heals", async () => (await read(MAPS, "damaged-b")) === undefined);
        await whenReady(KUSTOMIZATIONS, "damaged");
      });

      test("one object that the API refuses: the others of its stage are not touched", async () => {
        const repository = git.repository("refused");
        repository.commit({ "a.yaml": map("refused-a"), "b.yaml": map("refused-b", { "not a key!": "x" }) });
        await source("refused", repository);
        await sync("refused", { retryInterval: "1h" });
        const object = await whenFailed(KUSTOMIZATIONS, "refused", "ReconciliationFailed");
        expect(ready(object)?.message).toMatch(/^ConfigMap\/apps\/refused-b dry-run failed \(Invalid\): /);
        expect(await read(MAPS, "refused-a")).toBeUndefined();
      });

      describe("decryption", () => {
        const keySecret = (key: string, data: Record<string, string>) =>
          client.create(SECRETS, {
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: key, namespace: "apps" },
            stringData: data,
          });
        const decryption = (name: string) => ({ decryption: { provider: "sops", secretRef: { name } } });
        beforeAll(async () => {
          await keySecret("age-a", { "my.agekey": IDENTITY_A });
          await keySecret("age-b", { "other.agekey": IDENTITY_B });
          await keySecret("age-misnamed", { "keys.txt": IDENTITY_A });
          await keySecret("aws-broken", { "sops.aws-kms": "aws_access_key_id: AKIA" });
        });
        /** A Secret with an encrypted file in `data`. */
        const withFile = async (key: string, entry: string, more = "") =>
          `apiVersion: v1\nkind: Secret\nmetadata: {name: ${key}, namespace: apps${more}}\ndata: {${entry}: ${btoa(await seal(`data: ${CANARY}\n`))}}\n`;

        test("files in the data of Secrets, but for one that asks to stay as it is", async () => {
          const repository = git.repository("inside");
          const annotations = ", annotations: {kustomize.toolkit.fluxcd.io/decrypt: Disabled}";
          repository.commit({
            "a.yaml": await withFile("inside", "app.yaml"),
            "b.yaml": await withFile("inside-left", "app.yaml", annotations),
          });
          await source("inside", repository);
          await sync("inside", decryption("age-a"));
          await whenReady(KUSTOMIZATIONS, "inside");
          expect((await read(SECRETS, "inside"))?.["data"]).toEqual({ "app.yaml": btoa(`data: ${CANARY}\n`) });
          const left = (await read(SECRETS, "inside-left"))?.["data"] as Record<string, string>;
          expect(atob(left["app.yaml"] ?? "")).toContain("ENC[AES256_GCM");
        });

        test("encrypted documents beside clear ones", async () => {
          const repository = git.repository("sealed");
          repository.commit({
            "all.yaml": [await seal(secret("sealed-one")), map("sealed-clear"), await seal(secret("sealed-two"))].join(
              "---\n",
            ),
          });
          await source("sealed", repository);
          await sync("sealed", decryption("age-a"));
          await whenReady(KUSTOMIZATIONS, "sealed");
          for (const key of ["sealed-one", "sealed-two"]) {
            expect((await read(SECRETS, key))?.["data"]).toEqual({ password: btoa(CANARY) });
          }
        });

        test.concurrent.each<[string, object, () => Promise<Record<string, string>>, string, RegExp]>([
          [
            "wrong-key",
            decryption("age-b"),
            async () => ({ "s.yaml": await seal(secret("wrong-key")) }),
            "BuildFailed",
            /s\.yaml[\s\S]*Secret apps\/age-b, entry "other\.agekey"/,
          ],
          [
            "no-key",
            decryption("age-misnamed"),
            async () => ({ "s.yaml": await seal(secret("no-key")) }),
            "BuildFailed",
            /it has none of \*\.agekey, \*\.asc/,
          ],
          [
            "key-gone",
            decryption("age-gone"),
            async () => ({ "s.yaml": await seal(secret("key-gone")) }),
            "BuildFailed",
            /cannot get decryption Secret 'apps\/age-gone'/,
          ],
          [
            "not-configured",
            {},
            async () => ({ "s.yaml": await seal(secret("not-configured")) }),
            "ReconciliationFailed",
            /^Secret\/apps\/not-configured is SOPS encrypted, configuring decryption is required for this secret to be reconciled/,
          ],
          [
            "tampered",
            decryption("age-a"),
            async () => ({ "s.yaml": (await seal(secret("tampered"))).replace("name: tampered", "name: renamed") }),
            "BuildFailed",
            /s\.yaml/,
          ],
          [
            "spilled",
            decryption("age-a"),
            async () => ({ "s.yaml": await seal(map("spilled", { password: CANARY })) }),
            "ClearTextOutsideSecret",
            /ConfigMap\/apps\/spilled[\s\S]*data\.password/,
          ],
          [
            "opted-out",
            decryption("age-a"),
            async () => ({
              "s.yaml": await seal(
                secret("opted-out").replace(
                  "metadata:",
                  "metadata:\n  annotations: {kustomize.toolkit.fluxcd.io/decrypt: Disabled}",
                ),
              ),
            }),
            "ReconciliationFailed",
            /^Secret\/apps\/opted-out is still SOPS encrypted after decryption\nit asks for that/,
          ],
          [
            "inside-data-wrong-key",
            decryption("age-b"),
            async () => ({ "s.yaml": await withFile("inside-data-wrong-key", "app.yaml") }),
            "BuildFailed",
            /^decryption failed for Secret 'apps\/inside-data-wrong-key', field 'app\.yaml': Cannot decrypt "s\.yaml, Secret apps\/inside-data-wrong-key, data\.app\.yaml"/,
          ],
          [
            "bad-aws",
            decryption("aws-broken"),
            async () => ({ "s.yaml": await seal(secret("bad-aws")) }),
            "BuildFailed",
            /^failed to import data from sops decryption Secret 'apps\/aws-broken': .*aws_secret_access_key is missing/,
          ],
        ])("%s: refused, with its place, and nothing applied", async (key, spec, files, reason, pattern) => {
          const repository = git.repository(key);
          repository.commit({ ...(await files()), "good.yaml": map(`${key}-good`) });
          await source(key, repository);
          await sync(key, { ...spec, retryInterval: "1h" });
          const object = await whenFailed(KUSTOMIZATIONS, key, reason);
          expect(ready(object)?.message).toMatch(pattern);
          expect(await read(MAPS, `${key}-good`)).toBeUndefined();
          expect(JSON.stringify([object["status"], await eventsOf(key)])).not.toMatch(
            new RegExp(`${CANARY}|AGE-SECRET-KEY`),
          );
        });
      });

      test.concurrent.each<[string, object]>([
        ["spec.patches", { patches: [{ patch: "[]" }] }],
        ["spec.images", { images: [{ name: "a" }] }],
        ["spec.postBuild", { postBuild: { substitute: { a: "b" } } }],
        ["spec.commonMetadata", { commonMetadata: { labels: { a: "b" } } }],
        ["spec.targetNamespace", { targetNamespace: "other" }],
        ["spec.namePrefix", { namePrefix: "x-" }],
        ["spec.components", { components: ["c"] }],
        ["spec.kubeConfig", { kubeConfig: { secretRef: { name: "k" } } }],
        ["spec.healthCheckExprs", { healthCheckExprs: [{ apiVersion: "a/v1", kind: "K", current: "true" }] }],
        ["spec.ignore", { ignore: [{ paths: ["/a"] }] }],
        ["spec.buildMetadata", { buildMetadata: ["originAnnotations"] }],
        ["spec.sourceRef.kind", { sourceRef: { kind: "Bucket", name: "b" } }],
        ["spec.dependsOn[0].readyExpr", { dependsOn: [{ name: "x", readyExpr: "true" }] }],
      ])("%s stalls by name before any fetch or apply", async (field, spec) => {
        const key = `ks-${field.replaceAll(/[^a-z]/gi, "-").toLowerCase()}`;
        await sync(key, spec);
        const object = await whenFailed(KUSTOMIZATIONS, key, "UnsupportedField");
        expect(ready(object)?.message).toBe(`${field} is not supported yet: nothing was applied`);
        expect(conditionsOf(object).find(({ type }) => type === "Stalled")?.status).toBe("True");
      });

      test.concurrent.each<[string, object, string, RegExp]>([
        ["no-source", {}, "ArtifactFailed", /^Source 'GitRepository\/apps\/no-source' not found$/],
        ["evil-account", { serviceAccountName: "x:y" }, "AccessDenied", /no name of a ServiceAccount/],
        [
          "closed-gate",
          { decryption: { provider: "sops", serviceAccountName: "x" } },
          "FeatureGateDisabled",
          /--feature-gates ObjectLevelWorkloadIdentity=true/,
        ],
      ])("%s", async (key, spec, reason, pattern) => {
        await sync(key, { retryInterval: "1h", ...spec });
        expect(ready(await whenFailed(KUSTOMIZATIONS, key, reason))?.message).toMatch(pattern);
      });

      test.concurrent.each<[string, string, RegExp]>([
        ["path-gone", "./gone", /kustomization path not found: no directory "gone"/],
        ["path-out", "../../etc", /kustomization path not found: it leads out/],
      ])("%s", async (key, path, pattern) => {
        const repository = git.repository(key);
        repository.commit({ "a.yaml": map(key) });
        await source(key, repository);
        await sync(key, { path, retryInterval: "1h" });
        const object = await settled(KUSTOMIZATIONS, key, (now) => pattern.test(ready(now)?.message ?? ""));
        expect(ready(object)).toMatchObject({ status: "False", reason: "ArtifactFailed" });
        expect(fieldAt(object, "status", "lastAttemptedRevision")).toBeUndefined();
      });

      test("a ServiceAccount's rights are the limit", async () => {
        const repository = git.repository("tenant");
        repository.commit({ "a.yaml": map("tenant-a"), "b.yaml": map("tenant-b", {}, "other") });
        await source("tenant", repository);
        const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "tenant", namespace: "apps" } };
        await client.create(core("serviceaccounts", "ServiceAccount"), account);
        const rbac = (plural: string, kind: string): ApiResource => ({
          group: "rbac.authorization.k8s.io",
          version: "v1",
          plural,
          kind,
          namespaced: true,
        });
        await client.create(rbac("roles", "Role"), {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "Role",
          metadata: { name: "tenant", namespace: "apps" },
          rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["*"] }],
        });
        await client.create(rbac("rolebindings", "RoleBinding"), {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "RoleBinding",
          metadata: { name: "tenant", namespace: "apps" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "tenant" },
          subjects: [{ kind: "ServiceAccount", name: "tenant", namespace: "apps" }],
        });
        await sync("tenant", { serviceAccountName: "tenant", retryInterval: "1h" });
        const object = await whenFailed(KUSTOMIZATIONS, "tenant", "ReconciliationFailed");
        expect(ready(object)?.message).toMatch(
          /system:serviceaccount:apps:tenant" cannot get resource "configmaps" .* namespace "other"/,
        );
        expect(await read(MAPS, "tenant-a")).toBeUndefined();
        repository.commit({ "b.yaml": null });
        await poke(GIT_REPOSITORIES, "tenant", "1");
        await whenReady(KUSTOMIZATIONS, "tenant");
        expect(await read(MAPS, "tenant-a")).toBeDefined();
      });

      test("dependencies: waits, goes on at once, and names a circle", async () => {
        const repository = git.repository("order");
        repository.commit({ "one/a.yaml": map("order-one"), "two/b.yaml": map("order-two") });
        await source("order", repository);
        const sourceRef = { kind: "GitRepository", name: "order" };
        await sync("order-two", { sourceRef, path: "two", dependsOn: [{ name: "order-one" }] });
        const object = await whenFailed(KUSTOMIZATIONS, "order-two", "DependencyNotReady");
        expect(ready(object)?.message).toMatch(/^dependency 'apps\/order-one' not found/);
        expect(await read(MAPS, "order-two")).toBeUndefined();
        await sync("order-one", { sourceRef, path: "one" });
        await whenReady(KUSTOMIZATIONS, "order-two");
        expect(await read(MAPS, "order-two")).toBeDefined();

        await sync("circle-a", { sourceRef, path: "one", dependsOn: [{ name: "circle-b" }] });
        await sync("circle-b", { sourceRef, path: "one", dependsOn: [{ name: "circle-a" }] });
        const circle = await settled(
          KUSTOMIZATIONS,
          "circle-b",
          (now) => ready(now)?.message.includes("circle") === true,
        );
        expect(ready(circle)?.message).toBe(
          "dependencies go in a circle: apps/circle-b -> apps/circle-a -> apps/circle-b",
        );
      });

      test("health: passes for what is there, fails in time for what is not", async () => {
        const repository = git.repository("health");
        repository.commit({ "a.yaml": map("health") });
        await source("health", repository);
        await sync("health", { wait: true });
        const object = await whenReady(KUSTOMIZATIONS, "health");
        expect(conditionsOf(object).find(({ type }) => type === "Healthy")).toMatchObject({
          status: "True",
          message: expect.stringMatching(/^Health check passed in /),
        });
        await sync("sick", {
          sourceRef: { kind: "GitRepository", name: "health" },
          // On a slow machine the time may be over before the health check begins: then the next pass shows it.
          timeout: "1s",
          retryInterval: "1s",
          healthChecks: [{ apiVersion: "v1", kind: "ConfigMap", name: "gone", namespace: "apps" }],
        });
        const sick = await whenFailed(KUSTOMIZATIONS, "sick", "HealthCheckFailed");
        expect(ready(sick)?.message).toMatch(
          /^health check failed after \S+s: timeout waiting for: \[ConfigMap\/apps\/gone status: 'NotFound'\]$/,
        );
        expect(fieldAt(sick, "status", "inventory", "entries")).toHaveLength(1);
        expect(fieldAt(sick, "status", "lastAppliedRevision")).toBeUndefined();
      });

      test("drift is corrected on request; a pruned-off object is let go", async () => {
        const repository = git.repository("drift");
        repository.commit({ "a.yaml": map("drift-a"), "b.yaml": map("drift-b"), "c.yaml": map("drift-c") });
        await source("drift", repository);
        await sync("drift");
        await whenReady(KUSTOMIZATIONS, "drift");
        await change(MAPS, "drift-a", { data: { a: "edited" } });
        await change(MAPS, "drift-b", {
          metadata: { annotations: { "kustomize.toolkit.fluxcd.io/prune": "disabled" } },
        });
        await poke(KUSTOMIZATIONS, "drift", "1");
        await until("the drift is gone", async () => fieldAt(await read(MAPS, "drift-a"), "data", "a") === "1");
        await settled(KUSTOMIZATIONS, "drift", (now) => fieldAt(now, "status", "lastHandledReconcileAt") === "1");
        await change(MAPS, "drift-c", { metadata: { labels: { "kustomize.toolkit.fluxcd.io/name": "another" } } });
        repository.commit({ "b.yaml": null, "c.yaml": null });
        await poke(GIT_REPOSITORIES, "drift", "1");
        await settled(KUSTOMIZATIONS, "drift", (now) => listAt(now, "status", "inventory", "entries").length === 1);
        expect(await read(MAPS, "drift-b")).toBeDefined();
        expect(await read(MAPS, "drift-c")).toBeDefined();
      });

      test.concurrent.each<[string, object, boolean]>([
        ["delete-mirror", {}, false],
        ["delete-no-prune", { prune: false }, true],
        ["delete-orphan", { deletionPolicy: "Orphan" }, true],
        ["delete-always", { prune: false, deletionPolicy: "Delete" }, false],
        ["delete-waiting", { deletionPolicy: "WaitForTermination" }, false],
      ])("%s: what was applied stays: %j", async (key, spec, stays) => {
        await sync(key, { sourceRef: { kind: "GitRepository", name: "deleted" }, path: key, ...spec });
        await whenReady(KUSTOMIZATIONS, key);
        await client.delete(KUSTOMIZATIONS, { namespace: "apps", name: key });
        await until("it is gone", async () => (await read(KUSTOMIZATIONS, key)) === undefined);
        expect((await read(MAPS, key)) !== undefined).toBe(stays);
      });

      test("suspended: nothing is applied, and deleting it deletes nothing", async () => {
        const repository = git.repository("asleep");
        repository.commit({ "a.yaml": map("asleep") });
        await source("asleep", repository);
        await sync("asleep");
        await whenReady(KUSTOMIZATIONS, "asleep");
        await change(KUSTOMIZATIONS, "asleep", { spec: { suspend: true } });
        await client.delete(KUSTOMIZATIONS, { namespace: "apps", name: "asleep" });
        await until("it is gone", async () => (await read(KUSTOMIZATIONS, "asleep")) === undefined);
        expect(await read(MAPS, "asleep")).toBeDefined();
      });

      test("an empty directory is valid, and prunes everything", async () => {
        const repository = git.repository("emptied");
        repository.commit({ "d/a.yaml": map("emptied"), "d/README.md": "x" });
        await source("emptied", repository);
        await sync("emptied", { path: "d" });
        await whenReady(KUSTOMIZATIONS, "emptied");
        const commit = repository.commit({ "d/a.yaml": null });
        await poke(GIT_REPOSITORIES, "emptied", "1");
        await whenReady(KUSTOMIZATIONS, "emptied", commit);
        expect(await read(MAPS, "emptied")).toBeUndefined();
      });
    });

    describe("after a restart with other settings", () => {
      test("goes on where it was; defaults and bars hold", async () => {
        await controllers.stop(2000);
        const repository = git.repository("again");
        repository.commit({ "a.yaml": map("again") });
        await source("again", repository);
        await sync("again");
        await client.create(KUSTOMIZATIONS, {
          apiVersion: "kustomize.toolkit.fluxcd.io/v1",
          kind: "Kustomization",
          metadata: { name: "crossing", namespace: "other" },
          spec: {
            interval: "10m",
            prune: true,
            sourceRef: { kind: "GitRepository", name: "again", namespace: "apps" },
          },
        });
        await startAll({ defaultServiceAccount: "default", noCrossNamespaceRefs: true });
        const object = await whenFailed(KUSTOMIZATIONS, "again", "ReconciliationFailed");
        expect(ready(object)?.message).toContain('"system:serviceaccount:apps:default" cannot');
        let crossing: KubeObject | undefined;
        await until("the reference is blocked", async () => {
          crossing = await read(KUSTOMIZATIONS, "crossing", "other");
          return ready(crossing)?.reason === "AccessDenied";
        });
        expect(ready(crossing)?.message).toBe(
          "can't access 'GitRepository/apps/again', cross-namespace references have been blocked",
        );
        expect(ready(await read(GIT_REPOSITORIES, "plain"))?.status).toBe("True");
      });
    });
  });
}
