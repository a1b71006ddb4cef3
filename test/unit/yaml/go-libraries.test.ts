import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compareAnswer, type Difference } from "../../helpers/yaml/comparison.ts";
import { FIXTURES, type RecordedAnswer } from "../../helpers/yaml/fixtures.ts";

/** How many answers may differ, and why: a change of these numbers is a change of behaviour. */
const KNOWN: Readonly<Record<string, Partial<Record<Difference, number>>>> = {
  "scalars.json": { "value in the message": 24 },
  "strings.json": { "value lost by yaml.v3": 5 },
  "shapes.json": { "empty stream": 12, "value in the message": 16, "value lost by yaml.v3": 10 },
  "random.json": { "alias inside its anchor": 3, "value in the message": 8, "value lost by yaml.v3": 12 },
  "values.json": {},
};

describe("reading and printing as the Go libraries", () => {
  test.each(Object.keys(FIXTURES))("%s", (name) => {
    const recorded: RecordedAnswer[] = JSON.parse(
      readFileSync(new URL(`../../../fixtures/yaml/${name}`, import.meta.url), "utf8"),
    );
    expect(recorded.map(({ answer: _answer, ...request }) => request)).toEqual(FIXTURES[name]);
    const known: Partial<Record<Difference, number>> = {};
    const different: unknown[] = [];
    for (const { answer, ...request } of recorded) {
      const outcome = compareAnswer(request, answer);
      if (outcome.kind === "different") different.push({ request, ...outcome });
      if (outcome.kind === "known") known[outcome.difference] = (known[outcome.difference] ?? 0) + 1;
    }
    expect(different).toEqual([]);
    expect(known).toEqual(KNOWN[name]);
  });
});
