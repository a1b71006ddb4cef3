import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { askAtItsRate } from "../../../../cli/rotate/rotating-controller.ts";
import { Keyring } from "../../../../src/sealed/index.ts";
import { rotateSealed } from "../../../../src/secrets/index.ts";
import { openSealed, type RepositoryKeys, repositoryKeys, sealedYaml } from "../../../helpers/encrypted-repository.ts";
import { kubeconfigOf } from "../../../helpers/fakes/api.ts";
import { fakeClock } from "../../../helpers/fakes/clock.ts";
import { startServer, type TestServer } from "../../../helpers/http-server.ts";
import { runCli } from "../../../helpers/run-cli.ts";
import { unsealingKey } from "../../../helpers/sealing-keys.ts";

let keys: RepositoryKeys;
let sealed: string;
let server: TestServer;
/** Answers of the controller before it answers well: status and headers. */
let before: [status: number, headers: Record<string, string>][] = [];
/** What it does to its good answers. */
let alter: (answer: Record<string, unknown>) => unknown;

beforeAll(async () => {
  keys = await repositoryKeys();
  sealed = await sealedYaml(keys.old, { password: "hunter2", user: "admin" });
  const keyring = new Keyring([keys.old, keys.newest].map(unsealingKey));
  server = await startServer(({ url, body }, response) => {
    const say = (status: number, text: string, headers = {}) => response.writeHead(status, headers).end(text);
    if (url.endsWith("/cert.pem")) return say(200, keys.newest.certificatePem);
    if (!url.endsWith("/v1/rotate"))
      return say(200, JSON.stringify({ kind: "Service", spec: { ports: [{ name: "" }] } }));
    const odd = before.shift();
    if (odd !== undefined) return say(odd[0], "", odd[1]);
    void rotateSealed(JSON.parse(body), keyring, { spki: keys.newest.certificate.spki }).then(
      ({ spec, metadata }) => {
        // As the original answers: without kind, and with nothing left of the template.
        const items = typeof spec === "object" && spec !== null ? Reflect.get(spec, "encryptedData") : undefined;
        say(200, JSON.stringify(alter({ metadata, spec: { template: { metadata }, encryptedData: items } })));
      },
      () => say(500, ""),
    );
  });
});
afterAll(() => server.close());
beforeEach(() => {
  before = [];
  alter = (answer) => answer;
  server.requests.length = 0;
});

const rotate = (files: Record<string, string>, more = "") =>
  runCli(`rotate --repo repo --via-controller --kubeconfig kc ${more}`, {
    files: { kc: kubeconfigOf(server.url), "repo/x": "", ...files },
  });
const asked = () => server.requests.filter(({ url }) => url.endsWith("/v1/rotate")).length;

describe("rotate --via-controller", () => {
  test("only the items of the answer are taken: template, comments and layout stay", async () => {
    const { code, stderr, files } = await rotate({ "repo/db.yaml": sealed });
    expect([code, stderr]).toEqual([0, expect.stringContaining("the newest key of the controller")]);
    const db = files["repo/db.yaml"]?.text ?? "";
    const shape = (text: string) => text.replace(/: "AQ[^"]*"/g, "");
    expect(shape(db)).toBe(shape(sealed));
    expect((await openSealed(db, keys.newest)).values).toEqual({ password: "hunter2", user: "admin" });
  });

  test("hints tell a second run what is on the newest key: nothing is asked", async () => {
    const first = await rotate({ "repo/db.yaml": sealed }, "--hints");
    expect(first.files["repo/db.yaml"]?.text).toContain(keys.newest.certificate.fingerprint);
    expect(asked()).toBe(1);
    const second = await rotate({ "repo/db.yaml": first.files["repo/db.yaml"]?.text ?? "" });
    expect([second.code, asked(), second.stderr]).toEqual([
      0,
      1,
      expect.stringContaining("1 on the newest key already"),
    ]);
  });

  test.each([
    { name: "an object that it does not open", status: 500, says: "it with none of its keys" },
    { name: "a conflict", status: 409, says: "it with none of its keys" },
  ])("$name: left as it is, exit status 1", async ({ status, says }) => {
    before = [[status, {}]];
    const { code, stdout, files } = await rotate({ "repo/db.yaml": sealed });
    expect([code, stdout]).toEqual([1, expect.stringContaining(says)]);
    expect(files["repo/db.yaml"]?.text).toBe(sealed);
  });

  test.each([
    { name: "fewer items", make: () => ({ spec: { encryptedData: { user: "AAAA" } } }), says: "other items" },
    {
      name: "more items",
      make: () => ({ spec: { encryptedData: { user: "AAAA", password: "AAAA", other: "AAAA" } } }),
      says: "other items",
    },
    {
      name: "items of other names",
      make: () => ({ spec: { encryptedData: { user: "AAAA", other: "AAAA" } } }),
      says: "other items",
    },
    {
      name: "items that are no base64",
      make: () => ({ spec: { encryptedData: { user: "!", password: "!" } } }),
      says: "other items",
    },
    { name: "no items", make: () => [], says: "other items" },
    {
      name: "the items that it was given",
      make: () => ({ spec: { encryptedData: itemsOf(sealed) } }),
      says: "did not seal",
    },
  ])("an answer with $name is not believed", async ({ make, says }) => {
    alter = make;
    const { code, stdout, files } = await rotate({ "repo/db.yaml": sealed });
    expect([code, stdout]).toEqual([1, expect.stringContaining(says)]);
    expect(files["repo/db.yaml"]?.text).toBe(sealed);
  });

  test("a refusal ends it with what right is missing; nothing is changed", async () => {
    before = [[403, {}]];
    const { code, stderr, files } = await rotate({ "repo/db.yaml": sealed });
    expect([code, stderr]).toEqual([1, expect.stringContaining('"services/proxy"')]);
    expect(files["repo/db.yaml"]?.text).toBe(sealed);
  });

  test("another key than the pinned one is refused before anything is asked", async () => {
    const { code, stderr } = await rotate({ "repo/db.yaml": sealed }, `--cert-fingerprint SHA256:${"A".repeat(43)}`);
    expect([code, asked(), stderr]).toEqual([1, 0, expect.stringContaining("its key is another one")]);
  });

  test("asked too often: it waits as long as the controller says, one object at a time", async () => {
    const answers = [
      { status: 429, headers: { "retry-after": "7" }, text: "" },
      { status: 429, headers: {}, text: "" },
      { status: 200, headers: {}, text: "{}" },
      { status: 500, headers: {}, text: "" },
    ];
    let count = 0;
    const askToRotate = async () => answers[count++] ?? { status: 403, headers: {}, text: "" };
    const clock = fakeClock();
    const ask = askAtItsRate({ askToRotate }, clock, new AbortController().signal);
    const object = { apiVersion: "", kind: "", metadata: {} };
    const both = Promise.all([ask(object), ask(object)]);
    await clock.advance(6_999);
    expect(count).toBe(1);
    await clock.advance(1);
    expect(count).toBe(2);
    await clock.advance(2_000);
    expect(await both).toEqual([{ answer: {} }, { why: "the controller opens it with none of its keys" }]);
    await expect(ask(object)).rejects.toThrow("it refuses");
  });
});

function itemsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^ {4}(\w+): "(AQ[^"]*)"/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
}
