// Tools from PyPI: each in a virtual environment of its own, pinned with hashes by test/peers/python/NAME/requirements.txt.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { peersFolder, pins } from "./folders.mjs";
import { PeersError } from "./peers-error.mjs";

/** Every tool: the environment that holds it, and its program there. */
export const PYTHON_TOOLS = {
  moto: { environment: "moto", program: "moto_server" },
  "sops-1": { environment: "sops-1", program: "sops" },
};

const environmentFolder = (name) => join(dirname(peersFolder()), "python", name);
const stampFile = (name) => join(environmentFolder(name), "stamp");

function pinOf(name) {
  return createHash("sha256")
    .update(readFileSync(pins("python", name, "requirements.txt")))
    .digest("hex");
}

/** Where the program of a tool is, whether or not it has been installed. */
export function pythonProgram(tool) {
  const { environment, program } = PYTHON_TOOLS[tool];
  return join(environmentFolder(environment), "bin", program);
}

/** `ready`, `missing`, or `out of date`. */
export function pythonState(tool) {
  const { environment } = PYTHON_TOOLS[tool];
  if (!existsSync(stampFile(environment))) return "missing";
  return readFileSync(stampFile(environment), "utf8") === pinOf(environment) ? "ready" : "out of date";
}

/** Makes the environment anew. The stamp is written last, so that half an environment never counts. */
export function installPythonTool(tool) {
  const { environment } = PYTHON_TOOLS[tool];
  const folder = environmentFolder(environment);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  run("python3", ["-m", "venv", folder], tool, "install Python 3.11 or later with its venv module");
  const requirements = pins("python", environment, "requirements.txt");
  const pip = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--require-hashes",
    "--disable-pip-version-check",
    "-r",
    requirements,
  ];
  run(join(folder, "bin/python"), pip, tool, "look at what pip says above");
  if (!existsSync(pythonProgram(tool))) throw new PeersError(`Cannot use ${tool}: its packages have no such program`);
  writeFileSync(stampFile(environment), pinOf(environment));
}

function run(program, args, tool, hint) {
  const done = spawnSync(program, args, { stdio: ["ignore", 2, 2], timeout: 900_000 });
  if (done.error) throw new PeersError(`Cannot install ${tool}: ${program}: ${done.error.code}\nhint: ${hint}`);
  if (done.status !== 0)
    throw new PeersError(`Cannot install ${tool}: ${program} ended with ${done.status}\nhint: ${hint}`);
}
