import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type RepositoryThreads,
  type RotateOne,
  repositoryThreads,
} from "../../../../cli/repository-threads/threads-adapter.ts";
import { auditFile, leaksIn } from "../../../../src/audit/index.ts";
import { ClearText } from "../../../../src/clear-text.ts";
import {
  type Opened,
  type OpeningMeans,
  openingHere,
  type RotatedFile,
  resealWithKeys,
  rotateFile,
} from "../../../../src/keys/index.ts";
import { DEFAULT_AUDIT_POLICY } from "../../../../src/policy/index.ts";
import { findEncrypted, type RepositoryFile } from "../../../../src/repository/index.ts";
import { Keyring } from "../../../../src/sealed/index.ts";
import { sealSecret } from "../../../../src/secrets/index.ts";
import { loadKeyring } from "../../../../src/sops/index.ts";
import type { SealingKeyPair } from "../../../../src/x509/index.ts";
import { printSigs } from "../../../../src/yaml/index.ts";
import { builtProgram } from "../../../helpers/built-program.ts";
import { makeSealingKey, unsealingKey } from "../../../helpers/sealing-keys.ts";
import { KEYS_A, sopsFixture } from "../../../helpers/sops.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const NO_RULE = { groups: undefined, indents: undefined };

let keys: readonly [old: SealingKeyPair, newest: SealingKeyPair, foreign: SealingKeyPair];
let means: OpeningMeans;
let files: readonly RepositoryFile[];
let threads: RepositoryThreads;
let target: { readonly spki: Uint8Array; readonly fingerprint: string };

beforeAll(async () => {
  keys = [await makeSealingKey({ now: 1 }), await makeSealingKey({ now: NOW }), await makeSealingKey({ now: 2 })];
  const [old, newest, foreign] = keys;
  const sealingKeys = [old, newest].map(unsealingKey);
  means = {
    sealingKeys: [],
    sealed: new Keyring(sealingKeys),
    sops: loadKeyring(KEYS_A),
    material: { sealingKeys, identities: KEYS_A },
  };
  target = newest.certificate;
  const [good, current, closed] = [await sealed(old), await sealed(newest), await sealed(foreign)];
  const contents: Readonly<Record<string, string>> = {
    "good.yaml": good,
    "current.yaml": current,
    "closed.yaml": closed,
    "two.yaml": `${good}---\n${closed}`,
    "cut.yaml": good.slice(0, good.length / 2),
    "conflict.yaml": `<<<<<<< HEAD\n${good}=======\n>>>>>>> other\n`,
    "clear.yaml": "kind: Secret\nmetadata: {name: a}\nstringData: {password: not-to-be-seen}\n",
    "page.md": "A SealedSecret holds ENC[AES256_GCM and so on",
    "values.yaml": sopsFixture("encrypted/values.yaml"),
    "two-recipients.yaml": sopsFixture("encrypted/values-two-recipients.yaml"),
    "damaged.yaml": sopsFixture("encrypted/values.yaml").replace("type:str", "type:int"),
  };
  files = Object.entries(contents).map(([path, text]) => ({
    path,
    bytes: new TextEncoder().encode(text),
    branches: [],
  }));
  threads = repositoryThreads(means.material, {
    audit: { policy: undefined, keys: { source: "backup", keys: new Map() }, now: NOW },
    rotate: { certificate: target, addHints: false },
    program: await builtProgram("cli/repository-threads/repository-thread-adapter.ts"),
    firstHere: 0,
  });
});
afterAll(() => threads.close());

async function sealed({ certificate: { spki } }: SealingKeyPair): Promise<string> {
  const data = new Map([
    ["a", ClearText.fromText("1")],
    ["b", ClearText.fromText("2")],
  ]);
  const metadata = { name: "db", namespace: "apps" };
  const object = { metadata, type: "Opaque", immutable: undefined, data };
  return printSigs(await sealSecret(object, { spki, scope: "strict" }));
}

/** Both ways for every file, at once. */
async function bothWays<Answer>(
  here: (file: RepositoryFile) => Promise<Answer>,
  there: (file: RepositoryFile) => Promise<Answer>,
): Promise<readonly (readonly [string, Answer, Answer])[]> {
  return await Promise.all(files.map(async (file) => [file.path, await here(file), await there(file)] as const));
}

/** The key that opened something last is tried first, so that what is said of an item that none opens has any order. */
function withoutOrder(opened: Opened | undefined) {
  const short = (why: string) => (why.includes("no key could decrypt secret; tried: ") ? "no key" : why);
  return opened && { ...opened, unopened: opened.unopened.map((one) => ({ ...one, why: short(one.why) })) };
}

/** What only this thread may do must not be needed. */
const never = async (file: RepositoryFile) => {
  throw new Error(`${file.path} was to be looked at in a thread`);
};

describe("threads for the files of a repository", () => {
  test("open them with the same result, and leave SOPS files that do not open to whoever has everything at hand", async () => {
    const here = openingHere(means);
    const left: string[] = [];
    const there = threads.opening(async (file) => {
      left.push(file.path);
      return await here(file);
    });
    for (const [path, one, other] of await bothWays(here, there)) {
      expect([path, withoutOrder(other)]).toEqual([path, withoutOrder(one)]);
    }
    expect(left).toEqual(["damaged.yaml"]);
  });

  test("find what is wrong with them, and clear text in them, with the same result", async () => {
    const keyring = means.sealed;
    const audit = { policy: DEFAULT_AUDIT_POLICY, keys: { source: "backup", keys: new Map(), keyring }, now: NOW };
    const results = await Promise.all([
      bothWays<unknown>((file) => auditFile(file, audit), threads.auditing(never)),
      bothWays<unknown>(leaksIn, threads.searching(never)),
    ]);
    for (const [path, one, other] of results.flat()) expect([path, other]).toEqual([path, one]);
    expect(JSON.stringify(results)).toContain("clear-secret");
    expect(JSON.stringify(results)).not.toContain("not-to-be-seen");
  });

  test("rotate them as here; SOPS files without a rule of age alone, and those that fail, are left", async () => {
    const reseal = resealWithKeys({ keyring: means.sealed, certificate: target });
    const left: string[] = [];
    const here: RotateOne = async (file) => {
      const found = findEncrypted(file);
      const options = { reseal, addHints: false, sops: means.sops, ruleFor: async () => NO_RULE, now: NOW };
      return found === undefined ? undefined : await rotateFile(found, options);
    };
    const rotating = threads.rotating(
      async (file, ruleFor) => {
        left.push(file.path);
        return await here(file, ruleFor);
      },
      () => NOW,
    );
    const there = (file: RepositoryFile) =>
      rotating(file, async () => (file.path === "two-recipients.yaml" ? undefined : NO_RULE));
    const results = await bothWays(async (file) => await here(file, async () => NO_RULE), there);
    const told = (rotated: RotatedFile | undefined) =>
      rotated === undefined ? undefined : { ...rotated, content: rotated.content !== undefined };
    for (const [path, one, other] of results) expect([path, told(other)]).toEqual([path, told(one)]);
    expect(left.sort()).toEqual(["damaged.yaml", "two-recipients.yaml"]);
    const anew = results.flatMap(([path, , other]) =>
      other?.content === undefined ? [] : [{ path, bytes: other.content, branches: [] }],
    );
    const opened = await Promise.all(anew.map(openingHere(means)));
    expect(opened.map((one) => one?.unopened)).toEqual(anew.map(() => []));
    expect(anew.map(({ path }) => path).sort()).toEqual(["good.yaml", "two-recipients.yaml", "values.yaml"]);
  });

  test("the first files, and large ones, are looked at here: no thread is started for a few", async () => {
    const missing = new URL("file:///nowhere/program.cjs");
    const own = repositoryThreads(means.material, { program: missing, firstHere: 2 });
    const seen: string[] = [];
    const open = own.opening(async ({ path }) => {
      seen.push(path);
      return undefined;
    });
    const [one, two, three] = files;
    const large = { path: "large.yaml", bytes: new Uint8Array(1024 * 1024 + 1), branches: [] };
    for (const file of [one!, two!, large]) await open(file);
    expect(seen).toEqual([one!.path, two!.path, "large.yaml"]);
    await expect(open(three!)).rejects.toMatchObject({ code: "THREADS_ENDED" });
    await own.close();
  });

  test("sources that were not built have no program: everything is done here", async () => {
    const own = repositoryThreads(means.material, { firstHere: 0 });
    const here = async () => undefined;
    expect(own.opening(here)).toBe(here);
    await own.close();
  });
});
