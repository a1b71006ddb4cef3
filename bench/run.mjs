// Measures sealkit and the original tools side by side.
//
//   npm run bench                       everything but the long ones
//   npm run bench -- seal age           only these
//   npm run bench -- unseal-defaults    the original controller at its default limits (seven minutes)
//   npm run bench -- sealedsecret restart memory bulk
//                                       thousands of SealedSecrets (twelve minutes)
//   npm run bench -- repository         a repository of 5,000 SealedSecrets and 2,000 SOPS files
//   npm run bench -- --json FILE        also write the figures to FILE
//   npm run bench -- --quick            few rounds and small inputs: to see that it works
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { missingPeers } from "../tools/peers.mjs";
import { inFolder, root, sealkit, table } from "./measure.mjs";

const unseal = (options) => async (folder) => (await import("./unseal.mjs")).run(folder, options);
const simple = (name, options) => async (folder) => (await import(`./${name}.mjs`)).run(folder, options);

const BENCHES = {
  start: { run: simple("start"), quick: simple("start", { rounds: 3 }), peers: ["age-keygen", "kubeseal", "sops"] },
  guard: { run: simple("guard"), quick: simple("guard", { rounds: 3, files: 20 }), peers: [] },
  seal: {
    run: simple("seal"),
    quick: simple("seal", { count: 50, calls: 5, rounds: 1 }),
    peers: ["kubeseal"],
  },
  sops: {
    run: simple("sops"),
    quick: simple("sops", { values: 200, files: 10, calls: 5, rounds: 1 }),
    peers: ["age-keygen", "sops"],
  },
  age: { run: simple("age"), quick: simple("age", { mebibytes: 8, rounds: 1, files: 100, loop: 20 }), peers: ["age"] },
  yaml: { run: simple("yaml"), quick: simple("yaml", { definitions: 20, rounds: 2 }), peers: [] },
  template: {
    run: simple("template"),
    quick: simple("template", { rounds: 5 }),
    peers: ["template-oracle"],
  },
  unseal: {
    run: unseal(),
    quick: unseal({ count: 20, rounds: 1 }),
    peers: ["kubernetes", "sealed-secrets"],
  },
  bulk: { run: simple("bulk"), quick: simple("bulk", { count: 50, rounds: 1 }), peers: [] },
  sealedsecret: {
    run: simple("sealedsecret"),
    quick: simple("sealedsecret", { count: 40, items: 5, capMs: 10_000 }),
    peers: ["kubernetes", "sealed-secrets"],
    long: true,
  },
  restart: {
    run: simple("restart"),
    quick: simple("restart", { count: 100, rounds: 1, capMs: 10_000 }),
    peers: ["kubernetes", "sealed-secrets"],
    long: true,
  },
  memory: {
    run: simple("memory", { bits: 2048 }),
    quick: simple("memory", { count: 100, bits: 2048 }),
    peers: ["kubernetes", "sealed-secrets"],
    long: true,
  },
  repository: {
    run: simple("repository"),
    quick: simple("repository", { sealedSecrets: 60, sopsFiles: 20, operations: { 2048: 50 } }),
    peers: [],
    long: true,
  },
  "unseal-defaults": {
    run: unseal({ rounds: 1, upstreamArgs: [], limit: 0.1 }),
    quick: unseal({ count: 20, rounds: 1, upstreamArgs: [], limit: 0.1 }),
    peers: ["kubernetes", "sealed-secrets"],
    long: true,
  },
};

const words = process.argv.slice(2);
const jsonAt = words.indexOf("--json");
const json = jsonAt < 0 ? undefined : words.splice(jsonAt, 2)[1];
const quick = words.includes("--quick");
const wanted = words.filter((word) => word !== "--quick");
const unknown = wanted.filter((name) => BENCHES[name] === undefined);
const names = wanted.length > 0 ? wanted : Object.keys(BENCHES).filter((name) => !BENCHES[name].long);

function refuse(message, hint) {
  console.error(`error: ${message}\nhint: ${hint}`);
  process.exit(1);
}
if (unknown.length > 0) refuse(`Cannot run ${unknown.join(", ")}: no such bench`, Object.keys(BENCHES).join(" "));
if (!existsSync(sealkit[1])) refuse("Cannot measure sealkit: it is not built", "npm run build");
const wantedPeers = [...new Set(names.flatMap((name) => BENCHES[name].peers))];
const missing = wantedPeers.length === 0 ? [] : missingPeers(wantedPeers);
if (missing.length > 0) refuse(`Cannot compare: ${missing.join(", ")}`, "npm run peers");

const lines = [];
await inFolder(async (folder) => {
  for (const name of names) {
    console.error(`Measuring ${name}`);
    lines.push(...(await BENCHES[name][quick ? "quick" : "run"](folder)));
  }
});

const about = {
  commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim(),
  date: new Date().toISOString().slice(0, 10),
  node: process.version,
  machine: `${cpus()[0]?.model.trim() ?? "?"}, ${availableParallelism()} cores`,
};
console.log(`${about.date}, commit ${about.commit}, Node ${about.node}, ${about.machine}\n`);
console.log(table(lines));
if (json !== undefined) writeFileSync(json, `${JSON.stringify({ ...about, lines }, null, 2)}\n`);
