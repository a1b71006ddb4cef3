import type { BoolNode, NumberNode, OperandNode, StringNode } from "../parse/node.ts";
import { sourceText } from "../parse/source-text.ts";
import {
  GoBytes,
  GoComplex,
  GoInt,
  GoMap,
  GoObject,
  GoSlice,
  type GoValue,
  NO_VALUE,
  NoValue,
  type ParamType,
} from "../value/go-value.ts";
import { int, integer } from "../value/make.ts";
import { typeName, zeroOf } from "../value/reflection.ts";
import type { Run } from "./run.ts";

/** Whether nil is a value of the type. */
function canBeNil(type: ParamType): boolean {
  return type === "interface {}" || type.startsWith("[]") || type.startsWith("map[") || type.startsWith("*");
}

/** Whether a value has the type, or one with the same structure where one of the two has no name. */
function hasType(value: GoValue, type: ParamType): boolean {
  if (typeof value === "string") return type === "string";
  if (value instanceof GoInt) return value.type === type;
  if (typeof value === "boolean") return type === "bool";
  if (typeof value === "number") return type === "float64";
  if (value instanceof GoMap) return type === `map[string]${value.elem}` || type === value.type;
  if (value instanceof GoSlice) return type === `[]${value.elem}` || type === value.type;
  if (value instanceof GoBytes) return type === "[]uint8";
  return value instanceof GoObject && value.type.name === type;
}

/** Gives a value to a parameter of a type. Fails as Go's reflection does. */
export function converted(run: Run, value: GoValue, type: ParamType): GoValue {
  if (type === "reflect.Value") return value;
  if (value instanceof NoValue) {
    if (canBeNil(type)) return zeroOf(type);
    return run.fail(`invalid value; expected ${type}`);
  }
  if (type === "interface {}" || hasType(value, type)) return value;
  const got = value === null ? "interface {}" : typeName(value);
  return run.fail(`wrong type for value; expected ${type}; got ${got}`);
}

/** What is wrong with an element of `call`'s arguments, or the value to give. */
export function prepared(value: GoValue, type: ParamType): GoValue | { readonly complaint: string } {
  if (type === "reflect.Value") return value;
  if (value === null || value instanceof NoValue) {
    return canBeNil(type) ? zeroOf(type) : { complaint: `value is nil; should be of type ${type}` };
  }
  if (type === "interface {}" || hasType(value, type)) return value;
  if (value instanceof GoInt && /^u?int\d*$/.test(type)) {
    const zero = zeroOf(type);
    if (zero instanceof GoInt) return integer(zero.kind, value.value);
  }
  return { complaint: `value has type ${typeName(value)}; should be ${type}` };
}

/** The literal `nil` for a parameter. */
export function nilFor(run: Run, type: ParamType): GoValue {
  if (type === "reflect.Value") return NO_VALUE;
  if (canBeNil(type)) return zeroOf(type);
  return run.fail(`cannot assign nil to ${type}`);
}

/** The value of a number that stands alone. */
export function idealNumber(run: Run, node: NumberNode): GoValue {
  const { text, value } = node;
  const isHex = /^[+-]?0[xX]/.test(text) && !/[pP]/.test(text);
  if (value.complex !== undefined) return new GoComplex(value.complex.real, value.complex.imaginary);
  if (value.float !== undefined && !isHex && text[0] !== "'" && /[.eEpP]/.test(text)) return value.float;
  if (value.int !== undefined) return int(value.int);
  return run.fail(`${text} overflows int`);
}

/** A literal for a parameter: its type says what it may be. */
export function literalFor(run: Run, node: BoolNode | NumberNode | StringNode, type: ParamType): GoValue {
  switch (type) {
    case "interface {}":
    case "reflect.Value":
      return node.kind === "number" ? idealNumber(run, node) : node.value;
    case "string":
      return node.kind === "string" ? node.value : run.fail(`expected string; found ${sourceText(node)}`);
    case "bool":
      return node.kind === "bool" ? node.value : run.fail(`expected bool; found ${sourceText(node)}`);
    case "float64":
      if (node.kind === "number" && node.value.float !== undefined) return node.value.float;
      return run.fail(`expected float; found ${sourceText(node)}`);
    case "int":
    case "int64":
      if (node.kind === "number" && node.value.int !== undefined) return integer(type, node.value.int);
      return run.fail(`expected integer; found ${sourceText(node)}`);
    case "uint32":
    case "uint64":
      if (node.kind === "number" && node.value.uint !== undefined) return integer(type, node.value.uint);
      return run.fail(`expected unsigned integer; found ${sourceText(node)}`);
    default:
      return run.fail(`can't handle ${sourceText(node)} for arg of type ${type}`);
  }
}

/** A literal operand, which needs no evaluation. */
export function isLiteral(node: OperandNode): node is BoolNode | NumberNode | StringNode {
  return node.kind === "bool" || node.kind === "number" || node.kind === "string";
}
