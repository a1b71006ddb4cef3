import type {
  ChainNode,
  CommandNode,
  FieldNode,
  IdentifierNode,
  Node,
  OperandNode,
  PipeNode,
  VariableNode,
} from "../parse/node.ts";
import { sourceText } from "../parse/source-text.ts";
import { type GoValue, NO_VALUE, type ParamType } from "../value/go-value.ts";
import { type Argument, type CallSite, callFunction } from "./call.ts";
import { converted, idealNumber, isLiteral, literalFor, nilFor } from "./conversion.ts";
import { evaluateField } from "./field.ts";
import type { Dot, Run } from "./run.ts";

/** A pipeline, made ready to be evaluated many times. */
export type Evaluate = (run: Run, dot: Dot) => GoValue;

/** A command; `final` is the value of the command before it in the pipeline. */
type EvaluateCommand = (run: Run, dot: Dot, final: GoValue | undefined) => GoValue;

/** Makes a pipeline ready. Its value is never nil: nil is no value then. */
export function compilePipe(node: PipeNode): Evaluate {
  const commands = node.commands.map(compileCommand);
  const [only] = commands;
  const { variables, assigns } = node;
  if (commands.length === 1 && only !== undefined && variables.length === 0) {
    return (run, dot) => {
      run.node = node;
      const value = only(run, dot, undefined);
      run.boxed = false;
      return value ?? NO_VALUE;
    };
  }
  return (run, dot) => {
    run.node = node;
    let value: GoValue | undefined;
    run.step(commands.length);
    for (const command of commands) value = command(run, dot, value) ?? NO_VALUE;
    run.boxed = false;
    const result = value ?? NO_VALUE;
    for (const name of variables) {
      if (assigns) run.assign(name, result, false);
      else run.variables.declare(name, result);
    }
    return result;
  };
}

function compileCommand(node: CommandNode): EvaluateCommand {
  const [first, ...rest] = node.operands;
  switch (first.kind) {
    case "field":
      return compileField(first, rest);
    case "chain":
      return compileChain(first, rest);
    case "identifier":
      return compileCall(first, node, rest);
    case "variable":
      return compileVariable(first, rest);
    case "pipe": {
      const pipe = compilePipe(first);
      return (run, dot, final) => {
        refuseArguments(run, first, rest.length, final);
        return pipe(run, dot);
      };
    }
    default: {
      const constant = compileConstant(first);
      return (run, dot, final) => {
        run.node = first;
        refuseArguments(run, first, rest.length, final);
        return constant(run, dot);
      };
    }
  }
}

function refuseArguments(run: Run, node: OperandNode, count: number, final: GoValue | undefined): void {
  if (count > 0 || final !== undefined) run.fail(`can't give argument to non-function ${sourceText(node)}`);
}

function compileConstant(
  node: Exclude<OperandNode, FieldNode | ChainNode | IdentifierNode | VariableNode | PipeNode>,
): Evaluate {
  switch (node.kind) {
    case "dot":
      return readDot;
    case "nil":
      return (run) => run.fail("nil is not a command");
    case "number":
      return (run) => idealNumber(run, node);
    default: {
      const { value } = node;
      return () => value;
    }
  }
}

function readDot(run: Run, dot: Dot): GoValue {
  run.boxed = dot.boxed;
  return dot.value;
}

function siteOf(name: string, node: Node, operands: readonly OperandNode[]): CallSite {
  return { name, node, args: operands.map(compileArgument), texts: operands.map(sourceText) };
}

function compileCall(node: IdentifierNode, command: Node, operands: readonly OperandNode[]): EvaluateCommand {
  const { name } = node;
  const site = siteOf(name, command, operands);
  return (run, dot, final) => {
    run.node = node;
    const target = run.options.functions.get(name);
    if (target === undefined) return run.fail(`"${name}" is not a defined function`);
    return callFunction(run, dot, target, site, final);
  };
}

/** The fields after a receiver; only the last one gets the arguments. */
function compileFields(names: readonly string[], node: Node, operands: readonly OperandNode[]) {
  const sites = names.map((name, at) => siteOf(name, node, at === names.length - 1 ? operands : []));
  const [only] = sites;
  if (sites.length === 1 && only !== undefined) {
    return (run: Run, dot: Dot, receiver: GoValue, final: GoValue | undefined): GoValue =>
      evaluateField(run, dot, receiver, only, final);
  }
  return (run: Run, dot: Dot, receiver: GoValue, final: GoValue | undefined): GoValue => {
    run.step(sites.length);
    let value = receiver;
    for (const [at, site] of sites.entries()) {
      value = evaluateField(run, dot, value, site, at === sites.length - 1 ? final : undefined);
    }
    return value;
  };
}

function compileField(node: FieldNode, operands: readonly OperandNode[]): EvaluateCommand {
  const fields = compileFields(node.names, node, operands);
  return (run, dot, final) => {
    run.node = node;
    run.boxed = dot.boxed;
    return fields(run, dot, dot.value, final);
  };
}

function compileVariable(node: VariableNode, operands: readonly OperandNode[]): EvaluateCommand {
  const { name } = node;
  const fields = node.fields.length === 0 ? undefined : compileFields(node.fields, node, operands);
  return (run, dot, final) => {
    run.node = node;
    const variable = run.variable(name);
    run.boxed = variable.boxed;
    if (fields !== undefined) return fields(run, dot, variable.value, final);
    refuseArguments(run, node, operands.length, final);
    return variable.value;
  };
}

function compileChain(node: ChainNode, operands: readonly OperandNode[]): EvaluateCommand {
  const receiver =
    node.operand.kind === "pipe" ? compilePipe(node.operand) : compileCall(node.operand, node.operand, []);
  const fields = compileFields(node.fields, node, operands);
  const inner = node.operand;
  return (run, dot, final) => {
    run.node = inner;
    const value = receiver(run, dot, undefined);
    return fields(run, dot, value, final);
  };
}

/** Makes an operand ready that stands as an argument. */
function compileArgument(node: OperandNode): Argument {
  if (isLiteral(node)) {
    return (run, _dot, type) => {
      run.node = node;
      return literalFor(run, node, type);
    };
  }
  if (node.kind === "nil") {
    return (run, _dot, type) => {
      run.node = node;
      return nilFor(run, type);
    };
  }
  const evaluate = compileOperand(node);
  return (run, dot, type: ParamType) => {
    run.node = node;
    return converted(run, evaluate(run, dot, undefined), type);
  };
}

function compileOperand(
  node: Exclude<OperandNode, { readonly kind: "bool" | "number" | "string" | "nil" }>,
): EvaluateCommand {
  switch (node.kind) {
    case "dot":
      return readDot;
    case "field":
      return compileField(node, []);
    case "variable":
      return compileVariable(node, []);
    case "pipe":
      return compilePipe(node);
    case "identifier":
      return compileCall(node, node, []);
    case "chain":
      return compileChain(node, []);
  }
}
