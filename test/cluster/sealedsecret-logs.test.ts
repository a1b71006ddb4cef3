import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { buildSealkit, startController } from "../helpers/controller.ts";
import { doesWithoutOwnNetwork } from "../helpers/own-network.ts";
import { peer } from "../helpers/peers.ts";
import { until } from "../helpers/process.ts";
import { prepareCluster, startUpstream } from "../helpers/upstream.ts";

interface Run {
  readonly port: number;
  readonly metricsPort: number;
  readonly running: { readonly log: string; readonly pid: number; readonly ended: Promise<unknown> };
  stop(): Promise<void>;
}

/** Lines that only the original writes, each with its reason in docs/compatibility/controller.md. */
const THEIRS_ONLY = [/^E\d{4} /, /HTTP (metrics )?server exiting/, /Error updating, giving up/, /http: panic serving/];

describe.skipIf(doesWithoutOwnNetwork())("log lines beside the original's", () => {
  let cluster: Cluster;
  beforeAll(async () => {
    await buildSealkit();
    cluster = await startCluster();
    await prepareCluster(cluster);
  });
  afterAll(() => cluster?.stop());

  /** What happens to both: something good, a wrong name, a foreign Secret, edits, a deletion, bad requests. */
  async function live(run: Run, prefix: string): Promise<{ lines: string[]; metrics: string[] }> {
    const pem = await (await fetch(`http://127.0.0.1:${run.port}/v1/cert.pem`)).text();
    const cert = join(cluster.folder, `${prefix}.pem`);
    writeFileSync(cert, pem);
    const secret = (name: string) =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: `${prefix}-${name}`, namespace: "default" },
        stringData: { a: "1" },
      });
    const seal = async (name: string) =>
      (await cluster.run([peer("kubeseal"), "--cert", cert], { input: secret(name) })).stdout;
    const path = (kind: string, name: string) =>
      kind === "secrets"
        ? `/api/v1/namespaces/default/secrets/${prefix}-${name}`
        : `/apis/bitnami.com/v1alpha1/namespaces/default/sealedsecrets/${prefix}-${name}`;
    const merge = { contentType: "application/merge-patch+json" };
    const log = () => readFileSync(run.running.log, "utf8");
    const told = (text: string) => until(`the log says ${text}`, async () => log().includes(text));

    await cluster.apply(secret("foreign"));
    await cluster.apply(
      [await seal("good"), (await seal("x")).replaceAll(`${prefix}-x`, `${prefix}-bad`), await seal("foreign")].join(
        "\n---\n",
      ),
    );
    await told("SealedSecret unsealed successfully");
    await told(`key=default/${prefix}-bad error=`);
    await told(`key=default/${prefix}-foreign error=`);
    await cluster.api("PATCH", path("sealedsecrets", "good"), { metadata: { annotations: { x: 'y "z"' } } }, merge);
    await told(`"update suppressed, no changes in spec" sealed-secret=default/${prefix}-good`);
    await cluster.api("DELETE", path("secrets", "good"));
    await until("it is there again", async () => (await cluster.api("GET", path("secrets", "good"))).status === 200);
    for (const at of ["verify", "rotate"]) {
      const headers = { "x-forwarded-for": `${prefix}-${at}` };
      await fetch(`http://127.0.0.1:${run.port}/v1/${at}`, { method: "POST", body: "{}", headers });
    }
    const scraped = await (await fetch(`http://127.0.0.1:${run.metricsPort}/metrics`)).text();
    process.kill(run.running.pid, "SIGUSR1");
    await told("New key written");
    process.kill(run.running.pid, "SIGTERM");
    await run.running.ended;
    for (const kind of ["sealedsecrets", "secrets"]) {
      for (const name of ["good", "bad", "foreign"]) await cluster.api("DELETE", path(kind, name));
    }
    const metrics = scraped.split("\n").filter((line) => /^(# (HELP|TYPE) )?sealed_secrets_controller_/.test(line));
    return { lines: log().trim().split("\n"), metrics };
  }

  /** A line without what differs from run to run: times, names, ports, causes in our own words. */
  const shape = (prefix: string) => (line: string) =>
    line
      .replace(/^time=\S+ /, "")
      .replaceAll(`${prefix}-`, "")
      .replace(/UID:\\"[^"]*"/, "UID")
      .replace(/ResourceVersion:\\"[^"]*"/, "ResourceVersion")
      .replace(/sealed-secrets-key\w{5}/g, "sealed-secrets-key")
      .replace(/certificate=".*"/, "certificate")
      .replace(/ version=.*/, " version")
      .replace(/addr=\S+.*/, "addr")
      .replace(/(Error (validating|rotating) secret" error=).*/, "$1")
      .replace(/; tried: SHA256:[^"\\]*/, "");

  test("what people search for reads the same", async () => {
    const args = ["--log-info-stdout=false"];
    const original = await live(await startUpstream(cluster, { args }), "theirs");
    const own = await live(await startController(cluster, { args }), "ours");
    const [theirs, ours] = [original.lines, own.lines];
    const wanted = new Set(theirs.filter((line) => !THEIRS_ONLY.some((one) => one.test(line))).map(shape("theirs")));
    const have = new Set(ours.map(shape("ours")));
    expect(wanted.size).toBeGreaterThan(14);
    expect([...wanted].filter((line) => !have.has(line))).toEqual([]);
    expect(ours.join("\n")).not.toContain("PRIVATE KEY");
    // Of the same events the same series come, and those that are no counts have the same values.
    const series = (metrics: readonly string[], prefix: string) =>
      metrics
        .filter((line) => !line.includes("_bucket{"))
        .map((line) => {
          const [, name = "", labels = "", value] = /^([^{ ]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
          const sorted = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map((match) => `${match[1]}=${match[2]}`).sort();
          if (name === "") return line;
          const shown = /condition_info|build_info/.test(name) ? ` ${value}` : "";
          return `${name} ${sorted.join(" ")}${shown}`.replaceAll(`${prefix}-`, "").replace(/revision=\S+/, "revision");
        })
        .sort();
    expect(series(own.metrics, "ours")).toEqual(series(original.metrics, "theirs"));
    // The first lines come in the same order, but for the ports, which open before the keys are read.
    const start = (lines: readonly string[]) =>
      lines
        .slice(0, 5)
        .filter((line) => !/HTTP (metrics )?server serving/.test(line))
        .slice(0, 2);
    expect(start(ours.map(shape("ours")))).toEqual(start(theirs.map(shape("theirs"))));
  });

  test("as JSON both write the same members", async () => {
    const args = [
      "--log-format=json",
      "--log-info-stdout=false",
      "--additional-namespaces=default,nope",
      "--key-order-priority=zz",
    ];
    const members = async (run: Run) => {
      const text = () => readFileSync(run.running.log, "utf8");
      await until("both namespaces are there", async () => /Starting informer.*default/.test(text()));
      await until("the keys are read", async () => text().includes("registered private key"));
      await until("what is missing is named", async () => text().includes("namespace doesn't exist"));
      await run.stop();
      const lines = text()
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, string>);
      const known =
        /^(Starting|Searching|registered|HTTP (metrics )?server serving|namespace doesn't|Invalid keyOrder)/;
      return new Set(
        lines
          .filter(({ msg = "" }) => known.test(msg))
          .map(({ level, msg, ...rest }) => {
            const { controllers: _, ...fields } = rest;
            return `${level} ${msg}: ${Object.keys(fields).join(" ")} ${fields["namespace"] ?? ""}`;
          }),
      );
    };
    const theirs = await members(await startUpstream(cluster, { args }));
    const ours = await members(await startController(cluster, { args, impatient: true }));
    expect(theirs.size).toBeGreaterThan(6);
    expect([...theirs].filter((line) => !ours.has(line))).toEqual([]);
  });
});
