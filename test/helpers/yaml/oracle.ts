import { spawnSync } from "node:child_process";
import { peer } from "../peers.ts";
import type { YamlAnswer, YamlRequest } from "./answers.ts";

/** Asks the Go libraries. */
export function askOracle(requests: readonly YamlRequest[]): YamlAnswer[] {
  const input = `${requests.map((request) => JSON.stringify(request)).join("\n")}\n`;
  const run = spawnSync(peer("yaml-oracle"), { input, encoding: "utf8", maxBuffer: 1 << 30, timeout: 120_000 });
  if (run.status !== 0) throw new Error(`yaml-oracle ended with ${run.status ?? run.signal}: ${run.stderr}`);
  const answers = run.stdout.trimEnd().split("\n");
  if (answers.length !== requests.length) throw new Error(`${requests.length} questions, ${answers.length} answers`);
  return answers.map((answer): YamlAnswer => JSON.parse(answer));
}
