// Tools that a Linux distribution packages: found in PATH, or installed by apt-get where that may be done.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { PeersError } from "./peers-error.mjs";

/** Debian keeps the programs of a PostgreSQL server out of PATH, in a folder for each version. */
const POSTGRES = "/usr/lib/postgresql";

/** Every tool: the package that has it, and folders beside PATH where it may be. */
export const DEBIAN_TOOLS = {
  gpg: { package: "gnupg", folders: () => [] },
  chromium: { package: "chromium", folders: () => [] },
  postgres: {
    package: "postgresql",
    folders: () => (existsSync(POSTGRES) ? readdirSync(POSTGRES).map((at) => join(POSTGRES, at, "bin")) : []),
  },
};

/** The path of a tool, or undefined. */
export function findDebianTool(tool) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...DEBIAN_TOOLS[tool].folders()];
  return folders.map((folder) => join(folder, tool)).find((path) => existsSync(path));
}

/** Installs the packages of tools that are not there. */
export function installDebianTools(tools) {
  const packages = tools.map((tool) => DEBIAN_TOOLS[tool].package);
  const hint = `hint: sudo apt-get install ${packages.join(" ")}`;
  if (process.getuid?.() !== 0) throw new PeersError(`Cannot find ${tools.join(", ")} in PATH\n${hint}`);
  aptGet(["update", "-q"], hint);
  aptGet(["install", "-q", "-y", "--no-install-recommends", ...packages], hint);
  const missing = tools.filter((tool) => findDebianTool(tool) === undefined);
  if (missing.length > 0) throw new PeersError(`Cannot find ${missing.join(", ")} after the installation\n${hint}`);
}

function aptGet(args, hint) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // What apt-get says goes to stderr: stdout is for answers.
  const done = spawnSync("apt-get", args, { env, stdio: ["ignore", 2, 2], timeout: 900_000 });
  if (done.error) throw new PeersError(`Cannot start apt-get: ${done.error.code}\n${hint}`);
  if (done.status !== 0) throw new PeersError(`Cannot install: apt-get ${args[0]} ended with ${done.status}\n${hint}`);
}
