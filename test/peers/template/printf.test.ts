import { expect, test } from "vitest";
import { sprintf } from "../../../src/template/fmt/print.ts";
import { GoBytes, type GoValue } from "../../../src/template/value/go-value.ts";
import { dict, int, list, strings } from "../../../src/template/value/make.ts";
import { askTemplateOracle } from "../../helpers/template/oracle.ts";
import { Random } from "../../helpers/template/random.ts";

/** Each value as the oracle reads it, and as ours. */
const VALUES: readonly { readonly go: unknown; readonly ours: GoValue }[] = [
  ...[5, -42, 0, 128273].map((value) => ({ go: { $go: "int", value }, ours: int(value) })),
  ...[1.5, -0.00012345, 1e21, 1e6, 123456789, 2.5, 0, 100, 0.1, 1e-7, Number.MAX_VALUE, 5e-324].map(same),
  ...["hi", "Größe\n日本", "", "\u0007\u200b`x\ufeff", "🔑", true, false, null].map(same),
  { go: [1.5, "a", null, [true]], ours: list([1.5, "a", null, list([true])]) },
  {
    go: { b: 1, a: "x", n: null },
    ours: dict([
      ["b", 1],
      ["a", "x"],
      ["n", null],
    ]),
  },
  { go: { $go: "[]string", value: ["p", "q r"] }, ours: strings(["p", "q r"]) },
  { go: { $go: "bytes", value: "aGnDvA==" }, ours: new GoBytes(new Uint8Array([0x68, 0x69, 0xc3, 0xbc])) },
];

function same(value: string | number | boolean | null) {
  return { go: value, ours: value };
}

function randomFormat(random: Random): string {
  let format = "";
  for (let directives = random.below(3) + 1; directives > 0; directives--) {
    format += `${random.pick(["", "a", "é "])}%`;
    for (let flags = random.below(3); flags > 0; flags--) format += random.pick(["#", "0", "+", "-", " "]);
    if (random.once(12)) format += `[${random.pick(["1", "2", "9", "x", "", "0"])}${random.pick(["]", "]", "]", ""])}`;
    format += random.pick(["", "", "", "1", "7", "12", "*"]);
    format += random.pick(["", "", "", ".", ".0", ".3", ".10", ".*"]);
    if (random.once(12)) format += `[${random.pick(["1", "2", "9"])}]`;
    format += random.pick([..."vvvvdsqxXobcUeEfFgGtTTOy%", "", "é"]);
  }
  return format;
}

const host = { nowNanoseconds: () => 0n, randomBytes: () => new Uint8Array(), spend() {}, step() {} };

test("printf prints what Go prints, for random formats and values", () => {
  const random = new Random(20240229);
  const rows = Array.from({ length: 8000 }, () => ({
    format: randomFormat(random),
    values: Array.from({ length: random.below(4) }, () => random.pick(VALUES)),
  }));
  const answers = askTemplateOracle(
    rows.map(({ format, values }) => {
      const args = values.map((_, at) => `(index .values ${at})`).join(" ");
      const text = `{{ printf .format ${args} }}`;
      return { templates: [{ name: "t", text }], data: { format, values: values.map(({ go }) => go) } };
    }),
  );
  const wrong = rows.flatMap(({ format, values }, at) => {
    const printed = sprintf(
      format,
      values.map(({ ours }) => ours),
      host,
    );
    const go = answers[at]?.output;
    return printed === go ? [] : [{ format, values: values.map((value) => value.go), go, printed }];
  });
  expect(wrong.slice(0, 10)).toEqual([]);
});
