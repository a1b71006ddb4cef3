import { generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { bytesOf, stringMap, TemplateError, TemplateSet } from "../../../src/template/index.ts";
import { certify, readPrivateKey } from "../../../src/x509/index.ts";
import { runPeer } from "../../helpers/peer-cli.ts";
import { allTemplateCases, caseObject, isSealable, SHARED_STRINGS } from "../../helpers/template/cases.ts";
import { MACHINE, sprigFunctions } from "../../helpers/template/sprig.ts";

/** How many templates a SealedSecret gets: the original stops at none, but a page of errors has an end. */
const BATCH = 400;

/** A template as an item of `spec.template.data`, and what ours makes of it. */
interface Item {
  readonly key: string;
  readonly template: string;
  readonly like: RegExp | undefined;
}

interface Outcome extends Item {
  /** Base64 of the rendered bytes; undefined when it fails. */
  readonly rendered: string | undefined;
  readonly error: string | undefined;
}

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const keyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const DAY = 86_400_000;

const cases = [...(await allTemplateCases()).values()].flat().filter(isSealable).map(caseObject);
const items = cases
  .filter(({ differs }) => differs === undefined)
  .map(({ template, like }, at): Item => ({ key: `k${String(at).padStart(4, "0")}`, template, like }));
const functions = await sprigFunctions();

/** Renders templates as siblings: each sees the strings, and the source of all. */
function outcomes(batch: readonly Item[]): Outcome[] {
  const context = stringMap([
    ...batch.map(({ key, template }) => [key, template] as const),
    ...Object.entries(SHARED_STRINGS),
  ]);
  return batch.map((item) => {
    const { key, template } = item;
    try {
      const text = TemplateSet.empty({ functions }).parse(key, template).execute(key, context, MACHINE);
      return { ...item, rendered: Buffer.from(bytesOf(text)).toString("base64"), error: undefined };
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return { ...item, rendered: undefined, error: error.original };
    }
  });
}

const batches = (all: readonly Item[]) =>
  Array.from({ length: Math.ceil(all.length / BATCH) }, (_, at) => all.slice(at * BATCH, (at + 1) * BATCH));

describe("template.data of a SealedSecret, as kubeseal --recovery-unseal renders it", () => {
  let sealed: { spec: { template: { data?: Record<string, string> } } };
  let files: Record<string, string>;

  beforeAll(async () => {
    const { certificatePem } = await certify(readPrivateKey(keyPem), {
      now: Date.now() - DAY,
      lifetimeMs: 3650 * DAY,
    });
    files = { "c.pem": certificatePem, "k.pem": keyPem };
    const metadata = { name: "s", namespace: "n" };
    const secret = { apiVersion: "v1", kind: "Secret", metadata, stringData: SHARED_STRINGS };
    const made = await runPeer("kubeseal", ["--cert", "c.pem", "-o", "json"], { stdin: JSON.stringify(secret), files });
    sealed = JSON.parse(made.stdout);
  });

  function opened(batch: readonly Item[]) {
    const data = Object.fromEntries(batch.map(({ key, template }) => [key, template]));
    const object = { ...sealed, spec: { ...sealed.spec, template: { ...sealed.spec.template, data } } };
    const args = ["--recovery-unseal", "--recovery-private-key", "k.pem"];
    return runPeer("kubeseal", args, { stdin: JSON.stringify(object), files });
  }

  test("there are at least 600", () => {
    expect(items.length).toBeGreaterThanOrEqual(600);
  });

  test("those that can be rendered give the same bytes", async () => {
    const good = outcomes(items).filter(({ error }) => error === undefined);
    expect(good.length).toBeGreaterThan(items.length / 3);
    for (const batch of batches(good)) {
      const { stdout, stderr } = await opened(batch);
      expect(stderr).toBe("");
      const { data }: { data: Record<string, string | null> } = JSON.parse(stdout);
      const wrong = outcomes(batch).flatMap(({ key, template, like, rendered = "" }) => {
        const theirs = data[key] ?? "";
        const decoded = [theirs, rendered].map((text) => Buffer.from(text, "base64").toString());
        const same = like === undefined ? theirs === rendered : decoded.every((text) => like.test(text));
        return same ? [] : [{ template, theirs: decoded[0], ours: decoded[1] }];
      });
      expect(wrong.slice(0, 10)).toEqual([]);
    }
  });

  test("those that cannot give the same errors", async () => {
    const bad = outcomes(items).filter(({ error }) => error !== undefined);
    expect(bad.length).toBeGreaterThan(items.length / 10);
    for (const batch of batches(bad)) {
      const { stderr, code } = await opened(batch);
      expect(code).toBe(1);
      const wrong = outcomes(batch).flatMap(({ key, template, error }) =>
        stderr.includes(`${error} (${key})`) ? [] : [{ template, error }],
      );
      expect(wrong.slice(0, 10)).toEqual([]);
    }
  });
});
