import { quote } from "../fmt/quote.ts";
import type { ParseLimits } from "../limits.ts";
import { TemplateError } from "../template-error.ts";
import { tokensOf } from "./lexer.ts";
import type {
  BranchNode,
  CommandNode,
  IdentifierNode,
  OperandNode,
  PipeNode,
  RangeNode,
  StatementNode,
  TemplateNode,
  Tree,
} from "./node.ts";
import { numberConstant } from "./number.ts";
import { Scope } from "./scope.ts";
import { sourceText } from "./source-text.ts";
import { shown, type Token, type TokenKind } from "./token.ts";
import { unquote } from "./unquote.ts";

/** What parsing needs to know beside the text. */
export interface ParserOptions {
  readonly open: string;
  readonly close: string;
  readonly isFunction: (name: string) => boolean;
  readonly limits: ParseLimits;
}

/**
 * The trees of a text: its own, and one for each `{{define}}` and `{{block}}` in it.
 *
 * @throws TemplateError `TEMPLATE_SYNTAX`, `TEMPLATE_LIMIT`
 */
export function parse(name: string, source: string, options: ParserOptions): ReadonlyMap<string, Tree> {
  return new Parser(name, source, options).run();
}

/** Whether a list prints nothing but space: such a template does not replace one of the same name. */
export function isEmpty(nodes: readonly StatementNode[]): boolean {
  return nodes.every((node) => node.kind === "text" && /^[\s\u0085]*$/.test(node.text));
}

/** What ends a list of statements. */
interface ListEnd {
  readonly nodes: readonly StatementNode[];
  readonly end: "end" | "else";
}

/** Statements end with one of these in front of them; they are no nodes of the tree. */
type Statement = StatementNode | "end" | "else";

class Parser {
  private readonly name: string;
  private readonly source: string;
  private readonly options: ParserOptions;
  private readonly tokens: readonly Token[];
  private readonly trees = new Map<string, Tree>();
  /** The next token, and the furthest that was looked at: Go's complaints name the line of that. */
  private at = 0;
  private furthest = 0;
  private actionLine = 0;
  private variables = new Scope();
  private ranges = 0;
  private nesting = 0;
  private deepest = 0;

  constructor(name: string, source: string, options: ParserOptions) {
    this.name = name;
    this.source = source;
    this.options = options;
    if (source.length > options.limits.maxTextLength) this.limit("text");
    this.tokens = tokensOf(source, options);
  }

  run(): ReadonlyMap<string, Tree> {
    const nodes: StatementNode[] = [];
    while (this.peek().kind !== "eof") {
      if (this.peek().kind === "open") {
        const mark = this.at;
        this.next();
        if (this.nextNonSpace().kind === "define") {
          this.definition();
          continue;
        }
        this.at = mark;
      }
      const node = this.textOrAction();
      if (node === "end" || node === "else") this.fail(`unexpected {{${node}}}`);
      nodes.push(node);
    }
    this.add(this.name, nodes, this.deepest);
    return this.trees;
  }

  // Tokens

  private token(at: number): Token {
    const index = Math.min(at, this.tokens.length - 1);
    this.furthest = Math.max(this.furthest, index);
    const token = this.tokens[index];
    if (token === undefined) throw new RangeError("a template has at least one token");
    return token;
  }

  private next(): Token {
    return this.token(this.at++);
  }

  private peek(): Token {
    return this.token(this.at);
  }

  private nextNonSpace(): Token {
    if (this.peek().kind === "space") this.at++;
    return this.next();
  }

  /** Space before the token that is looked at is gone then. */
  private peekNonSpace(): Token {
    if (this.peek().kind === "space") this.at++;
    return this.peek();
  }

  private expect(kind: TokenKind, context: string): Token {
    const token = this.nextNonSpace();
    if (token.kind !== kind) this.unexpected(token, context);
    return token;
  }

  // Complaints

  private fail(text: string, undefinedFunction?: string): never {
    const line = this.token(this.furthest).line;
    throw new TemplateError("TEMPLATE_SYNTAX", {
      template: this.name,
      line,
      function: undefinedFunction,
      original: `template: ${this.name}:${line}: ${text}`,
    });
  }

  private limit(limit: "text" | "nesting"): never {
    throw new TemplateError("TEMPLATE_LIMIT", {
      template: this.name,
      limit,
      original: `template: ${this.name}: more ${limit} than is allowed`,
    });
  }

  private unexpected(token: Token, context: string): never {
    if (token.kind !== "error") this.fail(`unexpected ${shown(token)} in ${context}`);
    let extra = "";
    if (this.actionLine !== 0 && this.actionLine !== token.line) {
      extra = ` in action started at ${this.name}:${this.actionLine}`;
      if (token.text.endsWith(" action")) extra = extra.slice(" in action".length);
    }
    this.fail(token.text + extra);
  }

  /** Counts one level of nesting while something is parsed. */
  private nested<Result>(parsed: () => Result): Result {
    if (++this.nesting > this.options.limits.maxNesting) this.limit("nesting");
    this.deepest = Math.max(this.deepest, this.nesting);
    const result = parsed();
    this.nesting--;
    return result;
  }

  // Templates

  private add(name: string, root: readonly StatementNode[], nesting: number): void {
    const known = this.trees.get(name);
    if (known !== undefined && !isEmpty(known.root)) {
      if (!isEmpty(root)) this.fail(`template: multiple definition of template ${quote(name)}`);
      return;
    }
    this.trees.set(name, { name, parseName: this.name, source: this.source, root, nesting });
  }

  /** A list that becomes a template of its own: no variable and no range around it counts. */
  private ownTemplate(name: string, context: string): void {
    const { variables, ranges, deepest, nesting } = this;
    this.variables = new Scope();
    this.ranges = 0;
    this.deepest = nesting;
    const { nodes, end } = this.nested(() => this.list());
    if (end !== "end") this.fail(`unexpected {{${end}}} in ${context}`);
    this.add(name, nodes, this.deepest - nesting);
    this.deepest = Math.max(this.deepest, deepest);
    this.variables = variables;
    this.ranges = ranges;
  }

  private definition(): void {
    const context = "define clause";
    const actionLine = this.actionLine;
    this.actionLine = 0;
    const name = this.templateName(this.nextNonSpace(), context);
    this.expect("close", context);
    this.ownTemplate(name, context);
    this.actionLine = actionLine;
  }

  private templateName(token: Token, context: string): string {
    if (token.kind !== "string" && token.kind !== "raw") this.unexpected(token, context);
    return unquote(token.text) ?? this.fail("invalid syntax");
  }

  // Statements

  private list(): ListEnd {
    const nodes: StatementNode[] = [];
    while (this.peekNonSpace().kind !== "eof") {
      const node = this.textOrAction();
      if (node === "end" || node === "else") return { nodes, end: node };
      nodes.push(node);
    }
    return this.fail("unexpected EOF");
  }

  private textOrAction(): Statement {
    const token = this.nextNonSpace();
    if (token.kind === "text") return { kind: "text", at: token.at, text: token.text };
    if (token.kind !== "open") this.unexpected(token, "input");
    this.actionLine = token.line;
    const node = this.action();
    this.actionLine = 0;
    return node;
  }

  private action(): Statement {
    const token = this.nextNonSpace();
    switch (token.kind) {
      case "block":
        return this.block();
      case "break":
      case "continue":
        return this.loopExit(token, token.kind);
      case "else":
        return this.elseAction();
      case "end":
        this.expect("close", "end");
        return "end";
      case "if":
      case "with":
        return this.branch(token.kind);
      case "range":
        return this.range();
      case "template":
        return this.template();
      default: {
        this.at--;
        const at = this.peek().at;
        return { kind: "action", at, pipe: this.pipeline("command", "close") };
      }
    }
  }

  private loopExit(token: Token, kind: "break" | "continue"): StatementNode {
    const after = this.nextNonSpace();
    if (after.kind !== "close") this.unexpected(after, `{{${kind}}}`);
    if (this.ranges === 0) this.fail(`{{${kind}}} outside {{range}}`);
    return { kind, at: token.at };
  }

  /** `{{else if` and `{{else with` leave their second word for the branch that they belong to. */
  private elseAction(): "else" {
    const next = this.peekNonSpace().kind;
    if (next !== "if" && next !== "with") this.expect("close", "else");
    return "else";
  }

  private branch(kind: "if" | "with"): BranchNode {
    const parts = this.control(kind);
    return { kind, ...parts };
  }

  private range(): RangeNode {
    return { kind: "range", ...this.control("range") };
  }

  private control(context: "if" | "with" | "range") {
    const mark = this.variables.size;
    const at = this.peekNonSpace().at;
    const pipe = this.pipeline(context, "close");
    if (context === "range") this.ranges++;
    const { nodes: body, end } = this.nested(() => this.list());
    if (context === "range") this.ranges--;
    const otherwise = end === "end" ? undefined : this.otherwise(context);
    this.variables.leave(mark);
    return { at, pipe, body, otherwise };
  }

  private otherwise(context: "if" | "with" | "range"): readonly StatementNode[] {
    const next = this.peek().kind;
    if (context !== "range" && next === context) {
      this.next();
      return [this.nested(() => this.branch(context))];
    }
    const { nodes, end } = this.nested(() => this.list());
    if (end !== "end") this.fail(`expected end; found {{${end}}}`);
    return nodes;
  }

  private block(): StatementNode {
    const context = "block clause";
    const token = this.nextNonSpace();
    const name = this.templateName(token, context);
    const pipe = this.pipeline(context, "close");
    this.ownTemplate(name, context);
    return { kind: "template", at: token.at, name, pipe };
  }

  private template(): TemplateNode {
    const context = "template clause";
    const token = this.nextNonSpace();
    const name = this.templateName(token, context);
    if (this.nextNonSpace().kind === "close") return { kind: "template", at: token.at, name, pipe: undefined };
    this.at--;
    return { kind: "template", at: token.at, name, pipe: this.pipeline(context, "close") };
  }

  // Pipelines

  private pipeline(context: string, end: "close" | ")"): PipeNode {
    const at = this.peekNonSpace().at;
    const { variables, assigns } = this.declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.nextNonSpace();
      if (token.kind === end) {
        this.checkPipeline(commands, context);
        return { kind: "pipe", at, variables, assigns, commands };
      }
      if (!OPERANDS.has(token.kind)) this.unexpected(token, context);
      this.at--;
      commands.push(this.command());
    }
  }

  /** `$x :=`, `$x =`, and in a range `$i, $x :=`. */
  private declarations(context: string): { variables: readonly string[]; assigns: boolean } {
    const variables: string[] = [];
    for (;;) {
      const variable = this.peekNonSpace();
      if (variable.kind !== "variable") return { variables, assigns: false };
      const mark = this.at;
      this.next();
      const next = this.peekNonSpace();
      if (next.kind === "assign" || next.kind === "declare") {
        this.nextNonSpace();
        variables.push(variable.text);
        this.variables.enter(variable.text);
        return { variables, assigns: next.kind === "assign" };
      }
      if (next.kind !== "char" || next.text !== ",") {
        this.at = mark;
        return { variables, assigns: false };
      }
      this.nextNonSpace();
      variables.push(variable.text);
      this.variables.enter(variable.text);
      if (context !== "range" || variables.length >= 2) this.fail(`too many declarations in ${context}`);
      const after = this.peekNonSpace().kind;
      if (after !== "variable" && after !== "close" && after !== ")") {
        this.fail("range can only initialize variables");
      }
    }
  }

  private checkPipeline(commands: readonly CommandNode[], context: string): void {
    if (commands.length === 0) this.fail(`missing value for ${context}`);
    for (const [at, { operands }] of commands.entries()) {
      if (at > 0 && CONSTANTS.has(operands[0].kind)) {
        this.fail(`non executable command in pipeline stage ${at + 1}`);
      }
    }
  }

  private command(): CommandNode {
    const at = this.peekNonSpace().at;
    const operands: OperandNode[] = [];
    for (;;) {
      this.peekNonSpace();
      const operand = this.operand();
      if (operand !== undefined) operands.push(operand);
      const token = this.next();
      if (token.kind === "space") continue;
      if (token.kind === "close" || token.kind === ")") this.at--;
      else if (token.kind !== "pipe") this.unexpected(token, "operand");
      break;
    }
    const [first, ...rest] = operands;
    if (first === undefined) return this.fail("empty command");
    return { kind: "command", at, operands: [first, ...rest] };
  }

  /** A term with the fields after it. */
  private operand(): OperandNode | undefined {
    const term = this.term();
    if (term === undefined || this.peek().kind !== "field") return term;
    const at = this.peek().at;
    const fields: string[] = [];
    while (this.peek().kind === "field") fields.push(this.next().text.slice(1));
    switch (term.kind) {
      case "field":
        return { kind: "field", at, names: [...term.names, ...fields] };
      case "variable":
        return { kind: "variable", at, name: term.name, fields: [...term.fields, ...fields] };
      case "pipe":
      case "identifier":
        return { kind: "chain", at, operand: term, fields };
      default:
        return this.fail(`unexpected . after term ${quote(sourceText(term))}`);
    }
  }

  private term(): OperandNode | undefined {
    const token = this.nextNonSpace();
    const { at, text, kind } = token;
    switch (kind) {
      case "identifier":
        return this.identifier(token);
      case "dot":
      case "nil":
        return { kind, at };
      case "variable":
        if (!this.variables.has(text)) this.fail(`undefined variable ${quote(text)}`);
        return { kind: "variable", at, name: text, fields: [] };
      case "field":
        return { kind: "field", at, names: [text.slice(1)] };
      case "bool":
        return { kind: "bool", at, value: text === "true" };
      case "rune":
      case "complex":
      case "number": {
        const value = numberConstant(text, kind);
        if (typeof value === "string") this.fail(value);
        return { kind: "number", at, text, value };
      }
      case "(":
        return this.nested(() => this.pipeline("parenthesized pipeline", ")"));
      case "string":
      case "raw": {
        const value = unquote(text) ?? this.fail("invalid syntax");
        return { kind: "string", at, text, value };
      }
      default:
        this.at--;
        return undefined;
    }
  }

  private identifier({ at, text }: Token): IdentifierNode {
    if (!this.options.isFunction(text)) this.fail(`function ${quote(text)} not defined`, text);
    return { kind: "identifier", at, name: text };
  }
}

const OPERANDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "bool",
  "rune",
  "complex",
  "dot",
  "field",
  "identifier",
  "number",
  "nil",
  "raw",
  "string",
  "variable",
  "(",
]);

/** Operands that cannot be a stage of a pipeline after the first. */
const CONSTANTS: ReadonlySet<OperandNode["kind"]> = new Set<OperandNode["kind"]>([
  "bool",
  "dot",
  "nil",
  "number",
  "string",
]);
