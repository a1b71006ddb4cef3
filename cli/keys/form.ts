import { printJson, printSigs } from "../../src/yaml/index.ts";
import { flag } from "../define-command.ts";

export const FORMS = ["table", "json", "yaml"] as const;
/** How a result is printed: for people, or for programs. */
export type Form = (typeof FORMS)[number];

/** The flag of commands that print a result, `-o`. */
export function formFlag(help: string) {
  return flag.choice(FORMS, { short: "o", default: "table", help });
}

/** The flag of commands whose `-o` names a place. */
export function reportFlag(help: string) {
  return flag.choice(FORMS, { placeholder: "FORM", help });
}

/** A result in a form; `asTable` makes it for people. */
export function inForm(form: Form, value: unknown, asTable: () => string): string {
  if (form === "table") return asTable();
  return form === "json" ? `${printJson(value, { indent: "  ", escapeHtml: false })}\n` : printSigs(value);
}

/** `2036-11-18T19:53:34Z`, from milliseconds since the epoch. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
