import { describe, expect, test } from "vitest";
import { remedyFor } from "../../../src/secrets/index.ts";

const P = "sealedsecrets.bitnami.com/";
const place = (scope: "strict" | "namespace-wide" | "cluster-wide", namespace = "apps", name = "db") => ({
  scope,
  namespace,
  name,
});

describe("remedyFor()", () => {
  test.each([
    [place("strict"), place("strict", "apps", "x"), 'give the SealedSecret the name "db", or seal it again'],
    [place("strict"), place("strict", "b"), 'give the SealedSecret the namespace "apps", or seal it again'],
    [
      place("strict"),
      place("strict", "b", "x"),
      'give the SealedSecret the name "db" and the namespace "apps", or seal it again',
    ],
    [
      place("strict"),
      place("cluster-wide", "apps", "x"),
      'give the SealedSecret the name "db" and take the scope annotations of the SealedSecret away, or seal it again',
    ],
    [place("strict"), place("namespace-wide"), "take the scope annotations of the SealedSecret away"],
    [place("cluster-wide"), place("strict", "b", "x"), `annotate the SealedSecret with ${P}cluster-wide: "true"`],
    [
      place("namespace-wide"),
      place("strict", "apps", "x"),
      `annotate the SealedSecret with ${P}namespace-wide: "true"`,
    ],
    [
      place("namespace-wide"),
      place("cluster-wide"),
      `annotate the SealedSecret with ${P}namespace-wide: "true" in place of ${P}cluster-wide`,
    ],
    [
      place("namespace-wide"),
      place("namespace-wide", "b", "x"),
      'give the SealedSecret the namespace "apps", or seal it again',
    ],
  ])("%j, when it stands in %j: %s", (sealedFor, own, want) => {
    expect(remedyFor(sealedFor, own)).toBe(want);
  });
});
