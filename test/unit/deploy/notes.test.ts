import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runCli } from "../../helpers/run-cli.ts";

const notes = readFileSync(
  new URL("../../../deploy/charts/sealed-secrets/templates/NOTES.txt", import.meta.url),
  "utf8",
);
const commands = [...notes.matchAll(/^ +(?:sealkit (?<own>[a-z]+(?: [a-z]+)*)|(?<peer>kubeseal)) (?<rest>.*)$/gm)].map(
  ({ groups = {} }) => ({ command: groups["own"] ?? groups["peer"] ?? "", rest: groups["rest"] ?? "" }),
);

test("the notes of the chart name commands and flags that there are", async () => {
  expect(commands.map(({ command }) => command)).toEqual(["kubeseal", "kubeseal", "keys backup"]);
  for (const { command, rest } of commands) {
    const { stdout } = await runCli(`${command} --help`);
    const flags = rest.match(/(?<= )--?[A-Za-z][a-z-]*/g) ?? [];
    expect(flags.filter((flag) => !stdout.includes(`${flag} `) && !stdout.includes(`${flag},`))).toEqual([]);
  }
});
