import { expect, test } from "vitest";
import { valueFunctions } from "../../../src/template/functions/value-functions.ts";
import { fromText } from "../../../src/template/value/go-string.ts";
import type { ParamType } from "../../../src/template/value/go-value.ts";
import { askTemplateOracle } from "../../helpers/template/oracle.ts";
import { Random } from "../../helpers/template/random.ts";
import { oracleRequest, renderCase } from "../../helpers/template/render.ts";

const COUNT = process.env["SLOW"] === "1" ? 100_000 : 3_000;

/** What Go answers in another order each time, and what grows with numbers that are results. */
const LEFT_OUT = ["keys", "values", "deepCopy", "mustDeepCopy"];
const GROWING = ["repeat", "indent", "nindent", "until", "untilStep", "seq", "round"];

const RETURNING: Readonly<Partial<Record<ParamType, readonly string[]>>> = {
  string: ["upper", "trunc", "replace", "join", "toJson", "toString", "quote", "cat", "typeOf", "base", "regexFind"],
  int: ["int", "atoi"],
  bool: ["empty", "has", "hasKey", "contains", "regexMatch", "deepEqual", "all"],
  float64: ["float64", "addf", "maxf", "ceil"],
  "map[string]interface {}": ["dict", "set", "unset", "pick", "omit"],
};

const LITERALS: Readonly<Partial<Record<ParamType, readonly string[]>>> = {
  string: [
    '"a"',
    '"a,b"',
    '""',
    ".user",
    ".words",
    ".csv",
    ".unicode",
    ".number",
    ".json",
    '","',
    '"(a)"',
    '"é"',
    "nil",
  ],
  int: ["0", "1", "2", "3", "-1", "7", "12", "1.0", "nil", '"1"'],
  bool: ["true", "false", "1"],
  float64: ["0.5", "1", "2.25", "1e3", '"x"'],
  "map[string]interface {}": ["dict", '(dict "a" 1)', '(dict "a" (dict "b" nil) "c" (list))', ".", "nil"],
  "interface {}": ["nil", ".", ".missing", "true", "1", "2.5", "'a'", "1i", '"b"', ".csv", "(list 1 nil)", "(until 3)"],
};

class Expressions {
  private readonly random: Random;
  private readonly names = [...valueFunctions.keys()].filter((name) => !LEFT_OUT.includes(name));

  constructor(random: Random) {
    this.random = random;
  }

  call(name: string, depth: number): string {
    const { params = [], variadic } = valueFunctions.get(name) ?? {};
    const types: ParamType[] = [...params];
    if (variadic !== undefined) for (let more = this.random.below(4); more > 0; more--) types.push(variadic);
    if (this.random.once(40)) types.pop();
    const args = types.map((type) => this.argument(type, GROWING.includes(name) && type === "int" ? 0 : depth));
    return [name, ...args].join(" ");
  }

  template(): string {
    const expression = this.call(this.random.pick(this.names), 3);
    return this.random.once(3) ? `{{ ${expression} | ${this.tail()} }}` : `{{ ${expression} }}`;
  }

  private tail(): string {
    return this.random.pick(["toJson", "typeOf", "len", 'printf "%v %T" 1', "first", "quote", "not", "default 1"]);
  }

  private argument(type: ParamType, depth: number): string {
    if (depth === 0 || this.random.once(3)) return this.random.pick(LITERALS[type] ?? ["nil"]);
    const returning = RETURNING[type];
    const name =
      returning === undefined || this.random.once(8) ? this.random.pick(this.names) : this.random.pick(returning);
    return `(${this.call(name, depth - 1)})`;
  }
}

test("functions of functions give what Go gives", () => {
  const made = new Expressions(new Random(Number(process.env["SEED"] ?? 7)));
  const templates = Array.from({ length: COUNT }, () => made.template());
  const answers = askTemplateOracle(templates.map(oracleRequest));
  const wrong = templates.flatMap((template, at) => {
    const { output, bytes, error } = answers[at] ?? { output: "" };
    if (bytes !== undefined) return [];
    const go = error === undefined ? { output } : { output: "", error };
    const ours = renderCase(template, { functions: valueFunctions });
    // JSON, in which the oracle answers, has no bytes that are no UTF-8.
    const isSame = ours.output === go.output && (ours.error === go.error || fromText(ours.error ?? "") === go.error);
    return isSame ? [] : [{ template, go, ours }];
  });
  expect(wrong.slice(0, 10)).toEqual([]);
});
