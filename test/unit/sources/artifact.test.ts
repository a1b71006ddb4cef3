import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkOut, parseGitUrl, withRepository } from "../../../src/git/index.ts";
import {
  type ArtifactServer,
  ArtifactStorage,
  digestOf,
  fetchArtifact,
  gitTree,
  packArtifact,
  serveArtifacts,
} from "../../../src/sources/index.ts";
import { fromTarGz, treeFromEntries } from "../../../src/tree/index.ts";
import { startTestGit, type TestGit } from "../../helpers/git-server.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const owner = { kind: "GitRepository", namespace: "apps", name: "fleet" };
let root: string;
let server: ArtifactServer;
let storage: ArtifactStorage;
let now = 1_700_000_000_000;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "sealkit-test-storage-"));
  server = await serveArtifacts(root);
  storage = new ArtifactStorage({ root, advertisedAddress: () => server.address, now: () => now });
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true });
});

const pack = (text: string) => packArtifact(treeFromEntries([{ kind: "file", path: "a", bytes: bytes(text) }]));
const put = async (file: string, text: string) =>
  storage.store(owner, { file, revision: `main@sha1:${file}`, packed: await pack(text) });

describe("ArtifactStorage", () => {
  test("stores, serves, verifies and gives back the same tree", async () => {
    const artifact = await put("one.tar.gz", "1");
    expect(artifact).toEqual({
      path: "gitrepository/apps/fleet/one.tar.gz",
      url: `http://${server.address}/gitrepository/apps/fleet/one.tar.gz`,
      revision: "main@sha1:one.tar.gz",
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      lastUpdateTime: "2023-11-14T22:13:20Z",
      size: expect.any(Number),
    });
    const tree = await fromTarGz(await fetchArtifact(artifact, { timeoutMs: 60_000 }));
    expect(await tree.read("a")).toEqual(bytes("1"));
    expect(await storage.verify(artifact)).toBe("intact");
    expect(readdirSync(join(root, "gitrepository/apps/fleet"))).toEqual(["one.tar.gz"]);
  });

  test("says what is missing and what was changed", async () => {
    const artifact = await put("two.tar.gz", "2");
    writeFileSync(join(root, artifact.path), "other");
    expect(await storage.verify(artifact)).toBe("damaged");
    await expect(fetchArtifact(artifact, { timeoutMs: 60_000 })).rejects.toMatchObject({
      code: "SOURCE_DIGEST_MISMATCH",
    });
    rmSync(join(root, artifact.path));
    expect(await storage.verify(artifact)).toBe("missing");
    await expect(fetchArtifact(artifact, { timeoutMs: 60_000 })).rejects.toMatchObject({
      code: "SOURCE_ARTIFACT_MISSING",
    });
    expect(await storage.verify({ path: "../../etc/passwd", digest: "sha256:0" })).toBe("missing");
  });

  test("collects what is old and what is too many, never the current one", async () => {
    await storage.removeAll(owner);
    const artifacts = [];
    for (const name of ["a", "b", "c", "d"]) artifacts.push(await put(`${name}.tar.gz`, name));
    const at = (path: string, seconds: number) => utimesSync(join(root, path), seconds, seconds);
    for (const [index, { path }] of artifacts.entries()) at(path, now / 1000 - 10 * index);
    expect(await storage.collectGarbage(owner, artifacts[3]!.path)).toBe(2);
    expect(readdirSync(join(root, "gitrepository/apps/fleet")).sort()).toEqual(["a.tar.gz", "d.tar.gz"]);
    now += 61_000;
    expect(await storage.collectGarbage(owner, artifacts[3]!.path)).toBe(1);
    expect(readdirSync(join(root, "gitrepository/apps/fleet"))).toEqual(["d.tar.gz"]);
    await storage.removeAll(owner);
    expect(existsSync(join(root, "gitrepository/apps/fleet"))).toBe(false);
  });

  test.each(["../x", "a/b", "", ".x"])("refuses the file name %j", async (file) => {
    await expect(put(file, "x")).rejects.toBeInstanceOf(RangeError);
  });

  test.each([
    { ...owner, name: "../../x" },
    { ...owner, namespace: "" },
    { ...owner, name: "A/B" },
  ])("refuses the owner %j", async (evil) => {
    await expect(storage.removeAll(evil)).rejects.toBeInstanceOf(RangeError);
  });

  test.runIf(process.getuid?.() !== 0)("a folder that cannot be written is one clear error", async () => {
    const closed = join(root, "closed");
    mkdirSync(closed, { mode: 0o500 });
    const wrong = new ArtifactStorage({ root: closed, advertisedAddress: () => "x", now: () => now });
    await expect(
      wrong.store(owner, { file: "x.tar.gz", revision: "r", packed: await pack("x") }),
    ).rejects.toMatchObject({ code: "SOURCE_STORAGE_FAILED" });
  });

  test("a root that cannot be is told at once", async () => {
    writeFileSync(join(root, "file"), "");
    const wrong = new ArtifactStorage({ root: join(root, "file"), advertisedAddress: () => "x", now: () => now });
    await expect(wrong.prepare()).rejects.toMatchObject({ code: "SOURCE_STORAGE_FAILED" });
    await storage.prepare();
  });

  test("a failing write leaves the old file and no half one", async () => {
    const artifact = await put("keep.tar.gz", "old");
    const blocked = new ArtifactStorage({
      root: join(root, artifact.path),
      advertisedAddress: () => "x",
      now: () => now,
    });
    await expect(
      blocked.store(owner, { file: "y.tar.gz", revision: "r", packed: await pack("y") }),
    ).rejects.toMatchObject({ code: "SOURCE_STORAGE_FAILED" });
    expect(await storage.verify(artifact)).toBe("intact");
  });
});

describe("serveArtifacts()", () => {
  test.each([
    ["/", 404],
    ["/gitrepository", 404],
    ["/gitrepository/apps/fleet/", 404],
    ["/gitrepository/apps/fleet/..%2f..%2fx", 404],
    ["/gitrepository/../../../etc/passwd", 404],
    ["/gitrepository/apps/fleet/link.tar.gz", 404],
    ["/gitrepository/apps/fleet/served.tar.gz", 200],
  ])("%s gives %d", async (path, status) => {
    await put("served.tar.gz", "x");
    symlinkSync("/etc/passwd", join(root, "gitrepository/apps/fleet/link.tar.gz"));
    const response = await fetch(`http://${server.address}${path}`);
    expect(response.status).toBe(status);
    rmSync(join(root, "gitrepository/apps/fleet/link.tar.gz"));
  });

  test("a port in use is one clear error", async () => {
    const port = Number(server.address.split(":")[1]);
    await expect(serveArtifacts(root, { port })).rejects.toMatchObject({
      code: "SOURCE_LISTEN",
      message: `Cannot serve artifacts on 127.0.0.1:${port}: the port is in use`,
    });
  });

  test("only GET and HEAD", async () => {
    expect((await fetch(`http://${server.address}/x`, { method: "PUT", body: "x" })).status).toBe(405);
  });
});

describe("fetchArtifact()", () => {
  test.each<[string, string, string]>([
    ["file:///etc/passwd", digestOf(bytes("")), "SOURCE_ARTIFACT_REFUSED"],
    ["http://127.0.0.1:1/x", "md5:0", "SOURCE_ARTIFACT_REFUSED"],
    ["http://127.0.0.1:1/x", digestOf(bytes("")), "SOURCE_FETCH_FAILED"],
  ])("%s with %s is refused with %s", async (url, digest, code) => {
    await expect(fetchArtifact({ url, digest }, { timeoutMs: 60_000, retries: 0 })).rejects.toMatchObject({ code });
  });

  test("tries again after 503, follows no redirect, stops at the limit", async () => {
    let calls = 0;
    const flaky = createServer((request, response) => {
      calls += 1;
      if (request.url === "/redirect") response.writeHead(302, { location: "/ok" }).end();
      else if (calls < 3) response.writeHead(503).end();
      else response.end("fine");
    });
    await new Promise<void>((resolve) => flaky.listen(0, "127.0.0.1", resolve));
    const base = `http://127.0.0.1:${(flaky.address() as AddressInfo).port}`;
    const digest = digestOf(bytes("fine"));
    expect(await fetchArtifact({ url: `${base}/ok`, digest }, { timeoutMs: 60_000 })).toEqual(bytes("fine"));
    await expect(fetchArtifact({ url: `${base}/redirect`, digest }, { timeoutMs: 60_000 })).rejects.toMatchObject({
      code: "SOURCE_FETCH_FAILED",
    });
    await expect(
      fetchArtifact({ url: `${base}/ok`, digest }, { timeoutMs: 60_000, maxBytes: 3 }),
    ).rejects.toMatchObject({
      code: "SOURCE_ARTIFACT_TOO_LARGE",
    });
    flaky.close();
  });
});

describe("gitTree()", () => {
  let git: TestGit;
  beforeAll(async () => {
    git = await startTestGit();
  });
  afterAll(() => git.close());

  const treeOf = (url: string, options: Parameters<typeof gitTree>[2] = {}) =>
    withRepository({ url: parseGitUrl(url), credentials: {}, timeoutMs: 60_000 }, async (repository) => {
      const { commit } = await checkOut(repository, { branch: "main" });
      return gitTree(repository, commit.hash, options);
    });

  test("ignore files, links inside and links out", async () => {
    const repository = git.repository("tree");
    repository.commit({
      ".sourceignore": "*.md\n/alias/only-here.yaml\n",
      ".gitignore": "x",
      "README.md": "no",
      "app/.sourceignore": "/draft.yaml\n",
      "app/draft.yaml": "no",
      "app/a.yaml": "yes",
      "app/only-here.yaml": "yes",
      "other/draft.yaml": "yes",
      alias: { link: "app" },
      evil: { link: "../../../etc/passwd" },
      hidden: { link: "README.md" },
    });
    const { tree, leftOut } = await treeOf(git.at(repository));
    expect(tree.paths()).toEqual([
      ".sourceignore",
      "alias/.sourceignore",
      "alias/a.yaml",
      "app/.sourceignore",
      "app/a.yaml",
      "app/only-here.yaml",
      "other/draft.yaml",
    ]);
    expect(leftOut.map(({ path, reason }) => `${path} ${reason}`).sort()).toEqual([
      "evil leads out of the tree",
      "hidden leads to nothing",
    ]);
  });

  test("the same content gives the same digest, whatever the history", async () => {
    const files = { "a.yaml": "1", "b/c.yaml": "2" };
    const one = git.repository("same-one");
    one.commit(files);
    const two = git.repository("same-two");
    two.commit({ "z.yaml": "gone" });
    two.commit({ "z.yaml": null, ...files }, "other");
    const digest = async (url: string) => (await packArtifact((await treeOf(url)).tree)).digest;
    expect(await digest(git.at(one))).toBe(await digest(git.at(two)));
  });

  test("thousands of files, and a limit on them before anything is read", async () => {
    const repository = git.repository("many");
    repository.commit(Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`d${n % 50}/f${n}.yaml`, `n: ${n}`])));
    expect((await treeOf(git.at(repository))).tree.paths()).toHaveLength(3000);
    await expect(treeOf(git.at(repository), { limits: { maxFiles: 1000 } })).rejects.toMatchObject({
      code: "TREE_TOO_LARGE",
    });
    await expect(treeOf(git.at(repository), { limits: { maxFileBytes: 4 } })).rejects.toMatchObject({
      code: "TREE_TOO_LARGE",
    });
    expect(
      (await treeOf(git.at(repository), { ignore: "/*\n!/d1", limits: { maxFiles: 100 } })).tree.paths(),
    ).toHaveLength(60);
  });
});
