import { describe, expect, test } from "vitest";
import { parseGoFlags } from "../../../cli/go-flag.ts";
import { runCli } from "../../helpers/run-cli.ts";

describe("whole numbers as Go's flags read them", () => {
  test.each([
    { text: "2", want: "2" },
    { text: "-1", want: "-1" },
    { text: "+7", want: "7" },
    { text: "0x1F", want: "31" },
    { text: "-0x1", want: "-1" },
    { text: "1_000", want: "1000" },
    { text: "010", want: "8" },
    { text: "0b11", want: "3" },
    { text: "9223372036854775807", want: "9223372036854775807" },
    { text: "9223372036854775808", problem: "value out of range" },
    { text: "", problem: "parse error" },
    { text: "x", problem: "parse error" },
    { text: "1.5", problem: "parse error" },
    { text: "08", problem: "parse error" },
    { text: "1__0", problem: "parse error" },
    { text: " 1", problem: "parse error" },
  ])("$text", ({ text, want, problem }) => {
    const read = parseGoFlags([{ names: ["n"], kind: "int" }], [`-n=${text}`]);
    const shown = "problem" in read ? read.message : read.texts("n");
    expect(shown).toEqual(
      want === undefined ? `invalid value ${JSON.stringify(text)} for flag -n: ${problem}` : [want],
    );
  });

  test("sops refuses another indent or threshold with Go's words", async () => {
    const [root, sub] = await Promise.all([
      runCli("sops --indent x decrypt f.yaml"),
      runCli("sops groups delete -f f.yaml --shamir-secret-sharing-threshold x 0"),
    ]);
    expect([root.code, root.stdout.split("\n")[0]]).toEqual([
      1,
      'Incorrect Usage. invalid value "x" for flag -indent: parse error',
    ]);
    expect([sub.code, sub.stdout.split("\n")[0]]).toEqual([
      1,
      'Incorrect Usage: invalid value "x" for flag -shamir-secret-sharing-threshold: parse error',
    ]);
  });
});
