import { BUILTINS } from "./builtins/table.ts";
import { type MissingKey, Run } from "./evaluate/run.ts";
import { compileList, type Execute, type Lookup } from "./evaluate/statement.ts";
import { DEFAULT_EXECUTION_LIMITS, DEFAULT_PARSE_LIMITS, type ExecutionLimits, type ParseLimits } from "./limits.ts";
import type { Tree } from "./parse/node.ts";
import { isEmpty, parse } from "./parse/parser.ts";
import { listText } from "./parse/source-text.ts";
import { TemplateError } from "./template-error.ts";
import { type FunctionTable, functionTable } from "./value/function.ts";
import { GoError, LimitReached } from "./value/go-error.ts";
import type { GoValue } from "./value/go-value.ts";

/** How the texts of a set are read. */
export interface TemplateOptions {
  /** Functions beside those of the language; one of the same name takes the place of it. */
  readonly functions?: FunctionTable;
  /** What opens and closes an action; `{{` and `}}` unless told. */
  readonly delimiters?: readonly [open: string, close: string];
  readonly limits?: Partial<ParseLimits>;
}

/** How a template is executed. */
export interface ExecuteOptions {
  /** What a missing key of a map gives: no value, the zero value of its type, or an error. */
  readonly missingKey?: MissingKey;
  readonly limits?: Partial<ExecutionLimits>;
  /** Functions for this execution, in place of those that the text was parsed with. */
  readonly functions?: FunctionTable;
  /** The clock of `now` and its like, in nanoseconds since 1970; without it they fail. */
  readonly nowNanoseconds?: () => bigint;
  /** The random bytes of `randAlpha` and its like; without it they fail. */
  readonly randomBytes?: (count: number) => Uint8Array;
  /** The time zone that templates call `Local`, such as `Europe/Berlin`; UTC unless told. */
  readonly timeZone?: string;
}

interface Ready {
  readonly tree: Tree;
  readonly execute: Execute;
}

/**
 * A set of templates that can call each other.
 *
 * A set is never changed: {@link TemplateSet.parse} gives a new one. Templates are made ready once, when they are first
 * executed, and can be executed any number of times.
 */
export class TemplateSet {
  private readonly trees: ReadonlyMap<string, Tree>;
  private readonly functions: FunctionTable;
  private readonly options: TemplateOptions;
  private readonly ready = new Map<string, Ready>();

  private constructor(trees: ReadonlyMap<string, Tree>, options: TemplateOptions, functions: FunctionTable) {
    this.trees = trees;
    this.options = options;
    this.functions = functions;
  }

  /** A set without templates. */
  static empty(options: TemplateOptions = {}): TemplateSet {
    return new TemplateSet(new Map(), options, functionTable(BUILTINS, options.functions ?? new Map()));
  }

  /** Names of all templates that were defined. */
  get names(): string[] {
    return [...this.trees.keys()];
  }

  has(name: string): boolean {
    return this.trees.has(name);
  }

  /**
   * The set with the templates of one more text: the text itself under its name, and all that it defines. What is
   * defined again takes the place of the older one, unless it is empty.
   *
   * @throws TemplateError `TEMPLATE_SYNTAX`, `TEMPLATE_LIMIT`
   */
  parse(name: string, text: string): TemplateSet {
    const [open, close] = this.options.delimiters ?? ["{{", "}}"];
    const parsed = parse(name, text, {
      open: open === "" ? "{{" : open,
      close: close === "" ? "}}" : close,
      isFunction: (word) => this.functions.has(word),
      limits: { ...DEFAULT_PARSE_LIMITS, ...this.options.limits },
    });
    const trees = new Map(this.trees);
    for (const [defined, tree] of parsed) {
      if (!trees.has(defined) || !isEmpty(tree.root)) trees.set(defined, tree);
    }
    return new TemplateSet(trees, this.options, this.functions);
  }

  /** The template as text in a normal form; undefined when there is none of that name. */
  source(name: string): string | undefined {
    const tree = this.trees.get(name);
    return tree === undefined ? undefined : listText(tree.root);
  }

  /**
   * Executes a template on a value. Gives a Go string: take its bytes with `bytesOf`.
   *
   * @throws TemplateError `TEMPLATE_EXECUTE`, `TEMPLATE_FUNCTION`, `TEMPLATE_UNDEFINED`, `TEMPLATE_LIMIT`
   */
  execute(name: string, data: GoValue, options: ExecuteOptions = {}): string {
    const target = this.lookup(name);
    if (target === undefined) {
      throw new TemplateError("TEMPLATE_UNDEFINED", {
        template: name,
        original: `template: no template ${JSON.stringify(name)} associated with template ${JSON.stringify(name)}`,
      });
    }
    const run = new Run(target.tree, {
      functions: options.functions === undefined ? this.functions : functionTable(this.functions, options.functions),
      limits: { ...DEFAULT_EXECUTION_LIMITS, ...options.limits },
      missingKey: options.missingKey ?? "default",
      nowNanoseconds: options.nowNanoseconds ?? (() => refuse("the clock")),
      timeZone: options.timeZone,
      randomBytes: options.randomBytes ?? (() => refuse("random numbers")),
    });
    run.variables.declare("$", data);
    run.depth = target.tree.nesting;
    return output(run, () => target.execute(run, { value: data, boxed: false }));
  }

  private readonly lookup: Lookup = (name) => {
    const known = this.ready.get(name);
    if (known !== undefined) return known;
    const tree = this.trees.get(name);
    if (tree === undefined) return undefined;
    const made = { tree, execute: compileList(tree.root, this.lookup) };
    this.ready.set(name, made);
    return made;
  };
}

function output(run: Run, body: () => unknown): string {
  try {
    body();
    return run.output;
  } catch (error) {
    if (error instanceof LimitReached) return run.failAtLimit(error.limit);
    // The stack of JavaScript ended before our own bound: the same to the user.
    if (error instanceof RangeError && error.message.includes("call stack")) return run.failAtLimit("depth");
    throw error;
  }
}

function refuse(what: string): never {
  throw new GoError(`${what} may not be used here`);
}
