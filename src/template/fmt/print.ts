import { GoInt, GoObject, type GoValue, NoValue } from "../value/go-value.ts";
import type { Host } from "../value/host.ts";
import { typeName } from "../value/reflection.ts";
import { type Directive, plainDirective } from "./directive.ts";
import { Printer } from "./printer.ts";

/** The greatest width and precision. */
const MAX_NUMBER = 1_000_000;

/** Go's `fmt.Sprint`: a space between two values of which none is a string. */
export function sprint(values: readonly GoValue[], host: Host): string {
  const printer = new Printer(host);
  let afterText = true;
  for (const value of values) {
    const isText = typeof value === "string";
    if (!afterText && !isText) printer.write(" ");
    printer.value(value, "v", plainDirective());
    afterText = isText;
  }
  return printer.toString();
}

/** Go's `fmt.Sprintln`: a space between all values, and the end of the line. */
export function sprintln(values: readonly GoValue[], host: Host): string {
  const printer = new Printer(host);
  for (const [at, value] of values.entries()) {
    if (at > 0) printer.write(" ");
    printer.value(value, "v", plainDirective());
  }
  printer.write("\n");
  return printer.toString();
}

/** The text of `%v`. */
export function display(value: GoValue, host: Host): string {
  return typeof value === "string" ? value : sprint([value], host);
}

/** A value as an action prints it: `%v`, and a pointer to a struct as the struct. */
export function printed(value: GoValue, host: Host): string {
  return display(dereferenced(value), host);
}

/** The struct that a pointer points to, if it has no text of its own; every other value as it is. */
export function dereferenced(value: GoValue): GoValue {
  if (!(value instanceof GoObject) || value.isNil) return value;
  if (value.type.kind !== "ptr" || value.type.text !== undefined) return value;
  return new GoObject({ ...value.type, kind: "struct", name: value.type.name.slice(1) }, value.state);
}

/** Go's `fmt.Sprintf`. Mistakes of the format are part of the text, as in Go: `%!d(string=hi)`. */
export function sprintf(format: string, values: readonly GoValue[], host: Host): string {
  const printer = new Printer(host);
  const args = new Arguments(values);
  let at = 0;
  while (at < format.length) {
    const percent = format.indexOf("%", at);
    if (percent < 0) break;
    if (percent > at) printer.write(format.slice(at, percent));
    at = printDirective(format, percent + 1, args, printer);
  }
  if (at < format.length) printer.write(format.slice(at));
  if (!args.reordered && args.at < values.length) printExtra(values.slice(args.at), printer);
  return printer.toString();
}

/** Where in the arguments a format is, and what `[n]` did to that. */
class Arguments {
  at = 0;
  reordered = false;
  /** The index of the present directive is good. */
  good = true;
  /** An index came just before. */
  afterIndex = false;
  readonly values: readonly GoValue[];

  constructor(values: readonly GoValue[]) {
    this.values = values;
  }

  /** Reads `[n]` at an offset of the format; gives the offset after it. */
  index(format: string, offset: number): number {
    this.afterIndex = false;
    if (format[offset] !== "[") return offset;
    this.reordered = true;
    const close = format.indexOf("]", offset);
    if (close < 0 || format.length - offset < 3) {
      this.good = false;
      return offset + 1;
    }
    const digits = format.slice(offset + 1, close);
    this.afterIndex = /^\d+$/.test(digits) && Number(digits) <= MAX_NUMBER;
    const number = this.afterIndex ? Number(digits) : 0;
    if (number >= 1 && number <= this.values.length) this.at = number - 1;
    else this.good = false;
    return close + 1;
  }

  /** The next argument as a number for `*`; undefined when it is none, or too large. */
  number(): number | undefined {
    const value = this.values[this.at];
    if (this.at >= this.values.length) return undefined;
    this.at++;
    if (!(value instanceof GoInt)) return undefined;
    const number = Number(value.value);
    return Math.abs(number) > MAX_NUMBER ? undefined : number;
  }
}

/** Prints the directive whose `%` is just before `offset`; gives the offset after it. */
function printDirective(format: string, offset: number, args: Arguments, printer: Printer): number {
  const directive = plainDirective();
  args.good = true;
  args.afterIndex = false;
  let at = readFlags(format, offset, directive);
  at = args.index(format, at);
  at = readWidth(format, at, directive, args, printer);
  at = readPrecision(format, at, directive, args, printer);
  if (!args.afterIndex) at = args.index(format, at);
  const verb = at < format.length ? String.fromCodePoint(format.codePointAt(at) ?? 0) : undefined;
  if (verb === undefined) {
    printer.write("%!(NOVERB)");
    return format.length;
  }
  printVerb(verb, directive, args, printer);
  return at + verb.length;
}

function printVerb(verb: string, directive: Directive, args: Arguments, printer: Printer): void {
  if (verb === "%") printer.write("%");
  else if (!args.good) printer.write(`%!${verb}(BADINDEX)`);
  else if (args.at >= args.values.length) printer.write(`%!${verb}(MISSING)`);
  else {
    if (verb === "v") {
      directive.sharpV = directive.sharp;
      directive.plusV = directive.plus;
      directive.sharp = false;
      directive.plus = false;
    }
    printer.value(args.values[args.at++] ?? null, verb, directive);
  }
}

function readFlags(format: string, offset: number, directive: Directive): number {
  for (let at = offset; at < format.length; at++) {
    const char = format[at];
    if (char === "#") directive.sharp = true;
    else if (char === "0") directive.zero = true;
    else if (char === "+") directive.plus = true;
    else if (char === "-") directive.minus = true;
    else if (char === " ") directive.space = true;
    else return at;
  }
  return format.length;
}

function readWidth(format: string, offset: number, directive: Directive, args: Arguments, printer: Printer): number {
  if (format[offset] === "*") {
    const width = args.number();
    if (width === undefined) printer.write("%!(BADWIDTH)");
    else {
      directive.width = Math.abs(width);
      if (width < 0) {
        directive.minus = true;
        directive.zero = false;
      }
    }
    args.afterIndex = false;
    return offset + 1;
  }
  const { number, end } = readNumber(format, offset);
  directive.width = number;
  if (args.afterIndex && number !== undefined) args.good = false;
  return end;
}

function readPrecision(
  format: string,
  offset: number,
  directive: Directive,
  args: Arguments,
  printer: Printer,
): number {
  if (format[offset] !== "." || offset + 1 === format.length) return offset;
  let at = offset + 1;
  if (args.afterIndex) args.good = false;
  at = args.index(format, at);
  if (format[at] === "*") {
    const precision = args.number();
    if (precision === undefined || precision < 0) printer.write("%!(BADPREC)");
    else directive.precision = precision;
    args.afterIndex = false;
    return at + 1;
  }
  const { number, end } = readNumber(format, at);
  directive.precision = number ?? 0;
  return end;
}

/** Digits at an offset. A number that is too large uses up the rest of the format, as in Go. */
function readNumber(format: string, offset: number): { number: number | undefined; end: number } {
  let at = offset;
  let number = 0;
  while (at < format.length && /[0-9]/.test(format[at] ?? "")) {
    if (number > MAX_NUMBER) return { number: undefined, end: format.length };
    number = number * 10 + Number(format[at]);
    at++;
  }
  return { number: at === offset ? undefined : number, end: at };
}

function printExtra(values: readonly GoValue[], printer: Printer): void {
  printer.write("%!(EXTRA ");
  for (const [at, value] of values.entries()) {
    if (at > 0) printer.write(", ");
    if (value === null || value instanceof NoValue) printer.write("<nil>");
    else {
      printer.write(`${typeName(value)}=`);
      printer.value(value, "v", plainDirective());
    }
  }
  printer.write(")");
}
