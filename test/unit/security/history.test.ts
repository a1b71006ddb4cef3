import { beforeAll, describe, expect, test } from "vitest";
import type { Answer } from "../../../controller/http/listener.ts";
import { metricsRoutes } from "../../../controller/http/metrics-routes.ts";
import { createLog } from "../../../controller/log.ts";
import { createMetrics } from "../../../controller/metrics.ts";
import { sealedSecretRoutes } from "../../../controller/sealedsecret/http-routes.ts";
import { keyService } from "../../../controller/sealedsecret/key-service.ts";
import { sealedSecretMetrics } from "../../../controller/sealedsecret/metrics.ts";
import { ClearText } from "../../../src/clear-text.ts";
import type { KubeObject } from "../../../src/objects/index.ts";
import { Keyring } from "../../../src/sealed/index.ts";
import { type Secret, sealSecret } from "../../../src/secrets/index.ts";
import type { SealingKeyPair } from "../../../src/x509/index.ts";
import { fakeClock } from "../../helpers/fakes/clock.ts";
import { makeSealingKey, unsealingKey } from "../../helpers/sealing-keys.ts";

const SCOPE = "sealedsecrets.bitnami.com/";

/** What went wrong in the original at some time, or was used against it, must not happen here. */
describe("the security history of sealed-secrets", () => {
  let key: SealingKeyPair;
  let other: SealingKeyPair;
  let sealed: KubeObject;
  beforeAll(async () => {
    [key, other] = [await makeSealingKey(), await makeSealingKey()];
    const input: Secret = {
      metadata: { name: "db", namespace: "apps" },
      type: undefined,
      immutable: undefined,
      data: new Map([["a", ClearText.fromText("hunter2")]]),
    };
    sealed = await sealSecret(input, { spki: key.certificate.spki });
  });

  const lines: string[] = [];

  /** The routes of a controller that has only just started. */
  async function routes({ omitObjects = false } = {}) {
    const [clock, metrics] = [fakeClock(), await createMetrics()];
    const service = keyService({
      keyring: new Keyring([unsealingKey(key)]),
      acceptLegacyData: true,
      newest: () => ({ certificatePem: key.certificatePem, spki: key.certificate.spki }),
    });
    const limits = { rate: 2, burst: 2 };
    lines.splice(0);
    const log = createLog({ clock, level: "info", format: "text", write: (line) => lines.push(line) });
    const answer = sealedSecretRoutes({ service, clock, log, metrics, isReady: () => true, ...limits });
    let callers = 0;
    const ask = (path: string, object: unknown, forwarded = `192.0.2.${callers++}`): Promise<Answer> => {
      const body = Buffer.from(typeof object === "string" ? object : JSON.stringify(object));
      const headers = { "x-forwarded-for": forwarded };
      return answer({ method: "POST", path, peer: "10.0.0.1", headers, body: async () => body });
    };
    const own = sealedSecretMetrics(metrics, { revision: "v", omitObjects });
    return { ask, metrics, own };
  }

  test.each([
    ["values of one letter", `[${"1,".repeat(60_000)}1]`],
    ["values of one letter in JSON", `{"a":[${"1,".repeat(60_000)}1]}`],
    ["nesting", "[".repeat(1_000)],
    ["documents", "--- a\n".repeat(1_000)],
    ["aliases", `a: &a [${"x,".repeat(200)}]\nb: [${"*a,".repeat(200)}]\n`],
  ])("a body full of %s is given up early", async (_, body) => {
    const { ask } = await routes();
    expect(await ask("/v1/verify", body)).toMatchObject({ status: 500 });
    expect(lines.join()).toMatch(
      /nested deeper than 100 levels|more than [0-9]+ (nodes|values|documents)|aliases stand/,
    );
  });

  test("what a body says of itself does not fill the log", async () => {
    const { ask } = await routes();
    await ask("/v1/rotate", { ...sealed, kind: "K".repeat(1_000_000) });
    expect(lines.join().length).toBeLessThan(1_000);
  });

  type Template = { metadata?: Record<string, unknown>; data?: Record<string, string> };
  const withTemplate = (template: Template): KubeObject => {
    const spec = JSON.parse(JSON.stringify(sealed["spec"]));
    return { ...sealed, spec: { ...spec, template: { ...spec.template, ...template } } };
  };
  const rotated = (answer: Answer) => JSON.parse(answer.body ?? "null");

  const TEMPLATES = [
    { name: "one that fails", source: '{{ fail "x" }}' },
    { name: "one that fails when the value begins with h", source: '{{ if hasPrefix "h" .a }}{{ fail "x" }}{{ end }}' },
    { name: "one that fails when it does not", source: '{{ if hasPrefix "h" .a }}{{ else }}{{ fail "x" }}{{ end }}' },
    { name: "one that never ends", source: "{{ range untilStep 0 1000000000 1 }}{{ . }}{{ end }}" },
    { name: "one that is none", source: "{{" },
    { name: "one that shows the value", source: "{{ .a }}" },
  ];

  test.each(TEMPLATES)("verify renders no templates, so it is no oracle (until v0.39.0): $name", async ({ source }) => {
    const { ask } = await routes();
    const plain = await ask("/v1/verify", sealed);
    expect(plain.status).toBe(200);
    expect(await ask("/v1/verify", withTemplate({ data: { t: source } }))).toEqual(plain);
  });

  test.each(TEMPLATES)("rotate renders no templates (until v0.40.0), and loses none: $name", async ({ source }) => {
    const { ask } = await routes();
    const answer = await ask("/v1/rotate", withTemplate({ data: { t: source } }));
    expect(answer.status).toBe(200);
    expect(rotated(answer).spec.template.data).toEqual({ t: source });
    expect(Object.keys(rotated(answer).spec.encryptedData)).toEqual(["a"]);
    expect(answer.body).not.toContain("hunter2");
  });

  test.each(["cluster-wide", "namespace-wide"])(
    "rotate never widens the scope through an annotation of the template (CVE-2026-22728): %s",
    async (scope) => {
      const { ask } = await routes();
      const template = { metadata: { name: "db", namespace: "apps", annotations: { [SCOPE + scope]: "true" } } };
      const result = rotated(await ask("/v1/rotate", withTemplate(template)));
      expect(JSON.stringify(result)).not.toContain(SCOPE + scope);
      const strict = { apiVersion: "bitnami.com/v1alpha1", kind: "SealedSecret", ...result };
      expect((await ask("/v1/verify", strict)).status).toBe(200);
      const renamed = { ...strict, metadata: { ...strict.metadata, name: "theirs" } };
      expect((await ask("/v1/verify", renamed)).status).toBe(409);
      const widened = { ...strict, metadata: { ...strict.metadata, annotations: { [SCOPE + scope]: "true" } } };
      expect((await ask("/v1/verify", widened)).status).toBe(409);
    },
  );

  test("rotate does not seal anew what was widened on the object itself", async () => {
    const { ask } = await routes();
    const widened = { ...sealed, metadata: { ...sealed.metadata, annotations: { [`${SCOPE}cluster-wide`]: "true" } } };
    expect(await ask("/v1/rotate", widened)).toMatchObject({ status: 500 });
  });

  test.each(["/v1/verify", "/v1/rotate"])("%s is throttled (rotate was not until v0.39.0)", async (path) => {
    const { ask } = await routes();
    const statuses = [];
    for (let call = 0; call < 5; call++) statuses.push((await ask(path, sealed, "192.0.2.1")).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
  });

  test("metrics are not on the port that everybody reaches (until v0.24.5)", async () => {
    const { ask } = await routes();
    expect((await ask("/metrics", "")).status).toBe(404);
  });

  test.each([true, false])(
    "metrics name no SealedSecret with --metrics-omit-secret-labels (%s)",
    async (omitObjects) => {
      const { metrics, own } = await routes({ omitObjects });
      own.attempted();
      own.condition(sealed, true);
      const body =
        (
          await metricsRoutes(metrics)({
            method: "GET",
            path: "/metrics",
            peer: "",
            headers: {},
            body: async () => "too slow",
          })
        ).body ?? "";
      expect(body).toContain("sealed_secrets_controller_unseal_requests_total 1");
      expect(body.includes('name="db"')).toBe(!omitObjects);
    },
  );

  test("a wrong key, a wrong scope and a damaged value read alike", async () => {
    const { ask } = await routes();
    const damaged = (change: (item: Buffer) => Buffer) => {
      const object = JSON.parse(JSON.stringify(sealed));
      object.spec.encryptedData.a = change(Buffer.from(object.spec.encryptedData.a, "base64")).toString("base64");
      return object;
    };
    const flip = (at: number) => (item: Buffer) => {
      const copy = Buffer.from(item);
      const index = at < 0 ? copy.length + at : at;
      copy[index] = (copy[index] ?? 0) ^ 1;
      return copy;
    };
    const foreign = await sealSecret(
      {
        metadata: { name: "db", namespace: "apps" },
        type: undefined,
        immutable: undefined,
        data: new Map([["a", ClearText.fromText("hunter2")]]),
      },
      { spki: other.certificate.spki },
    );
    const failures = [
      foreign,
      { ...sealed, metadata: { name: "other", namespace: "apps" } },
      damaged(flip(10)),
      damaged(flip(-1)),
      damaged(flip(-20)),
      damaged((item) => item.subarray(0, 40)),
      damaged(() => Buffer.alloc(0)),
    ];
    for (const path of ["/v1/verify", "/v1/rotate"]) {
      const answers = [];
      for (const failure of failures) answers.push(await ask(path, failure));
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(answers[0]).toMatchObject({ status: path === "/v1/verify" ? 409 : 500 });
      expect(answers[0]?.body ?? "").toBe("");
    }
  });
});
