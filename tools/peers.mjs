// Fetches and builds the original tools that sealkit is compared with, into `.peers` (not in git).
//
//   node tools/peers.mjs                     get what is missing or out of date
//   node tools/peers.mjs --only sops age     only these tools (or modules)
//   node tools/peers.mjs --verify sops       get nothing; exit 1 when one is missing
//   node tools/peers.mjs --can-build         exit 1 and say why when there is no Go to build with
//   node tools/peers.mjs --list              what there is, and in what state
//
// `SEALKIT_PEERS` names another folder with the binaries. Versions are pinned under test/peers: Go modules, and Python
// requirements with hashes. What Debian packages is installed by apt-get where that may be done.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEBIAN_TOOLS, findDebianTool, installDebianTools } from "./peers/debian.mjs";
import { peersFolder } from "./peers/folders.mjs";
import { buildGoTool, GO_TOOLS, goState, requireGo } from "./peers/go.mjs";
import { PeersError } from "./peers/peers-error.mjs";
import { installPythonTool, PYTHON_TOOLS, pythonProgram, pythonState } from "./peers/python.mjs";

export { peersFolder };

const ALL_TOOLS = [...Object.keys(GO_TOOLS), ...Object.keys(DEBIAN_TOOLS), ...Object.keys(PYTHON_TOOLS)];

/** Tools named by tool or by Go module (`kubernetes` is four of them); no name means all. */
function toolsNamed(names) {
  if (names.length === 0) return ALL_TOOLS;
  const found = new Set();
  for (const name of names) {
    const members = Object.keys(GO_TOOLS).filter((tool) => GO_TOOLS[tool].module === name);
    if (ALL_TOOLS.includes(name)) found.add(name);
    else if (members.length === 0) {
      const known = [...new Set([...Object.values(GO_TOOLS).map(({ module }) => module), ...ALL_TOOLS])];
      throw new PeersError(`Cannot find a peer called "${name}": the names are ${known.join(", ")}`);
    }
    for (const member of members) found.add(member);
  }
  return [...found];
}

function stateOf(tool) {
  if (GO_TOOLS[tool] !== undefined) return goState(tool);
  if (PYTHON_TOOLS[tool] !== undefined) return pythonState(tool);
  return findDebianTool(tool) === undefined ? "missing" : "ready";
}

const isUsable = (tool) => ["ready", "unstamped"].includes(stateOf(tool));

/** The tools of `names` that cannot be used now, each with its state. */
export function missingPeers(names) {
  return toolsNamed(names)
    .filter((tool) => !isUsable(tool))
    .map((tool) => `${tool} (${stateOf(tool)})`);
}

/** Where the program of a tool is, whether or not it is there. */
export function peerProgram(tool) {
  if (PYTHON_TOOLS[tool] !== undefined) return pythonProgram(tool);
  if (DEBIAN_TOOLS[tool] !== undefined) return findDebianTool(tool) ?? tool;
  return join(peersFolder(), tool);
}

function getMissing(names) {
  const tools = toolsNamed(names);
  const wanted = tools.filter((tool) => !isUsable(tool));
  const toBuild = wanted.filter((tool) => GO_TOOLS[tool] !== undefined);
  const toInstall = wanted.filter((tool) => DEBIAN_TOOLS[tool] !== undefined);
  if (toBuild.length > 0) requireGo(toBuild);
  if (toInstall.length > 0) timed(`Installing ${toInstall.join(", ")}`, () => installDebianTools(toInstall));
  for (const tool of wanted.filter((tool) => PYTHON_TOOLS[tool] !== undefined)) {
    timed(`Installing ${tool}`, () => installPythonTool(tool));
  }
  for (const [at, tool] of toBuild.entries()) {
    const what = `Building ${tool} (${at + 1}/${toBuild.length}; the first time takes minutes)`;
    timed(what, () => buildGoTool(tool));
  }
  console.error(`${tools.length} peers ready in ${peersFolder()}`);
}

function timed(what, work) {
  const started = Date.now();
  console.error(what);
  work();
  console.error(`  done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function verify(names) {
  const missing = missingPeers(names);
  if (missing.length === 0) return;
  throw new PeersError(`Cannot use the original tools: ${missing.join(", ")}\nhint: npm run peers`);
}

function list() {
  for (const tool of ALL_TOOLS) console.log(`${tool.padEnd(26)} ${stateOf(tool)}`);
}

function main(args) {
  const [mode, ...names] = args;
  if (mode === undefined) getMissing([]);
  else if (mode === "--only" && names.length > 0) getMissing(names);
  else if (mode === "--verify") verify(names);
  else if (mode === "--can-build" && names.length === 0) requireGo(Object.keys(GO_TOOLS));
  else if (mode === "--list" && names.length === 0) list();
  else throw new PeersError("Usage: node tools/peers.mjs [--only NAME... | --verify [NAME...] | --can-build | --list]");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof PeersError)) throw error;
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}
