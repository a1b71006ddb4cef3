import { parse } from "semver";
import { describe, expect, test } from "vitest";
import { credentialsFromSecret, hashOfRevision, parseGitUrl, wantedRef } from "../../../src/git/index.ts";
import { choices, parseRemoteRefs } from "../../../src/git/refs.ts";
import { newestMatching, parseRange, satisfies } from "../../../src/git/semver-range.ts";
import { gitEnvironment, presentable, sameOrigin, secretForms } from "../../../src/git/settings.ts";

describe("parseGitUrl()", () => {
  test.each([
    ["https://example.com/a/b", "https://example.com/a/b"],
    ["http://127.0.0.1:8080/x.git", "http://127.0.0.1:8080/x.git"],
    ["ssh://git@example.com:2222/a/b", "ssh://git@example.com:2222/a/b"],
    ["ssh://example.com/a", "ssh://git@example.com/a"],
  ])("takes %s", (text, want) => {
    expect(parseGitUrl(text).text).toBe(want);
  });

  test.each([
    "",
    "file:///etc",
    "/etc/passwd",
    "git@example.com:a/b",
    "git://example.com/a",
    "ext::sh -c id",
    "https://",
    "https://example.com",
    "https://user:hunter2@example.com/a",
    "https://token@example.com/a",
    "ssh://git:hunter2@example.com/a",
    "ssh://-oProxyCommand=id/a",
    "ssh://-oProxyCommand=id@example.com/a",
    "ssh://git@-oProxyCommand=id/a",
    "https://example.com/a\nb",
    "https://example.com/a b",
    "https://example.com/a#b",
    "javascript:alert(1)",
    `https://example.com/${"a".repeat(3000)}`,
  ])("refuses %j, without its password", (text) => {
    expect(() => parseGitUrl(text)).toThrow(expect.objectContaining({ code: "GIT_URL_REFUSED" }));
    try {
      parseGitUrl(text);
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).not.toContain("hunter2");
    }
  });
});

describe("wantedRef()", () => {
  const hash = "a".repeat(40);
  test.each([
    [undefined, { kind: "ref", ref: "refs/heads/master", label: "master" }],
    [{}, { kind: "ref", ref: "refs/heads/master", label: "master" }],
    [{ branch: "f/x" }, { kind: "ref", ref: "refs/heads/f/x", label: "f/x" }],
    [
      { branch: "b", tag: "v1" },
      { kind: "ref", ref: "refs/tags/v1", label: "v1" },
    ],
    [
      { tag: "v1", semver: "1.x" },
      { kind: "semver", range: "1.x" },
    ],
    [
      { semver: "1.x", name: "refs/pull/1/head" },
      { kind: "ref", ref: "refs/pull/1/head", label: "refs/pull/1/head" },
    ],
    [
      { name: "refs/x/y", commit: hash, branch: "b" },
      { kind: "commit", hash, branch: "b" },
    ],
  ])("%j looks for %j", (spec, want) => {
    expect(wantedRef(spec)).toEqual(want);
  });

  test.each([
    { branch: "a:b" },
    { branch: "a b" },
    { branch: "-x" },
    { branch: "../x" },
    { branch: "a..b" },
    { branch: "a/.b" },
    { branch: "a.lock" },
    { branch: "a//b" },
    { branch: "a/" },
    { branch: "*" },
    { branch: "a@{1}" },
    { branch: "a\0b" },
    { tag: "v1^{}" },
    { name: "HEAD" },
    { name: "--upload-pack=id" },
    { name: "refs/heads/+x:y" },
    { commit: "abc123" },
    { commit: "HEAD" },
    { commit: `${hash}^` },
    { branch: "a:b", commit: hash },
  ])("refuses %j", (spec) => {
    expect(() => wantedRef(spec)).toThrow(expect.objectContaining({ code: "GIT_REF_REFUSED" }));
  });
});

describe("semver ranges as Masterminds reads them", () => {
  test.each<[string, string, boolean]>([
    [">=1.2.0, <2", "1.9.9", true],
    [">=1.2.0, <2", "2.0.0", false],
    [">= 1.2.0 < 2.0.0", "1.2.0", true],
    ["!=1.2.4", "1.2.4", false],
    ["!=1.2.4", "1.2.5", true],
    ["!=1.2", "1.2.9", false],
    ["1.2.3", "1.2.3", true],
    ["v1.2.3", "1.2.3", true],
    ["1.2", "1.2.7", true],
    ["1.x", "1.9.0", true],
    ["1.2.x", "1.3.0", false],
    ["*", "0.0.1", true],
    ["*", "1.0.0-rc.1", false],
    [">=0.0.0-0", "1.0.0-rc.1", true],
    [">=1.0.0-0, <2.0.0", "1.5.0-rc.1", false],
    [">=1.0.0-0, <2.0.0-0", "1.5.0-rc.1", true],
    ["~1.2.3", "1.2.9", true],
    ["~1.2.3", "1.3.0", false],
    ["~1", "1.9.0", true],
    ["~1", "2.0.0", false],
    ["^1.2.3", "1.9.0", true],
    ["^1.2.3", "1.2.2", false],
    ["^0.2.3", "0.2.9", true],
    ["^0.2.3", "0.3.0", false],
    ["^0.0.3", "0.0.4", false],
    ["^0.0", "0.0.9", true],
    ["^0", "0.9.0", true],
    ["^0", "1.0.0", false],
    ["<=1.2", "1.2.9", true],
    ["<=1.2", "1.3.0", false],
    [">1.2", "1.2.9", false],
    [">1.2", "1.3.0", true],
    ["1.2 - 2.3.4", "2.3.4", true],
    ["1.2 - 2.3.4", "2.3.5", false],
    ["<1 || >=3", "3.1.0", true],
    ["<1 || >=3", "2.0.0", false],
  ])("%s and %s: %s", (range, version, want) => {
    expect(satisfies(parse(version)!, parseRange(range))).toBe(want);
  });

  test.each(["", "  ", "abc", ">=", "1.2.3.4", ">=1.0,,<2", "1.0 ||", "><1", "x".repeat(1000)])(
    "refuses %j",
    (range) => {
      expect(() => parseRange(range)).toThrow(expect.objectContaining({ code: "GIT_SEMVER_RANGE" }));
    },
  );

  test("takes the newest tag of three numbers, with or without v, and all that tie", () => {
    const tags = ["v1.2", "1.9.0", "v1.10.0", "v2.0.0-rc.1", "latest", "v1.10.0+b", "1.10"];
    expect(newestMatching(parseRange("1.x"), tags)).toEqual(["v1.10.0+b", "v1.10.0"]);
    expect(newestMatching(parseRange("<1"), tags)).toEqual([]);
  });
});

describe("remote references", () => {
  const [a, b, c] = ["a", "b", "c"].map((letter) => letter.repeat(40));
  const refs = parseRemoteRefs(
    `${a}\tHEAD\n${a}\trefs/heads/main\n${b}\trefs/tags/v1.0.0\n${c}\trefs/tags/v1.0.0^{}\nrubbish\n`,
  );

  test("an annotated tag stands for its commit", () => {
    expect(choices({ kind: "ref", ref: "refs/tags/v1.0.0", label: "v1.0.0" }, refs)).toMatchObject([{ commit: c }]);
    expect(choices({ kind: "semver", range: "1.x" }, refs)).toMatchObject([{ commit: c, label: "v1.0.0" }]);
    expect(choices({ kind: "ref", ref: "refs/heads/gone", label: "gone" }, refs)).toEqual([]);
  });

  test.each([
    [`main@sha1:${a}`, a],
    [`sha1:${a}`, a],
    [`main/${a}`, a],
    [`main@sha256:${a}${"0".repeat(24)}`, `${a}${"0".repeat(24)}`],
    ["latest", undefined],
  ])("the hash of %s", (revision, want) => {
    expect(hashOfRevision(revision)).toBe(want);
  });
});

describe("credentialsFromSecret()", () => {
  const data = (entries: Record<string, string>) =>
    new Map(Object.entries(entries).map(([key, value]) => [key, new TextEncoder().encode(value)]));
  const https = parseGitUrl("https://example.com/a");
  const ssh = parseGitUrl("ssh://git@example.com/a");

  test("reads logins, authorities and client certificates", () => {
    expect(credentialsFromSecret("s", data({ username: "u", password: "p", "ca.crt": "CA" }), https)).toEqual({
      login: { kind: "basic", username: "u", password: "p" },
      tls: { ca: "CA" },
    });
    expect(credentialsFromSecret("s", data({ bearerToken: "t\n" }), https)).toEqual({
      login: { kind: "bearer", token: "t" },
    });
    expect(credentialsFromSecret("s", data({ identity: "K", known_hosts: "h k v" }), ssh)).toEqual({
      login: { kind: "ssh", identity: "K\n", knownHosts: "h k v" },
    });
  });

  test.each([
    [{}, https],
    [{ username: "hunter2" }, https],
    [{ password: "hunter2" }, https],
    [{ username: "a:b", password: "hunter2" }, https],
    [{ bearerToken: "hunter2\r\nX-Evil: 1" }, https],
    [{ bearerToken: "" }, https],
    [{ "tls.crt": "c" }, https],
    [{ "tls.key": "hunter2" }, https],
    [{ githubAppID: "1", username: "u", password: "hunter2" }, https],
    [{ username: "u", password: "hunter2" }, ssh],
    [{ identity: "hunter2" }, ssh],
    [{ identity: "hunter2", known_hosts: " \n" }, ssh],
    [{ identity: "hunter2", known_hosts: "h k v", password: "hunter2" }, ssh],
  ])("refuses %j and shows no value", (entries, url) => {
    expect.assertions(2);
    try {
      credentialsFromSecret("creds", data(entries), url);
    } catch (error) {
      expect(error).toMatchObject({ code: "GIT_CREDENTIALS_REFUSED" });
      expect(JSON.stringify(error) + String(error)).not.toContain("hunter2");
    }
  });
});

describe("what git is given", () => {
  const files = {
    emptyHome: "/e",
    ca: undefined,
    clientCertificate: undefined,
    clientKey: undefined,
    sshConfig: undefined,
  };

  test("nothing of the outer environment but the way to the network", () => {
    const env = gitEnvironment(
      files,
      {},
      { PATH: "/bin", HOME: "/root", GIT_SSH_COMMAND: "evil", GIT_DIR: "/x", AWS_SECRET: "s", https_proxy: "p" },
    );
    expect(env).toMatchObject({ PATH: "/bin", HOME: "/e", https_proxy: "p", GIT_SSH_COMMAND: "/nonexistent/ssh" });
    expect(Object.keys(env)).not.toContain("GIT_DIR");
    expect(JSON.stringify(env)).not.toContain("AWS");
  });

  test("secrets are masked in every form they are sent in", () => {
    const login = { kind: "basic", username: "user", password: "hunter2" } as const;
    const said = `remote: ${Buffer.from("user:hunter2").toString("base64")} and hunter2\u001b[31m\nhint: x\nfatal: no\n`;
    expect(presentable(said, secretForms({ login }))).toBe("remote: *** and *** [31m; fatal: no");
  });

  test.each([
    ["http://h/a", "http://h/b", true],
    ["http://h/a", "https://h/b", true],
    ["https://h/a", "http://h/b", false],
    ["https://h/a", "https://g/b", false],
    ["https://h/a", "https://h:444/b", false],
    ["https://h/a", "https://h.evil/b", false],
  ])("credentials for %s may go to %s: %s", (from, to, want) => {
    expect(sameOrigin(parseGitUrl(from), new URL(to))).toBe(want);
  });
});
