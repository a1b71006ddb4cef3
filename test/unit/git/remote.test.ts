import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createServerIdentity } from "../../../sandbox/tls/certificates.ts";
import {
  checkOut,
  type GitConnection,
  parseGitUrl,
  type RefSpec,
  remoteRevision,
  removeLeftovers,
  withRepository,
} from "../../../src/git/index.ts";
import { startTestGit, type TestGit, type TestRepository } from "../../helpers/git-server.ts";

const seen: { url: string; headers: IncomingHttpHeaders }[] = [];
let git: TestGit;
let temp: string;
let redirectTo: string | undefined;
let demand: string | undefined;

beforeAll(async () => {
  temp = mkdtempSync(join(tmpdir(), "sealkit-test-temp-"));
  git = await startTestGit({
    intercept: (request, response) => {
      seen.push({ url: request.url ?? "", headers: request.headers });
      if (redirectTo !== undefined && !request.url?.startsWith("/moved")) {
        response.writeHead(301, { location: `${redirectTo}${request.url}` }).end();
        return true;
      }
      if (demand !== undefined && request.headers.authorization !== demand) {
        const leak = `you sent ${request.headers.authorization}`;
        response.writeHead(401, { "www-authenticate": "Basic", "content-type": "text/plain" }).end(leak);
        return true;
      }
      return false;
    },
  });
});

afterAll(async () => {
  await git.close();
  expect(readdirSync(temp)).toEqual([]);
  rmSync(temp, { recursive: true });
});

const connect = (url: string, more: Partial<GitConnection> = {}): GitConnection => ({
  url: parseGitUrl(url),
  credentials: {},
  timeoutMs: 60_000,
  tempFolder: temp,
  ...more,
});

const fetchAt = (repository: TestRepository, spec?: RefSpec) =>
  withRepository(connect(git.at(repository)), (remote) => checkOut(remote, spec));

describe("checkOut()", () => {
  let repository: TestRepository;
  const hashes: Record<string, string> = {};

  beforeAll(() => {
    repository = git.repository("refs");
    hashes["one"] = repository.commit({ "a.yaml": "one" }, "first line\n\nmore");
    repository.git("tag", "v1.0.0");
    hashes["two"] = repository.commit({ "a.yaml": "two" });
    repository.git("tag", "-a", "v1.1.0", "-m", "annotated");
    repository.git("tag", "v1.1.0+build");
    repository.git("branch", "feature/x");
    hashes["three"] = repository.commit({ "a.yaml": "three" });
    repository.git("tag", "v1.1.0+later");
    repository.git("update-ref", "refs/pull/7/head", hashes["one"]);
  });

  test.each<[RefSpec, string, string]>([
    [{ branch: "main" }, "main@sha1", "three"],
    [{ branch: "feature/x" }, "feature/x@sha1", "two"],
    [{ tag: "v1.0.0" }, "v1.0.0@sha1", "one"],
    [{ tag: "v1.1.0" }, "v1.1.0@sha1", "two"],
    [{ name: "refs/pull/7/head" }, "refs/pull/7/head@sha1", "one"],
    [{ semver: "1.0.x" }, "v1.0.0@sha1", "one"],
    [{ semver: ">=1.0.0" }, "v1.1.0+later@sha1", "three"],
  ])("%j gives %s of commit %s", async (spec, label, commit) => {
    const { revision, commit: found } = await fetchAt(repository, spec);
    expect(revision).toBe(`${label}:${hashes[commit]}`);
    expect(found.hash).toBe(hashes[commit]);
  });

  test("a commit, alone and on its branch", async () => {
    const one = hashes["one"] ?? "";
    expect((await fetchAt(repository, { commit: one })).revision).toBe(`sha1:${one}`);
    expect(await fetchAt(repository, { commit: one, branch: "feature/x" })).toMatchObject({
      revision: `feature/x@sha1:${one}`,
      commit: { subject: "first line" },
    });
  });

  test.each<[string, RefSpec | undefined, string]>([
    ["no ref means master", undefined, "GIT_REF_NOT_FOUND"],
    ["an unknown branch", { branch: "gone" }, "GIT_REF_NOT_FOUND"],
    ["an unknown tag", { tag: "v9" }, "GIT_REF_NOT_FOUND"],
    ["the end of another name", { branch: "x" }, "GIT_REF_NOT_FOUND"],
    ["a range without a match", { semver: ">=9" }, "GIT_NO_SEMVER_MATCH"],
    ["a commit that is nowhere", { commit: "f".repeat(40) }, "GIT_REF_NOT_FOUND"],
    ["a malicious branch", { branch: "main:refs/heads/y" }, "GIT_REF_REFUSED"],
  ])("refuses %s", async (_name, spec, code) => {
    await expect(fetchAt(repository, spec)).rejects.toMatchObject({ code });
  });

  test("a commit of another branch is refused", async () => {
    await expect(fetchAt(repository, { commit: hashes["three"] ?? "", branch: "feature/x" })).rejects.toMatchObject({
      code: "GIT_REF_NOT_FOUND",
    });
  });

  test("an empty repository says so", async () => {
    const empty = git.repository("empty");
    await expect(fetchAt(empty, { branch: "main" })).rejects.toMatchObject({ code: "GIT_EMPTY_REPOSITORY" });
  });

  test("the remote revision is known without a fetch, except for tags that tie", async () => {
    const look = (spec: RefSpec) =>
      withRepository(connect(git.at(repository)), (remote) => remoteRevision(remote, spec));
    expect(await look({ branch: "main" })).toBe(`main@sha1:${hashes["three"]}`);
    expect(await look({ tag: "v1.1.0" })).toBe(`v1.1.0@sha1:${hashes["two"]}`);
    expect(await look({ semver: ">=1.0.0" })).toBeUndefined();
  });

  test("a force push gives the new history", async () => {
    const forced = git.repository("forced");
    forced.commit({ a: "1" });
    await fetchAt(forced, { branch: "main" });
    forced.git("symbolic-ref", "HEAD", "refs/heads/other");
    const hash = forced.commit({ a: null, b: "2" });
    forced.git("branch", "--force", "main", "other");
    expect((await fetchAt(forced, { branch: "main" })).commit.hash).toBe(hash);
  });

  test("a repository with SHA-256 objects", async () => {
    const wide = git.repository("sha256", { objectFormat: "sha256" });
    const hash = wide.commit({ a: "1" });
    expect((await fetchAt(wide, { branch: "main" })).revision).toBe(`main@sha256:${hash}`);
  });

  test("a repository that vanished", async () => {
    const gone = git.repository("gone");
    gone.commit({ a: "1" });
    rmSync(gone.folder, { recursive: true });
    await expect(fetchAt(gone, { branch: "main" })).rejects.toMatchObject({ code: "GIT_UNREACHABLE" });
  });
});

describe("files of a commit", () => {
  test("content comes straight from the objects: no checkout, no submodule, no smudge, no hook", async () => {
    const repository = git.repository("files");
    repository.git("config", "protocol.file.allow", "always");
    repository.commit({
      "ü/ö.yaml": "x",
      "run.sh": "#!/bin/sh\ntouch /tmp/pwned\n",
      ".gitattributes": "* filter=evil eol=crlf\n",
      ".gitmodules": '[submodule "m"]\n\tpath = m\n\turl = ../refs\n',
      link: { link: "../../etc/passwd" },
      "empty.yaml": "",
    });
    repository.git("add", "--all", "--force");
    repository.git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},m`);
    repository.git("update-index", "--chmod=+x", "run.sh");
    repository.git("commit", "--quiet", "--amend", "--no-edit");
    await withRepository(connect(git.at(repository)), async (remote) => {
      const { commit } = await checkOut(remote, { branch: "main" });
      const files = await remote.files(commit.hash);
      expect(files.map(({ kind, path, executable }) => `${kind} ${path}${executable ? "*" : ""}`)).toEqual([
        "file .gitattributes",
        "file .gitmodules",
        "file empty.yaml",
        "link link",
        "submodule m",
        "file run.sh*",
        "file ü/ö.yaml",
      ]);
      const wanted = files.filter(({ kind }) => kind !== "submodule");
      const found = await remote.read(
        wanted.map(({ hash }) => hash),
        wanted.reduce((sum, { bytes }) => sum + bytes, 0),
      );
      const text = (path: string) =>
        new TextDecoder().decode(found.get(files.find((file) => file.path === path)!.hash));
      expect([text("ü/ö.yaml"), text("link"), text("empty.yaml")]).toEqual(["x", "../../etc/passwd", ""]);
    });
    expect(existsSync("/tmp/pwned")).toBe(false);
  });

  test("objects that fail fsck are refused", async () => {
    const repository = git.repository("fsck");
    repository.commit({ a: "1" });
    const blob = repository.git("hash-object", "-w", "a");
    const raw = Buffer.concat([Buffer.from("100644 .git\0"), Buffer.from(blob, "hex")]);
    const { execFileSync } = await import("node:child_process");
    const tree = execFileSync("git", ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], {
      cwd: repository.folder,
      input: raw,
      encoding: "utf8",
    }).trim();
    const commit = repository.git("commit-tree", tree, "-m", "evil");
    repository.git("update-ref", "refs/heads/main", commit);
    await expect(fetchAt(repository, { branch: "main" })).rejects.toMatchObject({ code: "GIT_BAD_OBJECT" });
  });

  test("a repository beyond the limit is given up", async () => {
    const repository = git.repository("large");
    const { randomBytes } = await import("node:crypto");
    repository.commit({ big: randomBytes(20_000_000) });
    await expect(
      withRepository(connect(git.at(repository), { limits: { maxListingBytes: 10 } }), (remote) =>
        checkOut(remote, { branch: "main" }),
      ),
    ).rejects.toMatchObject({ code: "GIT_TOO_LARGE" });
  });
});

describe("credentials", () => {
  const login = { kind: "basic", username: "user", password: "hunter2!secret" } as const;
  const header = `Basic ${Buffer.from("user:hunter2!secret").toString("base64")}`;
  let repository: TestRepository;
  let elsewhere: Server;
  const stolen: IncomingHttpHeaders[] = [];
  let elsewhereUrl: string;

  beforeAll(async () => {
    repository = git.repository("private");
    repository.commit({ a: "1" });
    elsewhere = createServer((request, response) => {
      stolen.push(request.headers);
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    elsewhereUrl = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    elsewhere.close();
  });

  const attempt = (credentials: GitConnection["credentials"]) =>
    withRepository(connect(git.at(repository), { credentials }), (remote) =>
      checkOut(remote, { branch: "main" }),
    ).finally(() => {
      demand = undefined;
      redirectTo = undefined;
    });

  test("basic and bearer open the door", async () => {
    demand = header;
    expect((await attempt({ login })).revision).toMatch(/^main@sha1:/);
    demand = "Bearer tok-en";
    expect((await attempt({ login: { kind: "bearer", token: "tok-en" } })).revision).toMatch(/^main@sha1:/);
  });

  test.each([
    ["none", {}],
    ["wrong", { login: { ...login, password: "hunter2!wrong" } }],
  ])("%s: refused, and what the server echoes stays masked", async (_name, credentials) => {
    demand = header;
    const error = await attempt(credentials).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "GIT_AUTH_FAILED" });
    expect(JSON.stringify(error) + String(error)).not.toMatch(/hunter2|aHVudGVyMi|dXNlcjp/);
  });

  test("a redirect to another host gets neither the credentials nor a visit", async () => {
    redirectTo = elsewhereUrl;
    const error = await attempt({ login }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "GIT_REDIRECT_REFUSED" });
    expect(stolen).toEqual([]);
    expect(JSON.stringify(error)).toContain(new URL(elsewhereUrl).host);
  });

  test("a redirect on the same host is followed, with the credentials", async () => {
    rmSync(join(git.root, "moved"), { recursive: true, force: true });
    const moved = git.repository("moved/private");
    moved.commit({ a: "moved" });
    redirectTo = `${git.url}/moved`;
    demand = header;
    seen.length = 0;
    expect((await attempt({ login })).revision).toMatch(/^main@sha1:/);
    expect(seen.every(({ headers }) => headers.authorization === header)).toBe(true);
  });
});

describe("https with an authority of one's own", () => {
  const identity = createServerIdentity(Date.now());
  const stranger = createServerIdentity(Date.now());
  let secure: TestGit;
  let repository: TestRepository;
  beforeAll(async () => {
    secure = await startTestGit({ tls: { cert: identity.certificatePem, key: identity.keyPem } });
    repository = secure.repository("r");
    repository.commit({ a: "1" });
  });
  afterAll(() => secure.close());

  test.each<[string, GitConnection["credentials"], string | undefined]>([
    ["its certificate", { tls: { ca: identity.caPem } }, undefined],
    ["no certificate", {}, "GIT_UNREACHABLE"],
    ["another certificate", { tls: { ca: stranger.caPem } }, "GIT_UNREACHABLE"],
    ["a broken certificate", { tls: { ca: "rubbish" } }, "GIT_UNREACHABLE"],
  ])("%s", async (_name, credentials, code) => {
    const attempt = withRepository(connect(secure.at(repository), { credentials }), (remote) =>
      checkOut(remote, { branch: "main" }),
    );
    if (code === undefined) expect((await attempt).revision).toMatch(/^main@sha1:/);
    else await expect(attempt).rejects.toMatchObject({ code });
  });
});

describe("ssh", () => {
  test("gets strict settings, private files, and nothing secret as an argument", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sealkit-test-ssh-"));
    writeFileSync(
      join(folder, "ssh"),
      `#!/bin/sh\nd="${folder}"\nprintf '%s\\n' "$@" > "$d/args"\ncp "$2" "$d/config"\nk=$(sed -n 's/^IdentityFile "\\(.*\\)"$/\\1/p' "$2")\nstat -c %a "$k" > "$d/mode"\necho 'Host key verification failed.' >&2\nexit 255\n`,
      { mode: 0o755 },
    );
    const path = process.env["PATH"] ?? "";
    process.env["PATH"] = `${folder}:${path}`;
    try {
      const credentials = {
        login: { kind: "ssh", identity: "PRIVATE-KEY\n", knownHosts: "h ssh-ed25519 AAAA" },
      } as const;
      await expect(
        withRepository(connect("ssh://deploy@example.com:2222/a/b", { credentials }), (remote) =>
          checkOut(remote, { branch: "main" }),
        ),
      ).rejects.toMatchObject({ code: "GIT_HOST_UNKNOWN" });
    } finally {
      process.env["PATH"] = path;
    }
    const [args, config, mode] = ["args", "config", "mode"].map((name) => readFileSync(join(folder, name), "utf8"));
    expect(args?.split("\n")).toEqual(expect.arrayContaining(["-F", "-p", "2222", "deploy@example.com"]));
    expect(args).not.toContain("PRIVATE-KEY");
    for (const line of [
      "StrictHostKeyChecking yes",
      "BatchMode yes",
      "IdentitiesOnly yes",
      "GlobalKnownHostsFile /dev/null",
      "ProxyCommand none",
    ]) {
      expect(config?.split("\n")).toContain(line);
    }
    expect(mode?.trim()).toBe("600");
    rmSync(folder, { recursive: true });
  });

  test("without known hosts there is no ssh at all", async () => {
    await expect(
      withRepository(connect("ssh://git@127.0.0.1:1/x"), (remote) => checkOut(remote, { branch: "main" })),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^GIT_(FAILED|UNREACHABLE)$/) });
  });
});

test("a temporary folder that cannot be is one clear error", async () => {
  const tempFolder = join(temp, "gone");
  await expect(
    withRepository(connect("http://127.0.0.1:1/x", { tempFolder }), (remote) => checkOut(remote, { branch: "main" })),
  ).rejects.toMatchObject({
    code: "GIT_FAILED",
    message: `Cannot make a folder for the fetch in "${tempFolder}": ENOENT`,
  });
});

describe("removeLeftovers()", () => {
  test("removes folders of dead processes, and leaves others alone", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sealkit-test-left-"));
    const { mkdirSync } = await import("node:fs");
    // 4194304 is above the highest pid that Linux gives.
    for (const name of ["sealkit-git-4194305-aB3dEf", `sealkit-git-${process.ppid}-aB3dEf`, "sealkit-git-x", "other"]) {
      mkdirSync(join(folder, name));
    }
    expect(await removeLeftovers(folder)).toBe(1);
    expect(readdirSync(folder).sort()).toEqual(["other", `sealkit-git-${process.ppid}-aB3dEf`, "sealkit-git-x"]);
    expect(await removeLeftovers(join(folder, "gone"))).toBe(0);
    rmSync(folder, { recursive: true });
  });
});

describe("time", () => {
  let silent: Server;
  let url: string;
  beforeAll(async () => {
    silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/x`;
  });
  afterAll(() => {
    silent.closeAllConnections();
    silent.close();
  });

  test("a server that never answers ends in a timeout", async () => {
    await expect(
      withRepository(connect(url, { timeoutMs: 700 }), (remote) => checkOut(remote, { branch: "main" })),
    ).rejects.toMatchObject({ code: "GIT_TIMEOUT" });
  });

  test("an abort ends it at once", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    await expect(
      withRepository(connect(url, { signal: controller.signal }), (remote) => checkOut(remote, { branch: "main" })),
    ).rejects.toMatchObject({ code: "GIT_ABORTED" });
  });
});
