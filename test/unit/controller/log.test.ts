import { describe, expect, test } from "vitest";
import { createLog, type LogLevel } from "../../../controller/log.ts";
import { originalLogLines } from "../../../controller/sealedsecret/log-lines.ts";
import { fakeClock } from "../../helpers/fakes/clock.ts";

function logged(format: "text" | "json", level: LogLevel = "info") {
  const lines: string[] = [];
  const to: LogLevel[] = [];
  const write = (line: string, at: LogLevel) => {
    lines.push(line.replace(/^time=\S+ /, "").replace(/^\{"time":"[^"]+",/, "{"));
    to.push(at);
  };
  return { lines, to, log: createLog({ clock: fakeClock(), level, format, write }) };
}

describe("createLog()", () => {
  test.each([
    ["plain", "plain"],
    ["a/b-c.d:e,f;g(h)[i]{j}<k>", "a/b-c.d:e,f;g(h)[i]{j}<k>"],
    ["back\\slash", "back\\slash"],
    ["grüße", "grüße"],
    ["🔑", "🔑"],
    ["", '""'],
    ["two words", '"two words"'],
    ["k=v", '"k=v"'],
    ['say "x"', '"say \\"x\\""'],
    ['"', '"\\""'],
    ["a\\b c", '"a\\\\b c"'],
    ["line\nline", '"line\\nline"'],
    ["tab\tbell\u0007", '"tab\\tbell\\a"'],
    ["del\u007f", '"del\\x7f"'],
    ["no\u00a0break", '"no\\u00a0break"'],
    ["sep\u2028", '"sep\\u2028"'],
    ["zero\u200bwidth", '"zero\\u200bwidth"'],
  ])("text: %o reads %s", (value, want) => {
    const { lines, log } = logged("text");
    log.info("m", { value });
    expect(lines).toEqual([`level=INFO msg=m value=${want}\n`]);
  });

  test("json: one object a line, in the order time, level, msg, fields", () => {
    const { lines, log } = logged("json");
    log.with({ a: 1 }).warn('say "<x>"', { b: true, c: undefined });
    expect(lines).toEqual(['{"level":"WARN","msg":"say \\"<x>\\"","a":1,"b":true}\n']);
  });

  test.each([
    ["debug", ["debug", "info", "warn", "error"]],
    ["info", ["info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["error", ["error"]],
  ] as const)("level %s", (level, want) => {
    const { to, log } = logged("text", level);
    for (const at of ["debug", "info", "warn", "error"] as const) log[at]("m");
    expect(to).toEqual(want);
  });

  test("no value makes a second line or a second field", () => {
    const { lines, log } = logged("text");
    log.info("x\nlevel=ERROR msg=forged", { key: 'a" level=ERROR' });
    expect(lines.join("").split("\n")).toHaveLength(2);
    expect(lines[0]).toBe('level=INFO msg="x\\nlevel=ERROR msg=forged" key="a\\" level=ERROR"\n');
  });
});

test("the lines of the original that people search for", () => {
  const { lines, log } = logged("text");
  originalLogLines.begins(log, "apps/db");
  originalLogLines.unchanged(log, "apps/db");
  originalLogLines.failed(log, "apps/db", { error: "no key could decrypt secret (a)", retries: true });
  originalLogLines.failed(log, "apps/db", { error: "no", retries: false });
  expect(lines).toEqual([
    "level=INFO msg=Updating key=apps/db\n",
    'level=INFO msg="update suppressed, no changes in spec" sealed-secret=apps/db\n',
    'level=ERROR msg="Error updating, will retry" key=apps/db error="no key could decrypt secret (a)"\n',
    'level=ERROR msg="Error updating, giving up" key=apps/db error=no\n',
  ]);
});
