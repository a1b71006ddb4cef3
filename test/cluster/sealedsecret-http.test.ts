import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { sealedSecretFamily } from "../../controller/sealedsecret/set-up.ts";
import { type RunningControllers, startControllers } from "../../controller/start.ts";
import { ClearText } from "../../src/clear-text.ts";
import { createKubeClient, type KubeClient, loadClusterConfig } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { sealSecret } from "../../src/secrets/index.ts";
import { readCertificate } from "../../src/x509/index.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { doesWithoutOwnNetwork } from "../helpers/own-network.ts";
import { CONTROLLER_NAMESPACE, prepareCluster, startUpstream, type Upstream } from "../helpers/upstream.ts";

const HEADERS = [
  "content-type",
  "x-content-type-options",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "retry-after",
];

describe.skipIf(doesWithoutOwnNetwork())("the HTTP API beside the original's", () => {
  let cluster: Cluster;
  let client: KubeClient;
  let upstream: Upstream;
  let ours: RunningControllers;
  let sealed: KubeObject;

  beforeAll(async () => {
    cluster = await startCluster();
    await prepareCluster(cluster);
    upstream = await startUpstream(cluster);
    client = createKubeClient(await loadClusterConfig({ env: {}, cwd: "/", kubeconfig: cluster.kubeconfig }));
    ours = await startControllers({
      client,
      namespace: CONTROLLER_NAMESPACE,
      families: [sealedSecretFamily()],
      listen: "127.0.0.1:0",
      listenMetrics: "127.0.0.1:0",
    });
    await ours.ready;
    const pem = await (await fetch(`${ours.url}/v1/cert.pem`)).text();
    sealed = await sealSecret(
      {
        metadata: { name: "db", namespace: "apps", labels: { app: "x" } },
        type: "my/type",
        immutable: true,
        data: new Map([["a", ClearText.fromText("1")]]),
      },
      { spki: readCertificate(pem).spki },
    );
  });
  afterAll(async () => {
    await ours?.stop();
    await client?.close();
    await cluster?.stop();
  });

  const yaml = () => stringify(JSON.parse(JSON.stringify(sealed)));
  /** What templates do is compared by status only: the original's rotate loses them. */
  const withTemplate = (text: string, source: string) => {
    const object = JSON.parse(text);
    object.spec.template.data = { t: source };
    return JSON.stringify(object);
  };
  const withTemplateScope = (text: string) => {
    const object = JSON.parse(text);
    object.spec.template.metadata.annotations = { "sealedsecrets.bitnami.com/cluster-wide": "true" };
    return JSON.stringify(object);
  };

  let caller = 0;
  /** What each of the two answers; every call comes from another address, so that the limiter stays out of it. */
  const both = async (path: string, init: RequestInit = {}, from = `10.0.0.${++caller}`) => {
    const ask = async (base: string) => {
      const answer = await fetch(base + path, { ...init, headers: { "x-forwarded-for": from } });
      const headers = Object.fromEntries(HEADERS.map((name) => [name, answer.headers.get(name)]));
      // Where the original loses the templates and labels of the template, they stay.
      const body = (await answer.text())
        .replace(/"Ag[A-D][^"]+"/g, '"Ag…"')
        .replace(/,?"data":\{"t":"[^"]*"\}/, "")
        .replace(',"labels":{"app":"x"}', "");
      return { status: answer.status, headers, body };
    };
    const [theirs, own] = [await ask(`http://127.0.0.1:${upstream.port}`), await ask(ours.url ?? "")];
    return { theirs, own };
  };

  test.each([
    { method: "GET", path: "/healthz" },
    { method: "GET", path: "/readyz" },
    { method: "GET", path: "/v1/cert.pem" },
    { method: "POST", path: "/v1/cert.pem" },
    { method: "GET", path: "/metrics" },
    { method: "GET", path: "/" },
    { method: "GET", path: "/v1/nope" },
    { method: "GET", path: "/v1/verify" },
    { method: "GET", path: "/v1/rotate" },
    { method: "HEAD", path: "/healthz" },
    { method: "HEAD", path: "/v1/cert.pem" },
    { method: "HEAD", path: "/v1/verify" },
    { method: "PUT", path: "/v1/verify" },
    { method: "DELETE", path: "/v1/rotate" },
    { method: "OPTIONS", path: "/v1/cert.pem" },
    { method: "PROPFIND", path: "/v1/cert.pem" },
    { method: "GET", path: "/v1/cert.pem?x=1" },
    { method: "GET", path: "/v1/cert.pem/" },
    { method: "GET", path: "/healthz/" },
    { method: "POST", path: "/healthz" },
    { method: "GET", path: "/v1" },
    { method: "GET", path: "/debug/pprof/" },
  ])("$method $path", async ({ path, method }) => {
    const { theirs, own } = await both(path, { method });
    expect(own).toEqual(theirs);
  });

  test.each([
    { name: "what opens", change: (text: string) => text },
    { name: "another name", change: (text: string) => text.replaceAll('"db"', '"other"') },
    {
      name: "a wider scope",
      change: (text: string) =>
        text.replace(
          '"namespace":"apps"',
          '"namespace":"apps","annotations":{"sealedsecrets.bitnami.com/cluster-wide":"true"}',
        ),
    },
    { name: "another kind", change: (text: string) => text.replace("SealedSecret", "Secret") },
    { name: "another version", change: (text: string) => text.replace("v1alpha1", "v1alpha9") },
    { name: "no items", change: (text: string) => text.replace(/"encryptedData":\{[^}]*\}/, '"encryptedData":{}') },
    { name: "an item that is no base64", change: (text: string) => text.replace(/"Ag[^"]+"/, '"?"') },
    { name: "an item that was cut", change: (text: string) => text.replace(/"Ag[^"]+"/, '"AgAB"') },
    { name: "nothing", change: () => "" },
    { name: "a line feed", change: () => "\n" },
    { name: "no object", change: () => "[]" },
    { name: "an empty object", change: () => "{}" },
    { name: "YAML", change: () => yaml() },
    { name: "a template that cannot be rendered", change: (text: string) => withTemplate(text, "{{ fail .a }}") },
    { name: "a template that is no template", change: (text: string) => withTemplate(text, "{{") },
    { name: "a scope annotation in the template only", change: (text: string) => withTemplateScope(text) },
    {
      name: "items of another type",
      change: (text: string) => text.replace(/"encryptedData":\{[^}]*\}/, '"encryptedData":{"a":5}'),
    },
    { name: "no namespace", change: (text: string) => text.replaceAll(',"namespace":"apps"', "") },
    { name: "two documents to verify", change: (text: string) => `${text}\n---\n${text}`, only: "/v1/verify" },
  ])("verify and rotate with $name", async ({ change, only }) => {
    const body = change(JSON.stringify(sealed));
    for (const path of ["/v1/verify", "/v1/rotate"].filter((one) => only === undefined || one === only)) {
      const { theirs, own } = await both(path, { method: "POST", body });
      expect(own, path).toEqual(theirs);
    }
  });

  test.each(["//v1/verify", "/v1/../healthz", "/v1/./verify"])(
    "%s is no path here, and a redirect there",
    async (path) => {
      const status = (base: string) =>
        new Promise<number | undefined>((resolve, reject) => {
          const { hostname, port } = new URL(base);
          request({ hostname, port, path }, (answer) => {
            answer.resume();
            resolve(answer.statusCode);
          })
            .on("error", reject)
            .end();
        });
      const [theirs, own] = [await status(`http://127.0.0.1:${upstream.port}`), await status(ours.url ?? "")];
      expect([Math.floor((theirs ?? 0) / 100), own]).toEqual([3, 404]);
    },
  );

  test("rotate keeps the labels of the template, which the original loses", async () => {
    const ask = async (base: string, from: string) => {
      const init = { method: "POST", body: JSON.stringify(sealed), headers: { "x-forwarded-for": from } };
      return JSON.parse(await (await fetch(`${base}/v1/rotate`, init)).text()).spec.template.metadata;
    };
    const plain = { name: "db", namespace: "apps" };
    expect(await ask(`http://127.0.0.1:${upstream.port}`, "10.4.0.1")).toEqual(plain);
    expect(await ask(ours.url ?? "", "10.4.0.1")).toEqual({ ...plain, labels: { app: "x" } });
  });

  test("broken YAML to verify gets an answer, where the original hangs up", async () => {
    const ask = (base: string) => fetch(`${base}/v1/verify`, { method: "POST", body: "a: [" });
    await expect(ask(`http://127.0.0.1:${upstream.port}`)).rejects.toThrow("fetch failed");
    expect((await ask(ours.url ?? "")).status).toBe(500);
  });

  test.each(["/v1/verify", "/v1/rotate"])("the limiter on %s", async (path) => {
    const from = `10.1.0.${++caller}`;
    for (let call = 0; call < 5; call++) {
      const { theirs, own } = await both(path, { method: "POST", body: JSON.stringify(sealed) }, from);
      expect(own, `call ${call}`).toEqual(theirs);
    }
  });

  test.each([
    { name: "no content type", headers: {} },
    { name: "YAML", headers: { "content-type": "application/yaml" } },
    { name: "a form", headers: { "content-type": "application/x-www-form-urlencoded" } },
    { name: "several forwarded addresses", headers: { "x-forwarded-for": "10.3.0.1, 10.3.0.2" } },
  ])("verify with the headers of $name", async ({ headers }) => {
    const ask = async (base: string) => {
      const init = {
        method: "POST",
        body: JSON.stringify(sealed),
        headers: { "x-forwarded-for": "10.3.0.9", ...headers },
      };
      return (await fetch(`${base}/v1/verify`, init)).status;
    };
    expect(await ask(ours.url ?? "")).toBe(await ask(`http://127.0.0.1:${upstream.port}`));
  });

  test("a caller that invents addresses is stopped here, and not by the original", async () => {
    const ask = (base: string) => async (_: unknown, at: number) => {
      const headers = { "x-forwarded-for": `198.51.100.${at}` };
      return (await fetch(`${base}/v1/verify`, { method: "POST", headers, body: "x" })).status;
    };
    const many = Array.from({ length: 150 }, () => 0);
    const theirs = await Promise.all(many.map(ask(`http://127.0.0.1:${upstream.port}`)));
    expect(theirs.filter((status) => status === 429)).toEqual([]);
    const own = await Promise.all(many.map(ask(ours.url ?? "")));
    expect(own.filter((status) => status === 429).length).toBeGreaterThan(50);
  });

  test("the metrics of requests count the same", async () => {
    const counted = async (url: string) => {
      const text = await (await fetch(url)).text();
      const lines = text
        .split("\n")
        .filter((line) => line.startsWith("sealed_secrets_controller_http_requests_total{"));
      return (
        lines
          .map((line) =>
            [...line.matchAll(/(\w+)="([^"]*)"/g)]
              .map((match) => `${match[1]}=${match[2]}`)
              .sort()
              .join(" "),
          )
          // Of forged addresses and of what only we refuse.
          .filter((series) => !series.includes("code=429"))
          .sort()
      );
    };
    expect(await counted(`${ours.metricsUrl}/metrics`)).toEqual(
      await counted(`http://127.0.0.1:${upstream.metricsPort}/metrics`),
    );
  });

  test("every metric of the original's own is there, with the same type, help and labels", async () => {
    const names = async (url: string) => {
      const text = await (await fetch(url)).text();
      const series = text.split("\n").filter((line) => line.startsWith("sealed_secrets_controller_"));
      const labels = (line: string) =>
        [...(/\{(.*)\}/.exec(line)?.[1] ?? "").matchAll(/(\w+)="/g)]
          .map((match) => match[1])
          .sort()
          .join(",");
      const described = text.split("\n").filter((line) => /^# (HELP|TYPE) sealed_secrets_controller_/.test(line));
      // A family without a value yet is described here and left out there.
      const used = described.filter((line) => series.some((one) => one.startsWith(line.split(" ")[2] ?? "?")));
      return [...used, ...new Set(series.map((line) => `${line.split(/[{ ]/)[0]} ${labels(line)}`))].sort();
    };
    const theirs = await names(`http://127.0.0.1:${upstream.metricsPort}/metrics`);
    expect(theirs.length).toBeGreaterThan(5);
    expect(await names(`${ours.metricsUrl}/metrics`)).toEqual(theirs);
  });
});
