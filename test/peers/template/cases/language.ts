import type { TemplateCase } from "../../../helpers/template-cases.ts";

/** The language: actions, pipelines, variables. */
export const cases: readonly TemplateCase[] = ["text only", "{{ .user }}", "{{ .missing }}"];
