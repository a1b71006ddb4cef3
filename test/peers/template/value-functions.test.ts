import { expect, test } from "vitest";
import { sprintf } from "../../../src/template/fmt/print.ts";
import { valueFunctions } from "../../../src/template/functions/value-functions.ts";
import { GoError } from "../../../src/template/value/go-error.ts";
import { goString } from "../../../src/template/value/go-string.ts";
import type { GoFunction, GoValue, ParamType } from "../../../src/template/value/go-value.ts";
import { list } from "../../../src/template/value/make.ts";
import { askTemplateOracle, type TemplateAnswer } from "../../helpers/template/oracle.ts";
import { Random } from "../../helpers/template/random.ts";
import { RandomArguments, type TaggedValue, untagged } from "../../helpers/template/values.ts";

/** Calls for each function; `SLOW=1` for more. */
const CALLS = process.env["SLOW"] === "1" ? 1_500 : 120;

const host = { nowNanoseconds: () => 0n, randomBytes: () => new Uint8Array(), spend() {}, step() {} };

/** Result and arguments afterwards, with their types; what Go orders at random is sorted. */
function question(name: string, args: readonly TaggedValue[]) {
  const names = args.map((_, at) => `(index .args ${at})`).join(" ");
  const call = ["keys", "values"].includes(name) ? `sortAlpha (${name} ${names})` : `${name} ${names}`;
  const text = `{{ $r := ${call} }}{{ printf "%T %#v %#v" $r $r .args }}`;
  return { templates: [{ name: "t", text }], data: { args } };
}

function ours(called: GoFunction, args: readonly TaggedValue[]): string {
  const values = args.map(untagged);
  try {
    const result = sorted(called.name, called.call(values, host));
    return sprintf("%T %#v %#v", [result, result, list(values)], host);
  } catch (error) {
    if (error instanceof GoError) return `error: ${error.message}`;
    throw error;
  }
}

function sorted(name: string, value: GoValue): GoValue {
  const sortAlpha = valueFunctions.get("sortAlpha");
  return ["keys", "values"].includes(name) && sortAlpha !== undefined ? sortAlpha.call([value], host) : value;
}

function theirs({ output, bytes, error }: TemplateAnswer): string {
  if (error !== undefined) return `error: ${error.replace(/^[\s\S]*?: error calling \w+: /, "")}`;
  return bytes === undefined ? output : goString(Buffer.from(bytes, "base64"));
}

/** Where Go's answer hangs on what it does not promise, and ours does not. */
function isKnownDifference(name: string, go: string, here: string): boolean {
  const isError = go.startsWith("error: ");
  // Which of several impossible values is met first hangs on the order of a Go map.
  if (/merge/i.test(name)) return isError && here.startsWith("error: ");
  // Up to the capacity of a Go slice, zeros that were never in the list can be cut out.
  return /slice/i.test(name) && !isError && here === "error: reflect.Value.Slice: slice index out of bounds";
}

function paramsOf({ params, variadic }: GoFunction, random: Random): ParamType[] {
  const more = variadic === undefined ? [] : Array.from({ length: random.below(4) }, () => variadic);
  return [...params, ...more];
}

test("each function answers what Sprig answers, for random arguments", () => {
  const random = new Random(Number(process.env["SEED"] ?? 20240229));
  const make = new RandomArguments(random);
  const rows = [...valueFunctions.values()].flatMap((called) =>
    Array.from({ length: CALLS }, () => ({
      called,
      args: paramsOf(called, random).map((type, at) => make.argument(called.name, type, at)),
    })),
  );
  const answers = askTemplateOracle(rows.map(({ called, args }) => question(called.name, args)));
  const wrong = rows.flatMap(({ called, args }, at) => {
    const go = theirs(answers[at] ?? { output: "" });
    const here = ours(called, args);
    return go === here || isKnownDifference(called.name, go, here)
      ? []
      : [{ name: called.name, args: JSON.stringify(args), go, here }];
  });
  const perFunction = new Map(wrong.map((row) => [row.name, row]));
  expect([...perFunction.values()].slice(0, 20)).toEqual([]);
});
