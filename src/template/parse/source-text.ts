import { quote } from "../fmt/quote.ts";
import type { CommandNode, Node, OperandNode, PipeNode, StatementNode } from "./node.ts";

/** A node as Go prints it in errors: the template's text in a normal form. */
export function sourceText(node: Node): string {
  switch (node.kind) {
    case "text":
      return node.text;
    case "action":
      return `{{${pipeText(node.pipe)}}}`;
    case "if":
    case "with":
    case "range": {
      const otherwise = node.otherwise === undefined ? "" : `{{else}}${listText(node.otherwise)}`;
      return `{{${node.kind} ${pipeText(node.pipe)}}}${listText(node.body)}${otherwise}{{end}}`;
    }
    case "template":
      return `{{template ${quote(node.name)}${node.pipe === undefined ? "" : ` ${pipeText(node.pipe)}`}}}`;
    case "break":
    case "continue":
      return `{{${node.kind}}}`;
    case "command":
      return commandText(node);
    default:
      return operandText(node);
  }
}

/** Statements one after the other, as Go prints them. */
export function listText(nodes: readonly StatementNode[]): string {
  return nodes.map(sourceText).join("");
}

function pipeText(node: PipeNode): string {
  const commands = node.commands.map(commandText).join(" | ");
  if (node.variables.length === 0) return commands;
  return `${node.variables.join(", ")} ${node.assigns ? "=" : ":="} ${commands}`;
}

function commandText(node: CommandNode): string {
  return node.operands
    .map((operand) => (operand.kind === "pipe" ? `(${pipeText(operand)})` : operandText(operand)))
    .join(" ");
}

function operandText(node: OperandNode): string {
  switch (node.kind) {
    case "field":
      return `.${node.names.join(".")}`;
    case "variable":
      return [node.name, ...node.fields].join(".");
    case "chain": {
      const operand = node.operand.kind === "pipe" ? `(${pipeText(node.operand)})` : node.operand.name;
      return [operand, ...node.fields].join(".");
    }
    case "identifier":
      return node.name;
    case "pipe":
      return pipeText(node);
    case "dot":
      return ".";
    case "nil":
      return "nil";
    case "bool":
      return String(node.value);
    case "number":
    case "string":
      return node.text;
  }
}
