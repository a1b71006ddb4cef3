import type { NumberConstant } from "./number.ts";

/** Where a node begins, in UTF-16 units from the start of the template's text. */
interface Placed {
  readonly at: number;
}

/** A template as the parser understands it. Trees are never changed after parsing. */
export type StatementNode = TextNode | ActionNode | BranchNode | RangeNode | TemplateNode | BreakNode | ContinueNode;

export interface TextNode extends Placed {
  readonly kind: "text";
  readonly text: string;
}

/** `{{pipeline}}` */
export interface ActionNode extends Placed {
  readonly kind: "action";
  readonly pipe: PipeNode;
}

/** `{{if}}` and `{{with}}`; `{{else if}}` is such a node in `otherwise`. */
export interface BranchNode extends Placed {
  readonly kind: "if" | "with";
  readonly pipe: PipeNode;
  readonly body: readonly StatementNode[];
  readonly otherwise: readonly StatementNode[] | undefined;
}

export interface RangeNode extends Placed {
  readonly kind: "range";
  readonly pipe: PipeNode;
  readonly body: readonly StatementNode[];
  readonly otherwise: readonly StatementNode[] | undefined;
}

/** `{{template "name" pipeline}}` */
export interface TemplateNode extends Placed {
  readonly kind: "template";
  readonly name: string;
  readonly pipe: PipeNode | undefined;
}

export interface BreakNode extends Placed {
  readonly kind: "break";
}

export interface ContinueNode extends Placed {
  readonly kind: "continue";
}

/** What can stand in a command. */
export type OperandNode =
  | FieldNode
  | VariableNode
  | ChainNode
  | IdentifierNode
  | PipeNode
  | DotNode
  | NilNode
  | BoolNode
  | NumberNode
  | StringNode;

/** `$x := a | b` */
export interface PipeNode extends Placed {
  readonly kind: "pipe";
  /** Names of the variables that get the value, with their `$`. */
  readonly variables: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly CommandNode[];
}

/** `function argument argument` */
export interface CommandNode extends Placed {
  readonly kind: "command";
  readonly operands: readonly [OperandNode, ...OperandNode[]];
}

/** `.a.b` */
export interface FieldNode extends Placed {
  readonly kind: "field";
  readonly names: readonly string[];
}

/** `$x` and `$x.a.b` */
export interface VariableNode extends Placed {
  readonly kind: "variable";
  readonly name: string;
  readonly fields: readonly string[];
}

/** `(pipeline).a.b` */
export interface ChainNode extends Placed {
  readonly kind: "chain";
  readonly operand: PipeNode | IdentifierNode;
  readonly fields: readonly string[];
}

export interface IdentifierNode extends Placed {
  readonly kind: "identifier";
  readonly name: string;
}

export interface DotNode extends Placed {
  readonly kind: "dot";
}

export interface NilNode extends Placed {
  readonly kind: "nil";
}

export interface BoolNode extends Placed {
  readonly kind: "bool";
  readonly value: boolean;
}

export interface NumberNode extends Placed {
  readonly kind: "number";
  readonly text: string;
  readonly value: NumberConstant;
}

export interface StringNode extends Placed {
  readonly kind: "string";
  /** With its quotes, as in the template. */
  readonly text: string;
  readonly value: string;
}

export type Node = StatementNode | OperandNode | CommandNode;

/** One template of a set: what `{{define}}` or a whole file gives. */
export interface Tree {
  /** The name by which `{{template}}` finds it. */
  readonly name: string;
  /** The name of the text that it stands in, which errors give. */
  readonly parseName: string;
  /** The whole text that it stands in: positions are offsets in it. */
  readonly source: string;
  readonly root: readonly StatementNode[];
  /** How deep its blocks and pipelines are nested. */
  readonly nesting: number;
}
