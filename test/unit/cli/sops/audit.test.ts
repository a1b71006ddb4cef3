import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { ClientConfig } from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { openAuditTrail } from "../../../../cli/sops/audit/audit-adapter.ts";
import { readAuditConfig } from "../../../../cli/sops/audit/audit-config.ts";
import { AuditError } from "../../../../cli/sops/audit/audit-error.ts";
import { readConnectionString } from "../../../../cli/sops/audit/connection-string.ts";
import type { PostgresClient } from "../../../../cli/sops/audit/postgres-adapter.ts";

const folder = mkdtempSync(join(tmpdir(), "sealkit-audit-"));
let configs = 0;

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function refusal(work: () => unknown): Promise<AuditError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof AuditError) return error;
    throw error;
  }
  throw new Error("no refusal");
}

describe("audit configuration", () => {
  const read = (text: string) => readAuditConfig(Buffer.from(text), "audit.yaml");
  test.each<[string, string, readonly string[]]>([
    ["one database", "backends:\n  postgres:\n    - connection_string: host=/run\n", ["host=/run"]],
    ["several", "backends: {postgres: [{connection_string: a}, {connection_string: b}]}", ["a", "b"]],
    ["one without a text", "backends: {postgres: [{}]}", [""]],
    ["a number", "backends: {postgres: [{connection_string: 5}]}", ["5"]],
    ["none", "backends: {mysql: [x]}", []],
    ["something else", "x: 1", []],
    ["nothing", "", []],
  ])("%s", (_, text, wanted) => {
    expect(read(text)).toEqual(wanted);
  });

  test.each([
    ["no YAML", "backends: ["],
    ["a mapping of databases", "backends: {postgres: {connection_string: x}}"],
    ["a list of backends", "backends: [x]"],
    ["a text in place of a database", "backends: {postgres: [hidden]}"],
    ["a list as the text", "backends: {postgres: [{connection_string: [hidden]}]}"],
    ["far too many", `backends: {postgres: [${"{},".repeat(101)}]}`],
  ])("%s is refused", async (_, text) => {
    const error = await refusal(() => read(text));
    expect([error.code, error.message.startsWith("Cannot use audit.yaml: ")]).toEqual(["AUDIT_BAD_CONFIG", true]);
    expect(JSON.stringify([error.message, error.details])).not.toContain("hidden");
  });
});

describe("connection strings", () => {
  test.each<[string, Record<string, string>]>([
    [
      "postgres://u:p%20w@h:5433/db?sslmode=disable",
      { user: "u", password: "p w", host: "h", port: "5433", dbname: "db", sslmode: "disable" },
    ],
    ["postgresql://u@/db?host=/run/pg", { user: "u", dbname: "db", host: "/run/pg" }],
    ["postgres://[::1]/db", { host: "::1", dbname: "db" }],
    ["host=h dbname = db", { host: "h", dbname: "db" }],
    ["password='a \\'b\\' c' user=u", { password: "a 'b' c", user: "u" }],
    ["password=a\\ b host=''", { password: "a b", host: "" }],
    ["", {}],
  ])("%s", (text, wanted) => {
    expect(Object.fromEntries(readConnectionString(text) ?? [])).toEqual(wanted);
  });

  test.each(["5", "host", "host=a b", "password='open", "=x", "postgres://h:port/db"])("%s is none", (text) => {
    expect(readConnectionString(text)).toBeUndefined();
  });
});

describe("audit trail", () => {
  const io = (env: Record<string, string> = {}) => ({
    env,
    cwd: folder,
    argv0: "sealkit",
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    signal: new AbortController().signal,
    now: () => 0,
  });
  const config = (...connections: readonly string[]) => {
    const path = join(folder, `${configs++}.yaml`);
    writeFileSync(
      path,
      JSON.stringify({ backends: { postgres: connections.map((text) => ({ connection_string: text })) } }),
    );
    return path;
  };

  test("nothing is recorded where no configuration is, or none names a database", async () => {
    for (const path of [join(folder, "none.yaml"), config()]) {
      const trail = await openAuditTrail(io(), path);
      await trail.record("decrypt", "f.yaml");
      await trail.close();
    }
  });

  test("a configuration that cannot be read is refused, and not passed over", async () => {
    expect((await refusal(() => openAuditTrail(io(), folder))).code).toBe("AUDIT_BAD_CONFIG");
    const path = config("host=h");
    chmodSync(path, 0);
    const isRoot = process.getuid?.() === 0;
    if (!isRoot) expect((await refusal(() => openAuditTrail(io(), path))).code).toBe("AUDIT_BAD_CONFIG");
  });

  test.each([
    ["host=/nowhere password=hidden", "AUDIT_UNREACHABLE"],
    ["hidden", "AUDIT_BAD_CONFIG"],
    ["host=127.0.0.1 sslmode=verify-full sslrootcert=/nowhere/hidden", "AUDIT_BAD_CONFIG"],
  ])("%s: %s", async (connection, code) => {
    const driver = driverThat({ connect: new Error("connect ENOENT /nowhere/.s.PGSQL.5432") });
    const error = await refusal(() => openAuditTrail(io(), config(connection), driver.load));
    expect(error.code).toBe(code);
    expect(JSON.stringify([error.message, error.details, error.hints, error.original])).not.toContain("hidden");
  });

  test("without a driver nothing is done", async () => {
    const missing = () => Promise.reject(new Error("Cannot find package 'pg'"));
    const error = await refusal(() => openAuditTrail(io(), config("host=h"), missing));
    expect([error.code, error.message]).toEqual([
      "AUDIT_NO_DRIVER",
      "Cannot record what is done: the package pg is not installed",
    ]);
  });

  test("tells every database who did what to which file, and ends with its connections", async () => {
    const driver = driverThat({});
    const trail = await openAuditTrail(io(), config("host=/one dbname=a", "host=/two"), driver.load);
    await trail.record("decrypt", "d/f.yaml");
    await trail.record("encrypt", undefined);
    await trail.close();
    expect(driver.said).toEqual([
      "connect /one",
      "connect /two",
      `decrypt ${join(folder, "d/f.yaml")}`,
      `decrypt ${join(folder, "d/f.yaml")}`,
      `encrypt ${folder}`,
      `encrypt ${folder}`,
      "end",
      "end",
    ]);
    const broken = driverThat({ query: new Error('relation "audit_event" does not exist') });
    const other = await openAuditTrail(io(), config("host=/one"), broken.load);
    const error = await refusal(() => other.record("rotate", "f.yaml"));
    expect([error.code, error.original]).toEqual([
      "AUDIT_REFUSED",
      'Failed to insert audit record: pq: relation "audit_event" does not exist',
    ]);
  });

  test.each<[string, Record<string, string>, object]>([
    ["host=/run/pg", {}, { host: "/run/pg", port: 5432, ssl: false }],
    [
      "",
      { PGHOST: "h", PGPORT: "5", PGUSER: "u", PGPASSWORD: "p", PGDATABASE: "d", PGSSLMODE: "disable" },
      { host: "h", port: 5, user: "u", password: "p", database: "d", ssl: false },
    ],
    ["host=h", { PGHOST: "other" }, { host: "h", ssl: { rejectUnauthorized: false } }],
    ["host=h sslmode=verify-full", {}, { ssl: { rejectUnauthorized: true } }],
    ["host=h sslmode=verify-ca", {}, { ssl: { rejectUnauthorized: true, checkServerIdentity: expect.any(Function) } }],
  ])("connects as %j says", async (connection, env, wanted) => {
    const driver = driverThat({});
    await openAuditTrail(io(env), config(connection), driver.load);
    expect(driver.configs).toMatchObject([wanted]);
  });
});

/** A driver that notes what it is asked, and fails where it is told. */
function driverThat(fails: { connect?: Error; query?: Error }) {
  const said: string[] = [];
  const configs: ClientConfig[] = [];
  class Client implements PostgresClient {
    constructor(config: ClientConfig) {
      configs.push(config);
    }
    async connect(): Promise<void> {
      if (fails.connect !== undefined) throw fails.connect;
      said.push(`connect ${configs.at(-1)?.host}`);
    }
    async query(_: string, [action, , file]: string[]): Promise<void> {
      if (fails.query !== undefined) throw fails.query;
      said.push(`${action} ${file}`);
    }
    async end(): Promise<void> {
      said.push("end");
    }
    on(): void {}
  }
  return { said, configs, load: async () => Client };
}
