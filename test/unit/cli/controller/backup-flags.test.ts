import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backupSettings } from "../../../../cli/controller/backup-flags.ts";
import type { Io } from "../../../../cli/io.ts";
import { type ObjectStore, startObjectStore } from "../../../helpers/fakes/object-store.ts";
import { REGISTRY_PASSWORD, REGISTRY_USER, type Registry, startRegistry } from "../../../helpers/fakes/registry.ts";
import { runCli } from "../../../helpers/run-cli.ts";

describe("sealkit controller --backup-…", () => {
  test.each([
    { line: "--backup-to s3://b/k", says: "Cannot use --backup-to without --backup-recipients-file" },
    { line: "--backup-recipients-file r.txt", says: "Cannot use --backup-recipients-file without --backup-to" },
    { line: "--backup-to oci://r.io --backup-recipients-file r.txt", says: "Cannot read the place in a registry" },
    {
      line: `--backup-to oci://r.io/k@sha256:${"0".repeat(64)} --backup-recipients-file r.txt`,
      says: "the controller does not write there",
    },
    { line: "--backup-to secret:keys --backup-recipients-file r.txt", says: "the controller does not write there" },
    { line: "--backup-to secret:a/b/c --backup-recipients-file r.txt", says: "the controller does not write there" },
    { line: "--backup-to k --backup-recipients-file r.txt --backup-schedule often", says: "it is not a duration" },
  ])("$line is refused before anything starts", async ({ line, says }) => {
    const { code, stderr } = await runCli(`controller ${line} --kubeconfig none`);
    expect(code).not.toBe(0);
    expect(stderr).toContain(says);
  });
});

describe("where the controller writes", () => {
  const folder = mkdtempSync(join(tmpdir(), "sealkit-volume-"));
  let buckets: ObjectStore;
  let registry: Registry;
  beforeAll(async () => {
    [buckets, registry] = await Promise.all([startObjectStore(), startRegistry({ auth: "basic" })]);
    mkdirSync(join(folder, "volume"));
    writeFileSync(join(folder, "recipients.txt"), "age1first\n");
    const auth = Buffer.from(`${REGISTRY_USER}:${REGISTRY_PASSWORD}`).toString("base64");
    writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));
  });
  afterAll(async () => {
    await Promise.all([buckets.close(), registry.close()]);
    rmSync(folder, { recursive: true });
  });

  const settingsFor = (backupTo: string) => {
    const nobody = Object.assign(new Writable({ write: (_chunk, _encoding, done) => done() }), { isTTY: false });
    const io: Io = {
      env: {
        DOCKER_CONFIG: folder,
        AWS_ENDPOINT_URL: `http://127.0.0.1:${buckets.port}`,
        AWS_REGION: "eu-central-1",
        AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
        AWS_SECRET_ACCESS_KEY: "canary-secret",
      },
      cwd: folder,
      argv0: "sealkit",
      stdin: Object.assign(Readable.from([]), { isTTY: false }),
      stdout: nobody,
      stderr: nobody,
      signal: new AbortController().signal,
      now: () => 0,
    };
    const flags = { backupTo, backupRecipientsFile: "recipients.txt", backupSchedule: 3_600_000 };
    return backupSettings(flags, io);
  };

  test.each([
    { name: "a volume", to: () => "volume/keys.age", read: () => readFileSync(join(folder, "volume/keys.age")) },
    {
      name: "a bucket",
      to: () => "s3://backups/prod/keys.age",
      read: () => buckets.objects.get("/backups/prod/keys.age"),
    },
    {
      name: "a registry",
      to: () => `oci://${registry.host}/team/keys:prod`,
      read: () => {
        const manifest = JSON.parse(String(registry.manifests.get("team/keys:prod")));
        return registry.blobs.get(manifest.layers[0].digest);
      },
    },
  ])("$name: the newest is there, and it counts as good", async ({ to, read }) => {
    const settings = settingsFor(to());
    expect(settings).toMatchObject({ scheduleMs: 3_600_000, store: { place: to(), shortcoming: undefined } });
    for (const text of ["first", "second"]) {
      await settings?.store?.write(Buffer.from(text));
      expect(String(read())).toBe(text);
    }
  });

  test("a volume: nobody else may read it, and nothing is left beside it", () => {
    expect(statSync(join(folder, "volume/keys.age")).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, "volume"))).toEqual(["keys.age"]);
  });

  test("a Secret of the cluster is no store outside; recipients are read anew each time", async () => {
    const settings = settingsFor("secret:kube-system/keys");
    expect([settings?.store, settings?.toSecret]).toEqual([undefined, "kube-system/keys"]);
    expect(await settings?.readRecipients()).toBe("age1first\n");
    writeFileSync(join(folder, "recipients.txt"), "age1second\n");
    expect(await settings?.readRecipients()).toBe("age1second\n");
  });

  test.each([
    { name: "a volume that is not there", to: () => "none/keys.age", says: /none/ },
    {
      name: "a registry that nobody is known to",
      to: () => `oci://localhost:${registry.host.split(":")[1]}/k:v`,
      says: /no login was given/,
    },
  ])("$name: refused without a secret", async ({ to, says }) => {
    const writing = settingsFor(to())?.store?.write(Buffer.from("x"));
    await expect(writing).rejects.toThrow(Error);
    const error = await writing?.catch((cause: unknown) => cause);
    const text = JSON.stringify(error, ["message", "details", "hints"]);
    expect(text).toMatch(says);
    expect(text).not.toMatch(/hunter2|canary/);
  });
});
