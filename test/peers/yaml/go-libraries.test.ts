import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { YamlRequest } from "../../helpers/yaml/answers.ts";
import { compareAnswer } from "../../helpers/yaml/comparison.ts";
import { randomRequests } from "../../helpers/yaml/corpus.ts";
import { FIXTURES } from "../../helpers/yaml/fixtures.ts";
import { askOracle } from "../../helpers/yaml/oracle.ts";
import { suiteCases } from "../../helpers/yaml/suite.ts";

const SEEDS = process.env["SLOW"] === undefined ? [1, 2, 3] : Array.from({ length: 30 }, (_, at) => at + 1);
const REQUESTS = 5_000;

describe("the Go YAML libraries", () => {
  test.each(SEEDS)(`agree on ${REQUESTS} random questions of seed %i`, (seed) => {
    const requests = randomRequests(seed, REQUESTS);
    const different = askOracle(requests).flatMap((answer, at) => {
      const outcome = compareAnswer(requests[at] as YamlRequest, answer);
      return outcome.kind === "different" ? [{ request: requests[at], ...outcome }] : [];
    });
    expect(different).toEqual([]);
  });

  test("read the YAML test suite as we do", () => {
    const requests = suiteCases().flatMap(({ yaml: text }): YamlRequest[] => [
      { op: "v3-nodes", text },
      { op: "v3-print", text, indent: 4 },
      { op: "sigs-json", text },
    ]);
    const different = askOracle(requests).flatMap((answer, at) => {
      const outcome = compareAnswer(requests[at] as YamlRequest, answer);
      return outcome.kind === "different" ? [{ request: requests[at], ...outcome }] : [];
    });
    expect(different).toEqual([]);
  });

  test.each(Object.entries(FIXTURES))("still say what fixtures/yaml/%s records", (name, requests) => {
    const file = new URL(`../../../fixtures/yaml/${name}`, import.meta.url);
    const answers = askOracle(requests);
    const lines = requests.map((request, at) => JSON.stringify({ ...request, answer: answers[at] }));
    const text = `[\n${lines.join(",\n")}\n]\n`;
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, text);
    expect(readFileSync(file, "utf8")).toBe(text);
  });
});
