import { ToolkitError } from "../errors.ts";

/** See docs/errors/template.md. */
export type TemplateErrorCode =
  | "TEMPLATE_SYNTAX"
  | "TEMPLATE_EXECUTE"
  | "TEMPLATE_FUNCTION"
  | "TEMPLATE_LIMIT"
  | "TEMPLATE_UNDEFINED";

/** What is known of a failure. `original` and `context` may hold values and literals, everything else may not. */
export interface TemplateFailure {
  /** Name of the text in which it happened. */
  readonly template: string;
  /** From 1. */
  readonly line?: number | undefined;
  /** In bytes from the start of the line, from 0, as Go counts. */
  readonly column?: number | undefined;
  /** The function that failed, or got arguments that do not fit. */
  readonly function?: string | undefined;
  /** The part of the template that was executed, as Go prints it. */
  readonly context?: string | undefined;
  /** Go's whole text. */
  readonly original: string;
  /** Which bound was reached. */
  readonly limit?: string | undefined;
}

/**
 * A template that cannot be parsed or executed.
 *
 * `message` is safe to publish: it gives place and function, never a value, an argument, a literal of the template or
 * what a function said. `original` is the whole text that Go's text/template gives in the same case, with all of these.
 */
export class TemplateError extends ToolkitError {
  override readonly code: TemplateErrorCode;
  readonly template: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly function: string | undefined;
  // Private, so that no inspection of the error shows them.
  readonly #original: string;
  readonly #context: string | undefined;

  constructor(code: TemplateErrorCode, failure: TemplateFailure) {
    super(safeMessage(code, failure));
    this.code = code;
    this.template = failure.template;
    this.line = failure.line;
    this.column = failure.column;
    this.function = failure.function;
    this.#original = failure.original;
    this.#context = failure.context;
  }

  /** What Go's text/template says in the same case. It may hold secret values: never log or publish it unasked. */
  get original(): string {
    return this.#original;
  }

  /** The node that was executed, as Go prints it. It may hold literals of the template. */
  get context(): string | undefined {
    return this.#context;
  }
}

function safeMessage(code: TemplateErrorCode, failure: TemplateFailure): string {
  const { template, line, column, function: name, limit } = failure;
  const what = `Cannot ${code === "TEMPLATE_SYNTAX" ? "parse" : "execute"} template ${JSON.stringify(template)}`;
  const column1 = column === undefined ? "" : `, column ${column + 1}`;
  const place = line === undefined ? "" : ` line ${line}${column1}:`;
  return `${what}:${place} ${stateOf(code, name, limit)}`;
}

function stateOf(code: TemplateErrorCode, name: string | undefined, limit: string | undefined): string {
  switch (code) {
    case "TEMPLATE_SYNTAX":
      return name === undefined ? "the syntax is wrong" : `there is no function "${name}"`;
    case "TEMPLATE_FUNCTION":
      return `function "${name}" failed`;
    case "TEMPLATE_LIMIT":
      return `it needs more ${limit ?? "resources"} than is allowed`;
    case "TEMPLATE_UNDEFINED":
      return "there is no template of that name";
    case "TEMPLATE_EXECUTE":
      return name === undefined ? "a value does not fit" : `an argument of "${name}" does not fit`;
  }
}
