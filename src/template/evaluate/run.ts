import { printed } from "../fmt/print.ts";
import { quote } from "../fmt/quote.ts";
import type { ExecutionLimits } from "../limits.ts";
import type { Node, Tree } from "../parse/node.ts";
import { sourceText } from "../parse/source-text.ts";
import { TemplateError, type TemplateErrorCode } from "../template-error.ts";
import type { FunctionTable } from "../value/function.ts";
import { type LimitName, LimitReached } from "../value/go-error.ts";
import { byteLength } from "../value/go-string.ts";
import type { GoValue } from "../value/go-value.ts";
import type { Host } from "../value/host.ts";
import { type Variable, Variables } from "./variables.ts";

/** What a field of a map does that is not there: Go's option `missingkey`. */
export type MissingKey = "default" | "zero" | "error";

/** The cursor `.`, and whether it came out of an interface, which Go's error texts tell. */
export interface Dot {
  readonly value: GoValue;
  readonly boxed: boolean;
}

/** What a run needs from outside. */
export interface RunOptions {
  readonly functions: FunctionTable;
  readonly limits: ExecutionLimits;
  readonly missingKey: MissingKey;
  readonly timeZone: string | undefined;
  nowNanoseconds(): bigint;
  randomBytes(count: number): Uint8Array;
}

/** Why a template failed beside the text: the function that is to blame. */
interface Blame {
  readonly code: TemplateErrorCode;
  readonly function?: string | undefined;
  readonly limit?: LimitName;
}

/** One execution: where it is, its variables, its output, and what it has used up. */
export class Run implements Host {
  readonly options: RunOptions;
  /** The template that is executed now, and the node in it. */
  tree: Tree;
  node: Node | undefined;
  /** The function whose arguments are evaluated. */
  callee: string | undefined;
  variables = new Variables();
  /** Whether the value that was evaluated last came out of an interface. */
  boxed = false;
  depth = 0;
  output = "";
  private steps = 0;
  private bytes = 0;

  constructor(tree: Tree, options: RunOptions) {
    this.tree = tree;
    this.options = options;
  }

  get timeZone(): string | undefined {
    return this.options.timeZone;
  }

  nowNanoseconds(): bigint {
    return this.options.nowNanoseconds();
  }

  randomBytes(count: number): Uint8Array {
    this.spend(count);
    return this.options.randomBytes(count);
  }

  spend(bytes: number): void {
    this.bytes += bytes;
    if (!(this.bytes <= this.options.limits.maxBytes)) throw new LimitReached("bytes");
  }

  step(rounds = 1): void {
    this.steps += rounds;
    if (!(this.steps <= this.options.limits.maxSteps)) throw new LimitReached("steps");
  }

  write(text: string): void {
    this.spend(text.length);
    this.output += text;
  }

  /** Text of a value for an error. */
  shown(value: GoValue): string {
    return printed(value, this);
  }

  variable(name: string): Variable {
    return this.variables.find(name) ?? this.fail(`undefined variable: ${name}`);
  }

  assign(name: string, value: GoValue, boxed: boolean): void {
    set(this.variable(name), value, boxed);
  }

  /** Changes a variable by its place from the top of the stack, 1 being the newest. */
  assignTop(place: number, value: GoValue, boxed: boolean): void {
    const variable = this.variables.fromTop(place);
    if (variable !== undefined) set(variable, value, boxed);
  }

  /** Ends the execution at the present node, with Go's text. */
  fail(text: string, blame: Blame = { code: "TEMPLATE_EXECUTE", function: this.callee }): never {
    const { tree, node } = this;
    const { name, parseName } = tree;
    if (node === undefined) {
      throw new TemplateError(blame.code, { template: parseName, ...blame, original: `template: ${name}: ${text}` });
    }
    const before = tree.source.slice(0, node.at);
    const lineStart = before.lastIndexOf("\n") + 1;
    const line = before.split("\n").length;
    const column = byteLength(before.slice(lineStart));
    const context = sourceText(node);
    const original = `template: ${parseName}:${line}:${column}: executing ${quote(name)} at <${context}>: ${text}`;
    throw new TemplateError(blame.code, { template: parseName, line, column, context, original, ...blame });
  }

  /** Ends the execution because a bound is reached. */
  failAtLimit(limit: LimitName, text = `it needs more ${limit} than is allowed`): never {
    return this.fail(text, { code: "TEMPLATE_LIMIT", limit });
  }
}

function set(variable: Variable, value: GoValue, boxed: boolean): void {
  variable.value = value;
  variable.boxed = boxed;
}
