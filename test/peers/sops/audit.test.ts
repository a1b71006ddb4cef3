import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildSealkit, sealkitProgram } from "../../helpers/controller.ts";
import { doesWithoutOwnNetwork, OWN_MOUNTS } from "../../helpers/own-network.ts";
import { peer } from "../../helpers/peers.ts";
import { type Running, startProcess, until } from "../../helpers/process.ts";
import { IDENTITY_A, RECIPIENT_A } from "../../helpers/sops.ts";
import { workspace } from "./original.ts";

const folder = workspace();
const programs = dirname(realpathSync(peer("postgres")));
const NOBODY = 65_534;
const TABLE =
  "CREATE TABLE audit_event (id SERIAL PRIMARY KEY, timestamp TIMESTAMP DEFAULT now(), action TEXT, username TEXT, file TEXT)";
let database: Running | undefined;

/** The server refuses to run as root. */
const unprivileged =
  process.getuid?.() === 0 ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];

beforeAll(async () => {
  await buildSealkit();
  const place = join(folder.path, "pg");
  mkdirSync(place);
  chmodSync(folder.path, 0o755);
  if (unprivileged.length > 0) chownSync(place, NOBODY, NOBODY);
  const [first = "", ...rest] = [
    ...unprivileged,
    ...[join(programs, "initdb"), "-D", join(place, "data"), "-U", "sops", "-A", "trust", "--no-sync"],
  ];
  const made = spawnSync(first, rest, { encoding: "utf8", cwd: place });
  expect([made.status, made.status === 0 ? "" : made.stderr]).toEqual([0, ""]);
  const settings = ["listen_addresses=", `unix_socket_directories=${place}`, "fsync=off"].flatMap((text) => [
    "-c",
    text,
  ]);
  database = startProcess([...unprivileged, peer("postgres"), "-D", join(place, "data"), ...settings], {
    log: join(folder.path, "postgres.log"),
    cwd: place,
  });
  await until("the database answers", () => psql("SELECT 1").status === 0, {
    timeoutMs: 30_000,
    why: () => `${psql("SELECT 1").stderr}\n${database?.tail()}`,
  });
  expect(psql(TABLE).status).toBe(0);
});

afterAll(async () => {
  await database?.stop();
  folder.end();
});

function psql(statement: string) {
  const place = ["-h", join(folder.path, "pg"), "-U", "sops", "-d", "postgres"];
  return spawnSync(join(programs, "psql"), [...place, "-X", "-A", "-t", "-c", statement], { encoding: "utf8" });
}

function rows(): string[] {
  const taken = psql(
    "WITH taken AS (DELETE FROM audit_event RETURNING *) SELECT action, username, file FROM taken ORDER BY id",
  );
  return taken.stdout.split("\n").filter((line) => line !== "");
}

/** Runs a script with `$sops` as the program and an audit configuration, in mounts of its own: /etc outside is left alone. */
function run(program: readonly string[], config: string, script: string, name: string) {
  const at = join(folder.path, name);
  mkdirSync(join(at, "etc/sops"), { recursive: true });
  for (const file of ["passwd", "group", "nsswitch.conf"]) {
    writeFileSync(join(at, "etc", file), readFileSync(`/etc/${file}`));
  }
  writeFileSync(join(at, "etc/sops/audit.yaml"), config);
  mkdirSync(join(at, "work"), { recursive: true });
  writeFileSync(join(at, "work/clear.yaml"), "a: 1\n");
  writeFileSync(join(at, "work/sops"), `#!/bin/sh\nexec ${program.map((word) => `'${word}'`).join(" ")} "$@"\n`, {
    mode: 0o755,
  });
  const mounted = `mount --bind '${at}/etc' /etc && cd '${at}/work' && export sops=./sops && ${script}`;
  const [first = "", ...rest] = [...OWN_MOUNTS, "sh", "-c", mounted];
  return spawnSync(first, rest, {
    encoding: "utf8",
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: join(at, "work"),
      SOPS_AGE_KEY: IDENTITY_A,
      SOPS_DISABLE_VERSION_CHECK: "1",
      EDITOR: "sed -i s/1/2/",
    },
  });
}

const theirs = () => [peer("sops")];
const ours = () => [...sealkitProgram(), "sops"];

const config = (host: string) =>
  `backends:\n    postgres:\n        - connection_string: "postgres://sops:hidden@/postgres?host=${host}&sslmode=disable"\n`;

/** All that is recorded, and what is not: a file that stays closed, `filestatus`, `updatekeys`, an edit without a change. */
const SCRIPT = `
$sops encrypt --age ${RECIPIENT_A} clear.yaml > e.yaml
$sops decrypt e.yaml
$sops decrypt --extract '["a"]' e.yaml
$sops rotate -i e.yaml
$sops set e.yaml '["b"]' 2
$sops unset e.yaml '["b"]'
$sops filestatus e.yaml
$sops exec-env e.yaml true
$sops exec-file --no-fifo e.yaml true
$sops edit e.yaml
EDITOR=true $sops edit --age ${RECIPIENT_A} new.yaml
echo 'creation_rules: [{age: ${RECIPIENT_A}}]' > .sops.yaml
$sops updatekeys -y e.yaml
rm .sops.yaml
SOPS_AGE_KEY= $sops decrypt e.yaml
$sops decrypt --filename-override e.yaml < e.yaml
sed 's/^a:/c_unencrypted: 1\\na:/' e.yaml > m.yaml
$sops decrypt m.yaml
$sops decrypt --ignore-mac m.yaml
$sops decrypt clear.yaml
true
`;

describe.skipIf(doesWithoutOwnNetwork())("records of both in one database", () => {
  test("are of the same actions on the same files by the same user, in the same order", () => {
    const host = join(folder.path, "pg");
    const same = (name: string) => rows().map((row) => row.replaceAll(join(folder.path, name), "FOLDER"));
    const original = run(theirs(), config(host), SCRIPT, "theirs");
    const wanted = same("theirs");
    const own = run(ours(), config(host), SCRIPT, "ours");
    expect(same("ours")).toEqual(wanted);
    expect(wanted.length).toBeGreaterThanOrEqual(16);
    expect([own.status, own.stdout]).toEqual([original.status, original.stdout]);
    expect(own.stderr).not.toContain("hidden");
  });

  test("a database that is not there, or has no such table, ends the call before anything is shown", () => {
    const script = `$sops encrypt --age ${RECIPIENT_A} clear.yaml > e.yaml; echo "$? $(cat e.yaml)"`;
    for (const [name, host, message] of [
      ["gone", "/nowhere", "one or more audit backends reported errors, exiting"],
      ["tableless", join(folder.path, "pg"), "Failed to insert audit record: pq: relation"],
    ] as const) {
      const text = name === "gone" ? config(host) : config(host).replace("/postgres?", "/template1?");
      const [original, own] = [run(theirs(), text, script, `t-${name}`), run(ours(), text, script, `o-${name}`)];
      expect([original.stdout, own.stdout]).toEqual(["1 \n", "1 \n"]);
      expect(original.stderr).toContain(message);
      expect(own.stderr).toContain(message);
      expect(own.stderr).not.toContain("hidden");
    }
    expect(rows()).toEqual([]);
  });
});
