import { printed } from "../fmt/print.ts";
import { quote } from "../fmt/quote.ts";
import type { ActionNode, BranchNode, RangeNode, StatementNode, TemplateNode, TextNode, Tree } from "../parse/node.ts";
import { sourceText } from "../parse/source-text.ts";
import { GoBytes, GoFunction, GoInt, GoMap, GoSlice, type GoValue, NO_VALUE, NoValue } from "../value/go-value.ts";
import { int, integer } from "../value/make.ts";
import { itemsOf, truth, typeName } from "../value/reflection.ts";
import { compilePipe } from "./operand.ts";
import type { Dot, Run } from "./run.ts";
import { Variables } from "./variables.ts";

/** How a statement ended: on to the next one, or out of a range. */
type Outcome = "next" | "break" | "continue";

/** A statement, made ready to be executed many times. */
export type Execute = (run: Run, dot: Dot) => Outcome;

/** Finds another template of the set, made ready. */
export type Lookup = (name: string) => { readonly tree: Tree; readonly execute: Execute } | undefined;

/** Makes a list of statements ready. */
export function compileList(nodes: readonly StatementNode[], lookup: Lookup): Execute {
  const statements = nodes.map((node) => compileStatement(node, lookup));
  return (run, dot) => {
    for (const statement of statements) {
      const outcome = statement(run, dot);
      if (outcome !== "next") return outcome;
    }
    return "next";
  };
}

function compileStatement(node: StatementNode, lookup: Lookup): Execute {
  switch (node.kind) {
    case "text":
      return compileText(node);
    case "action":
      return compileAction(node);
    case "if":
    case "with":
      return compileBranch(node, lookup);
    case "range":
      return compileRange(node, lookup);
    case "template":
      return compileTemplate(node, lookup);
    case "break":
    case "continue": {
      const { kind } = node;
      return () => kind;
    }
  }
}

function compileText(node: TextNode): Execute {
  return (run) => {
    run.node = node;
    run.write(node.text);
    return "next";
  };
}

function compileAction(node: ActionNode): Execute {
  const pipe = compilePipe(node.pipe);
  const silent = node.pipe.variables.length > 0;
  return (run, dot) => {
    run.step();
    run.node = node;
    const value = pipe(run, dot);
    if (silent) return "next";
    run.node = node;
    if (typeof value === "string") run.write(value);
    else printValue(run, node, value);
    return "next";
  };
}

function printValue(run: Run, node: ActionNode, value: GoValue): void {
  if (value instanceof NoValue) run.write("<no value>");
  else if (value instanceof GoFunction) run.fail(`can't print ${sourceText(node)} of type ${typeName(value)}`);
  else run.output += printed(value, run);
}

function compileBranch(node: BranchNode, lookup: Lookup): Execute {
  const pipe = compilePipe(node.pipe);
  const body = compileList(node.body, lookup);
  const otherwise = node.otherwise === undefined ? undefined : compileList(node.otherwise, lookup);
  const moves = node.kind === "with";
  return (run, dot) => {
    const mark = run.variables.size;
    run.step();
    run.node = node;
    const value = pipe(run, dot);
    let outcome: Outcome = "next";
    if (truth(value)) outcome = body(run, moves ? { value, boxed: false } : dot);
    else if (otherwise !== undefined) outcome = otherwise(run, dot);
    run.variables.leave(mark);
    return outcome;
  };
}

function compileTemplate(node: TemplateNode, lookup: Lookup): Execute {
  const pipe = node.pipe === undefined ? undefined : compilePipe(node.pipe);
  return (run, dot) => {
    run.step();
    run.node = node;
    const target = lookup(node.name);
    if (target === undefined)
      return run.fail(`template ${quote(node.name)} not defined`, { code: "TEMPLATE_UNDEFINED" });
    const { tree, depth, variables } = run;
    const { maxDepth } = run.options.limits;
    run.depth += 1 + target.tree.nesting;
    if (run.depth > maxDepth) run.failAtLimit("depth", `exceeded maximum template depth (${maxDepth})`);
    const value = pipe === undefined ? NO_VALUE : pipe(run, dot);
    run.tree = target.tree;
    run.variables = new Variables();
    run.variables.declare("$", value);
    target.execute(run, { value, boxed: false });
    run.tree = tree;
    run.depth = depth;
    run.variables = variables;
    return "next";
  };
}

function compileRange(node: RangeNode, lookup: Lookup): Execute {
  const pipe = compilePipe(node.pipe);
  const body = compileList(node.body, lookup);
  const otherwise = node.otherwise === undefined ? undefined : compileList(node.otherwise, lookup);
  const bind = bindVariables(node);
  return (run, dot) => {
    const outer = run.variables.size;
    run.step();
    run.node = node;
    const value = pipe(run, dot);
    const mark = run.variables.size;
    let any = false;
    for (const { key, element, boxed } of entriesOf(run, node, value)) {
      any = true;
      run.step();
      bind(run, key, element, boxed);
      const outcome = body(run, { value: element, boxed });
      run.variables.leave(mark);
      if (outcome === "break") break;
    }
    let outcome: Outcome = "next";
    if (!any && otherwise !== undefined) outcome = otherwise(run, dot);
    run.variables.leave(outer);
    return outcome;
  };
}

/** Gives key and element of a round to the variables of the range. */
function bindVariables(node: RangeNode): (run: Run, key: GoValue, element: GoValue, boxed: boolean) => void {
  const { variables, assigns } = node.pipe;
  const [first, second] = variables;
  if (first === undefined) return () => {};
  if (second === undefined) {
    return assigns
      ? (run, _key, element, boxed) => run.assign(first, element, boxed)
      : (run, _key, element, boxed) => run.assignTop(1, element, boxed);
  }
  if (assigns) {
    return (run, key, element, boxed) => {
      run.assign(first, key, false);
      run.assign(second, element, boxed);
    };
  }
  return (run, key, element, boxed) => {
    run.assignTop(1, element, boxed);
    run.assignTop(2, key, false);
  };
}

interface Entry {
  readonly key: GoValue;
  readonly element: GoValue;
  readonly boxed: boolean;
}

function* entriesOf(run: Run, node: RangeNode, value: GoValue): Generator<Entry> {
  if (value instanceof GoMap) {
    run.step(value.entries.size);
    const boxed = value.elem === "interface {}";
    const entries = value.sortedKeys().map((key) => [key, value.entries.get(key) ?? null] as const);
    for (const [key, element] of entries) yield { key, element, boxed };
    return;
  }
  const items = value instanceof GoBytes ? bytesIn(run, value) : value instanceof GoSlice ? value.items : undefined;
  if (items !== undefined) {
    const boxed = value instanceof GoSlice && value.elem === "interface {}";
    const { length } = items;
    for (let at = 0; at < length; at++) yield { key: int(at), element: items[at] ?? null, boxed };
    return;
  }
  if (value instanceof NoValue) return;
  if (!(value instanceof GoInt)) run.fail(`range can't iterate over ${run.shown(value)}`);
  if (node.pipe.variables.length > 1) {
    run.fail(`can't use ${run.shown(value)} to iterate over more than one variable`);
  }
  for (let at = 0n; at < value.value; at++) yield { key: NO_VALUE, element: integer(value.kind, at), boxed: false };
}

function bytesIn(run: Run, value: GoBytes): readonly GoValue[] | undefined {
  run.step(value.bytes.length);
  return itemsOf(value);
}
