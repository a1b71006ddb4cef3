import { describe, expect, test } from "vitest";
import { goString } from "../../../src/template/value/go-string.ts";
import { allTemplateCases, caseObject, type TemplateCase } from "../../helpers/template/cases.ts";
import { askTemplateOracle, type TemplateAnswer } from "../../helpers/template/oracle.ts";
import { oracleRequest, renderCase } from "../../helpers/template/render.ts";

const functions = await sprigFunctions();
const files = await allTemplateCases();

import { MACHINE, sprigFunctions } from "../../helpers/template/sprig.ts";

/** What of a case is not as in Go; undefined when all is well. */
function difference(entry: TemplateCase, go: TemplateAnswer) {
  const { template, like, differs } = caseObject(entry);
  const ours = renderCase(entry, { functions }, MACHINE);
  const wanted = go.error === undefined ? { output: textOf(go) } : { output: "", error: go.error };
  if (differs !== undefined) {
    const isSo =
      (differs.output === undefined || differs.output === ours.output) &&
      (differs.error === undefined || new RegExp(differs.error).test(ours.error ?? ""));
    return isSo ? undefined : { template, differs, ours };
  }
  if (like !== undefined && ours.error === wanted.error) {
    return like.test(ours.output) && like.test(wanted.output) ? undefined : { template, like, wanted, ours };
  }
  return ours.output === wanted.output && ours.error === wanted.error ? undefined : { template, wanted, ours };
}

/** What Go wrote; bytes that are no text are as in our strings. */
const textOf = ({ output, bytes }: TemplateAnswer) =>
  bytes === undefined ? output : goString(Buffer.from(bytes, "base64"));

describe("templates give what Go gives", () => {
  test.each([...files])("%s", (_name, cases) => {
    const answers = askTemplateOracle(cases.map(oracleRequest));
    const wrong = cases.flatMap(
      (entry, at) => difference(entry, answers[at] ?? { output: "", error: "no answer" }) ?? [],
    );
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  test("there are at least 600 cases", () => {
    expect([...files.values()].reduce((sum, cases) => sum + cases.length, 0)).toBeGreaterThanOrEqual(600);
  });
});
