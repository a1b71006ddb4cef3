import { ClearText } from "../../clear-text.ts";

/** The templates of one SealedSecret. */
export interface RenderPlan {
  /** Whose templates these are; a renderer that serves many is fair among namespaces. */
  readonly namespace: string;
  /** Item → source of its Go template. */
  readonly templates: ReadonlyMap<string, string>;
}

/** The templates of one SealedSecret, and what they may see. */
export interface RenderJob extends RenderPlan {
  /** Item → value. Templates see the sources of all templates, and these values in place of sources of the same name. */
  readonly values: ReadonlyMap<string, ClearText>;
}

/** Why a template gave nothing: it cannot be read, it failed, or it wanted more than it may have. */
export type TemplateFailure = "malformed" | "failed" | "limit" | "time" | "memory" | "crash";

/** What is wrong with one template. All but `text` is safe to publish. */
export interface TemplateProblem {
  readonly item: string;
  readonly failure: TemplateFailure;
  /** From 1; undefined where the place is unknown. */
  readonly line?: number | undefined;
  /** The function that failed, if one did. */
  readonly function?: string | undefined;
  /** What the original says of it. It may quote arguments and literals, so it is clear text. */
  readonly text: ClearText;
}

export type Rendered =
  | { readonly kind: "rendered"; readonly data: ReadonlyMap<string, ClearText> }
  | { readonly kind: "failed"; readonly problems: readonly TemplateProblem[] }
  /** Too much other work waits; try again. */
  | { readonly kind: "busy" };

/** Renders templates; never throws for what a template does. */
export interface TemplateRenderer {
  /** Whether it would be busy now; asked before anything is opened for it. */
  isFull?(plan: RenderPlan): boolean;
  render(job: RenderJob): Promise<Rendered>;
}

/** What can be sent to another process: clear text as its bytes. */
export interface RenderRequest {
  readonly templates: readonly (readonly [item: string, source: string])[];
  readonly values: readonly (readonly [item: string, value: Uint8Array])[];
}

export interface RenderAnswer {
  readonly rendered: readonly (readonly [item: string, value: Uint8Array])[];
  readonly problems: readonly (Omit<TemplateProblem, "text"> & { readonly text: Uint8Array })[];
}

export function requestOf({ templates, values }: RenderJob): RenderRequest {
  return {
    templates: [...templates],
    values: [...values].map(([item, value]) => [item, value.reveal()] as const),
  };
}

export function renderedOf({ rendered, problems }: RenderAnswer): Rendered {
  if (problems.length > 0) {
    return { kind: "failed", problems: problems.map(({ text, ...rest }) => ({ ...rest, text: new ClearText(text) })) };
  }
  return { kind: "rendered", data: new Map(rendered.map(([item, value]) => [item, new ClearText(value)] as const)) };
}

const MOST_SHOWN = 10;
const MOST_NAME = 253;

/** Item, line and function of each problem, and nothing that a value could be read from; one line each. */
export function safeText(problems: readonly TemplateProblem[]): string {
  const lines = problems.slice(0, MOST_SHOWN).map(safeLine);
  const more = problems.length - MOST_SHOWN;
  return [...lines, ...(more > 0 ? [`and ${more} more templates`] : [])].join("\n");
}

const STATES: Readonly<Record<TemplateFailure, string>> = {
  malformed: "it cannot be parsed",
  failed: "it cannot be executed",
  time: "it takes too long",
  memory: "it uses too much memory",
  limit: "it needs more steps, output or depth than is allowed",
  crash: "its process ended",
};

function safeLine({ item, failure, line, function: called }: TemplateProblem): string {
  const name = item.length > MOST_NAME ? `${item.slice(0, MOST_NAME)}…` : item;
  const place = line === undefined ? name : `${name}:${line}`;
  const state = called === undefined ? STATES[failure] : stateOf(failure, called);
  return `template: ${place}: ${state} (${name})`;
}

function stateOf(failure: TemplateFailure, called: string): string {
  const name = called.length > MOST_NAME ? `${called.slice(0, MOST_NAME)}…` : called;
  if (failure === "malformed") return `function "${name}" not defined`;
  return failure === "failed" ? `error calling ${name}` : STATES[failure];
}

/** What the original prints: its own text of each problem, tagged with the item. */
export function originalText(problems: readonly TemplateProblem[]): string {
  return problems.map(({ item, text }) => `${new TextDecoder().decode(text.reveal())} (${item})`).join("\n");
}
