import { readFileSync } from "node:fs";
import type { ClientConfig } from "pg";
import { AuditError } from "./audit-error.ts";
import { type ConnectionSettings, readConnectionString } from "./connection-string.ts";

/** One thing that was done to one file. */
export interface AuditEvent {
  readonly action: "encrypt" | "decrypt" | "rotate";
  readonly user: string;
  /** Absolute path. */
  readonly file: string;
}

export interface AuditDatabase {
  /** @throws {AuditError} `AUDIT_REFUSED`. */
  insert(event: AuditEvent): Promise<void>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 15_000;
const INSERT = "INSERT INTO audit_event (action, username, file) VALUES ($1, $2, $3)";

/**
 * Connects to an audit database. `pg` is loaded here: only those who keep such records need it.
 *
 * @throws {AuditError} `AUDIT_NO_DRIVER`, `AUDIT_BAD_CONFIG`, `AUDIT_UNREACHABLE`.
 */
export async function openDatabase(
  connection: string,
  env: Environment,
  driver: () => Promise<PostgresDriver> = installedDriver,
): Promise<AuditDatabase> {
  const settings = readConnectionString(connection);
  if (settings === undefined) {
    throw new AuditError("AUDIT_BAD_CONFIG", "Cannot record what is done: a connection_string cannot be read", {
      hints: ["postgres://user@host/database?sslmode=verify-full, or host=… dbname=… user=…"],
    });
  }
  const Postgres = await loadDriver(driver);
  const client = new Postgres(configOf(settings, env));
  // A connection that breaks later is told by the next insert.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    throw unreachable(settings, cause);
  }
  return { insert: (event) => insert(client, event), close: () => end(client) };
}

async function end(client: PostgresClient): Promise<void> {
  await client.end().catch(() => undefined);
}

/** What is used of `pg`. */
export interface PostgresClient {
  connect(): Promise<unknown>;
  query(text: string, values: string[]): Promise<unknown>;
  end(): Promise<unknown>;
  on(event: "error", listener: () => void): unknown;
}

export type PostgresDriver = new (config: ClientConfig) => PostgresClient;

async function installedDriver(): Promise<PostgresDriver> {
  return (await import("pg")).default.Client;
}

async function loadDriver(driver: () => Promise<PostgresDriver>): Promise<PostgresDriver> {
  try {
    return await driver();
  } catch (cause) {
    throw new AuditError("AUDIT_NO_DRIVER", "Cannot record what is done: the package pg is not installed", {
      details: ["/etc/sops/audit.yaml names a PostgreSQL database, and sealkit comes without a driver for it"],
      hints: ["npm install --global pg    (beside sealkit)"],
      cause,
    });
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

function configOf(settings: ConnectionSettings, env: Environment): ClientConfig {
  const get = (name: string, variable: string) => settings.get(name) ?? (env[variable] || undefined);
  const host = get("host", "PGHOST") ?? "localhost";
  return {
    host,
    port: Number(get("port", "PGPORT") ?? 5432),
    user: get("user", "PGUSER"),
    password: get("password", "PGPASSWORD"),
    database: get("dbname", "PGDATABASE"),
    ssl: host.startsWith("/") ? false : tlsOf(get("sslmode", "PGSSLMODE") ?? "require", settings),
    application_name: settings.get("application_name") ?? "sops",
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  };
}

/** What `sslmode` means: encryption with `require`, the server's chain with `verify-ca`, its name with `verify-full`. */
function tlsOf(mode: string, settings: ConnectionSettings): ClientConfig["ssl"] {
  if (mode === "disable") return false;
  const file = (name: string) => {
    const path = settings.get(name);
    return path === undefined ? undefined : readFileSync(path, "utf8");
  };
  try {
    return {
      ca: file("sslrootcert"),
      cert: file("sslcert"),
      key: file("sslkey"),
      rejectUnauthorized: mode === "verify-ca" || mode === "verify-full",
      ...(mode === "verify-ca" ? { checkServerIdentity: () => undefined } : {}),
    };
  } catch (cause) {
    throw new AuditError("AUDIT_BAD_CONFIG", "Cannot record what is done: a certificate or key cannot be read", {
      details: ["sslrootcert, sslcert or sslkey of a connection_string"],
      cause,
    });
  }
}

async function insert(client: PostgresClient, { action, user, file }: AuditEvent): Promise<void> {
  try {
    await client.query(INSERT, [action, user, file]);
  } catch (cause) {
    throw new AuditError("AUDIT_REFUSED", `Cannot ${action} "${file}": the audit database took no record of it`, {
      details: [`reason: ${reasonOf(cause)}`],
      hints: [
        "CREATE TABLE audit_event (id SERIAL PRIMARY KEY, timestamp TIMESTAMP DEFAULT now(), action TEXT, username TEXT, file TEXT)",
      ],
      original: `Failed to insert audit record: pq: ${reasonOf(cause)}`,
      cause,
    });
  }
}

function unreachable(settings: ConnectionSettings, cause: unknown): AuditError {
  const place = [settings.get("host") ?? "localhost", settings.get("dbname") ?? ""].filter((part) => part !== "");
  return new AuditError("AUDIT_UNREACHABLE", `Cannot record what is done: no connection to the audit database`, {
    details: [`${place.join(", database ")}: ${reasonOf(cause)}`, "named by /etc/sops/audit.yaml"],
    original: "one or more audit backends reported errors, exiting",
    cause,
  });
}

/** The server's own words do not quote connection strings. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "no reason given";
  return cause.message || ("code" in cause ? String(cause.code) : cause.name);
}
