import { describe, expect, test } from "vitest";
import { allTemplateCases, caseObject, type TemplateCase } from "../../helpers/template-cases.ts";
import { askTemplateOracle } from "../../helpers/template-oracle.ts";
import { oracleRequest, renderCase } from "../../helpers/template-render.ts";

const files = await allTemplateCases();

/** What of a case is not as in Go; undefined when all is well. */
function difference(entry: TemplateCase, go: { readonly output: string; readonly error?: string }) {
  const { template, like, differs } = caseObject(entry);
  const ours = renderCase(entry);
  const wanted = go.error === undefined ? { output: go.output } : { output: "", error: go.error };
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

describe("templates give what Go gives", () => {
  test.each([...files])("%s", (_name, cases) => {
    const answers = askTemplateOracle(cases.map(oracleRequest));
    const wrong = cases.flatMap(
      (entry, at) => difference(entry, answers[at] ?? { output: "", error: "no answer" }) ?? [],
    );
    expect(wrong.slice(0, 20)).toEqual([]);
  });
});
