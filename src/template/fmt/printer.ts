import { LimitReached } from "../value/go-error.ts";
import { fromText, goString } from "../value/go-string.ts";
import {
  GoBytes,
  GoComplex,
  GoFunction,
  GoInt,
  GoMap,
  GoObject,
  GoSlice,
  type GoValue,
  NoValue,
} from "../value/go-value.ts";
import type { Host } from "../value/host.ts";
import { isSigned } from "../value/integer.ts";
import { integer } from "../value/make.ts";
import { typeName } from "../value/reflection.ts";
import { type Directive, padded, plainDirective } from "./directive.ts";
import {
  booleanText,
  characterText,
  floatText,
  hexString,
  hexText,
  integerText,
  quotedCharacter,
  quotedText,
  textOf,
  unicodeText,
} from "./scalars.ts";

/** Nesting of maps, slices and structs that is printed; a map may hold itself. */
const MAX_DEPTH = 1000;

/** What stands for every address: there are none here. */
const ADDRESS = 0xc000012345n;

/** Prints values one after the other, as Go's fmt does, and counts what it prints. */
export class Printer {
  private text = "";
  private readonly host: Host;
  private directive: Directive = plainDirective();
  /** Inside a complaint about a verb: methods are not asked for their text then. */
  private complaining = false;

  constructor(host: Host) {
    this.host = host;
  }

  toString(): string {
    return this.text;
  }

  write(text: string): void {
    this.host.spend(text.length);
    this.text += text;
  }

  /** Prints one value with a verb and the flags of its directive. */
  value(value: GoValue, verb: string, directive: Directive): void {
    this.directive = directive;
    this.argument(value, verb, 0);
  }

  private argument(value: GoValue, verb: string, depth: number): void {
    if (value === null || value instanceof NoValue) {
      if (depth > 0) this.write(this.directive.sharpV ? "interface {}(nil)" : "<nil>");
      else if (verb === "T" || verb === "v") this.write(padded("<nil>", this.directive));
      else this.badVerb(verb, value);
      return;
    }
    if (depth === 0 && verb === "T") {
      this.write(textOf(typeName(value), this.directive));
      return;
    }
    if (depth === 0 && verb === "p") {
      this.pointer(value, verb);
      return;
    }
    if (this.ownText(value, verb)) return;
    if (typeof value === "string") this.string(value, verb);
    else if (typeof value === "boolean") this.boolean(value, verb);
    else if (typeof value === "number") this.float(value, verb);
    else if (value instanceof GoInt) this.integer(value, verb);
    else if (value instanceof GoBytes) this.bytes(value, verb, depth);
    else if (value instanceof GoMap) this.map(value, verb, depth);
    else if (value instanceof GoSlice) this.slice(value, verb, depth);
    else if (value instanceof GoObject) this.object(value, verb, depth);
    else if (value instanceof GoComplex) this.complex(value, verb);
    else this.pointer(value, verb);
  }

  /** The text of a `String()` method, for the verbs of text. */
  private ownText(value: GoValue, verb: string): boolean {
    if (this.complaining || this.directive.sharpV || !"vsxXq".includes(verb)) return false;
    const text = methodText(value);
    if (text === undefined) return false;
    this.string(fromText(text), verb);
    return true;
  }

  private string(value: string, verb: string): void {
    const { directive } = this;
    if (verb === "v" && !directive.sharpV) this.write(textOf(value, directive));
    else if (verb === "v" || verb === "q") this.write(quotedText(value, directive));
    else if (verb === "s") this.write(textOf(value, directive));
    else if (verb === "x" || verb === "X") this.write(hexString(value, directive, verb === "X"));
    else this.badVerb(verb, value);
  }

  private boolean(value: boolean, verb: string): void {
    if (verb === "t" || verb === "v") this.write(booleanText(value, this.directive));
    else this.badVerb(verb, value);
  }

  private float(value: number, verb: string): void {
    const text = this.floatText(value, verb);
    if (text === undefined) this.badVerb(verb, value);
    else this.write(text);
  }

  private floatText(value: number, verb: string, directive: Directive = this.directive): string | undefined {
    switch (verb) {
      case "v":
        return floatText(value, "g", -1, directive);
      case "b":
      case "g":
      case "G":
      case "x":
      case "X":
        return floatText(value, verb, -1, directive);
      case "e":
      case "E":
      case "f":
        return floatText(value, verb, 6, directive);
      case "F":
        return floatText(value, "f", 6, directive);
      default:
        return undefined;
    }
  }

  private complex(value: GoComplex, verb: string): void {
    const real = this.floatText(value.real, verb);
    const imaginary = this.floatText(value.imaginary, verb, { ...this.directive, plus: true });
    if (real === undefined || imaginary === undefined) this.badVerb(verb, value);
    else this.write(`(${real}${imaginary}i)`);
  }

  private integer(value: GoInt, verb: string): void {
    const text = this.integerText(value, verb);
    if (text === undefined) this.badVerb(verb, value);
    else this.write(text);
  }

  private integerText({ value, kind }: GoInt, verb: string): string | undefined {
    const { directive } = this;
    switch (verb) {
      case "v":
        if (!directive.sharpV || isSigned(kind)) return integerText(value, 10, directive, verb);
        return integerText(value, 16, { ...directive, sharp: true }, verb);
      case "d":
        return integerText(value, 10, directive, verb);
      case "b":
        return integerText(value, 2, directive, verb);
      case "o":
      case "O":
        return integerText(value, 8, directive, verb);
      case "x":
      case "X":
        return integerText(value, 16, directive, verb);
      case "c":
        return characterText(value, directive);
      case "q":
        return quotedCharacter(value, directive);
      case "U":
        return unicodeText(value, directive);
      default:
        return undefined;
    }
  }

  private bytes(value: GoBytes, verb: string, depth: number): void {
    if (verb === "s") this.write(textOf(goString(value.bytes), this.directive));
    else if (verb === "q") this.write(quotedText(goString(value.bytes), this.directive));
    else if (verb === "x" || verb === "X") this.write(hexText(value.bytes, this.directive, verb === "X"));
    else {
      const items = Array.from(value.bytes, (byte) => integer("uint8", byte));
      const type = depth === 0 && (verb === "v" || verb === "d") ? "[]byte" : "[]uint8";
      this.sequence(items, verb, depth, this.directive.sharpV ? type : undefined);
    }
  }

  private slice(value: GoSlice, verb: string, depth: number): void {
    if (this.directive.sharpV && value.isNil) this.write(`${value.type}(nil)`);
    else this.sequence(value.items, verb, depth, this.directive.sharpV ? value.type : undefined);
  }

  private sequence(items: readonly GoValue[], verb: string, depth: number, type: string | undefined): void {
    this.checkDepth(depth);
    this.write(type === undefined ? "[" : `${type}{`);
    for (const [at, item] of items.entries()) {
      if (at > 0) this.write(type === undefined ? " " : ", ");
      this.argument(item, verb, depth + 1);
    }
    this.write(type === undefined ? "]" : "}");
  }

  private map(value: GoMap, verb: string, depth: number): void {
    this.checkDepth(depth);
    const { sharpV } = this.directive;
    if (sharpV && value.isNil) {
      this.write(`${value.type}(nil)`);
      return;
    }
    this.write(sharpV ? `${value.type}{` : "map[");
    for (const [at, key] of value.sortedKeys().entries()) {
      if (at > 0) this.write(sharpV ? ", " : " ");
      this.argument(key, verb, depth + 1);
      this.write(":");
      this.argument(value.entries.get(key) ?? null, verb, depth + 1);
    }
    this.write(sharpV ? "}" : "]");
  }

  private object(value: GoObject, verb: string, depth: number): void {
    if (value.isNil) {
      if (verb === "v")
        this.write(this.directive.sharpV ? `(${value.type.name})(nil)` : padded("<nil>", this.directive));
      else this.badVerb(verb, value);
      return;
    }
    if (value.type.kind === "ptr" && depth > 0) {
      this.pointer(value, verb);
      return;
    }
    this.checkDepth(depth);
    const { sharpV, plusV } = this.directive;
    if (value.type.kind === "ptr") this.write("&");
    this.write(sharpV ? `${value.type.name.replace(/^\*/, "")}{` : "{");
    let first = true;
    for (const [name, field] of value.type.fields ?? []) {
      if (!first) this.write(sharpV ? ", " : " ");
      first = false;
      if (sharpV || plusV) this.write(`${name}:`);
      this.argument(field.read(value.state), verb, depth + 1);
    }
    this.write("}");
  }

  private pointer(value: GoValue, verb: string): void {
    const reference =
      value instanceof GoFunction ||
      value instanceof GoMap ||
      value instanceof GoSlice ||
      value instanceof GoBytes ||
      (value instanceof GoObject && value.type.kind === "ptr");
    const { directive } = this;
    if (!reference || !"vpbodxX".includes(verb)) this.badVerb(verb, value);
    else if (verb === "v" && directive.sharpV) this.write(`(${typeName(value)})(0x${ADDRESS.toString(16)})`);
    else if (verb === "v") this.write(integerText(ADDRESS, 16, { ...directive, sharp: !directive.sharp }, "x"));
    else if (verb === "p") this.write(integerText(ADDRESS, 16, { ...directive, sharp: !directive.sharp }, "x"));
    else this.write(this.integerText(integer("uint64", ADDRESS), verb) ?? "");
  }

  private badVerb(verb: string, value: GoValue): void {
    const before = this.complaining;
    this.complaining = true;
    this.write(`%!${verb}(`);
    if (value === null || value instanceof NoValue) this.write("<nil>");
    else {
      this.write(`${typeName(value)}=`);
      this.argument(value, "v", 0);
    }
    this.write(")");
    this.complaining = before;
  }

  private checkDepth(depth: number): void {
    if (depth >= MAX_DEPTH) throw new LimitReached("depth");
  }
}

/** The text that a value's type gives for it, if it has a `String()` method. */
function methodText(value: GoValue): string | undefined {
  if (value instanceof GoObject) {
    if (value.type.text === undefined) return undefined;
    return value.isNil ? "<nil>" : value.type.text(value.state);
  }
  if (value instanceof GoInt) return value.named?.text?.(value);
  if (value instanceof GoMap) return value.named?.text?.(value);
  return value instanceof GoSlice ? value.named?.text?.(value) : undefined;
}
