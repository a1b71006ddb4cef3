import { primitives } from "#primitives";
import {
  bytesOf,
  fromText,
  goString,
  loadSprigFunctions,
  stringMap,
  TemplateError,
  TemplateSet,
} from "../../template/index.ts";
import type { RenderAnswer, RenderRequest, TemplateFailure, TemplateProblem } from "./templates.ts";

/** What of the world templates see. */
export interface RenderPorts {
  /** Nanoseconds since 1970. */
  readonly nowNanoseconds: () => bigint;
  /** The zone that templates call `Local`. */
  readonly timeZone: string;
  /** Told before each template. */
  readonly begin?: (item: string) => void;
}

/** A Secret of more than 1 MiB is refused by the API; what templates make on the way is bounded by their own limits. */
const MOST_OUTPUT = 16 * 1024 * 1024;

/**
 * What is kept of the words of all that fails: a template chooses them, and a SealedSecret has room for thousands of
 * templates.
 */
const MOST_WORDS = 1024 * 1024;

type Problem = RenderAnswer["problems"][number];

/**
 * Renders the templates of one SealedSecret, each by itself: none can call what another defines. Never throws for what a
 * template does.
 */
export async function renderItems({ templates, values }: RenderRequest, ports: RenderPorts): Promise<RenderAnswer> {
  const sources = templates.map(([item, source]) => [fromText(item), fromText(source)] as const);
  const functions = await loadSprigFunctions(sources.map(([, source]) => source));
  const strings = values.map(([item, value]) => [fromText(item), goString(value)] as const);
  const rendered: (readonly [string, Uint8Array])[] = [];
  const problems: Problem[] = [];
  let output = 0;
  let words = MOST_WORDS;
  const failed = (problem: Problem) => {
    const text = problem.text.slice(0, words);
    words -= text.length;
    problems.push({ ...problem, text });
  };
  for (const [item, source] of sources) {
    ports.begin?.(item);
    try {
      const { nowNanoseconds, timeZone } = ports;
      const set = TemplateSet.empty({ functions }).parse(item, source);
      const context = stringMap([...sources, ...strings]);
      const text = set.execute(item, context, { nowNanoseconds, timeZone, randomBytes: primitives.randomBytes });
      const bytes = bytesOf(text);
      output += bytes.length;
      if (output > MOST_OUTPUT) failed(problemOf(item, "limit", `template: ${item}: the output is too large`));
      else rendered.push([item, bytes]);
    } catch (error) {
      failed(explained(item, error));
    }
  }
  return { rendered, problems };
}

const FAILURES: Readonly<Record<TemplateError["code"], TemplateFailure>> = {
  TEMPLATE_SYNTAX: "malformed",
  TEMPLATE_EXECUTE: "failed",
  TEMPLATE_FUNCTION: "failed",
  TEMPLATE_LIMIT: "limit",
  TEMPLATE_UNDEFINED: "failed",
};

function explained(item: string, error: unknown): Problem {
  if (error instanceof TemplateError) {
    return problemOf(item, FAILURES[error.code], error.original, { line: error.line, function: error.function });
  }
  // The engine's own limits, such as the longest string; its words may quote the template.
  return problemOf(item, error instanceof RangeError ? "memory" : "crash", `template: ${item}: execution was ended`);
}

function problemOf(
  item: string,
  failure: TemplateFailure,
  text: string,
  place: Pick<TemplateProblem, "line" | "function"> = {},
): Problem {
  return { item, failure, ...place, text: bytesOf(text) };
}
