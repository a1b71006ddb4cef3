// A plugin for tests: wraps a file key by writing it into a stanza of type `test`. What else it does says PLUGIN_DOES.
import { appendFileSync, readSync, writeSync } from "node:fs";

const does = process.env.PLUGIN_DOES ?? "";
const machine = process.argv[2]?.replace("--age-plugin=", "");
const b64 = (bytes) => Buffer.from(bytes).toString("base64").replace(/=+$/, "");

let input = "";
function line() {
  for (;;) {
    const end = input.indexOf("\n");
    if (end >= 0) {
      const found = input.slice(0, end);
      input = input.slice(end + 1);
      return found;
    }
    const piece = Buffer.alloc(65_536);
    const count = readSync(0, piece);
    if (count === 0) process.exit(3);
    input += piece.toString("latin1", 0, count);
  }
}

function hear() {
  const [, type, ...args] = line().split(" ");
  let body = "";
  for (;;) {
    const part = line();
    body += part;
    if (part.length < 64) break;
  }
  const heard = { type, args, body: Buffer.from(body, "base64") };
  if (process.env.PLUGIN_LOG !== undefined) {
    appendFileSync(process.env.PLUGIN_LOG, `${[machine, type, ...args].join(" ")} ${heard.body.toString("hex")}\n`);
  }
  return heard;
}

function say(words, body = "") {
  const text = b64(body);
  const lines = text.match(/.{1,64}/g) ?? [];
  if (text.length % 64 === 0) lines.push("");
  writeSync(1, `-> ${words}\n${lines.join("\n")}\n`);
}

/** Says something and waits for the answer. */
function ask(words, body) {
  say(words, body);
  hear();
}

if (does === "crash at start") process.exit(1);
const heard = [];
do heard.push(hear());
while (heard.at(-1).type !== "done");
if (does === "crash") process.kill(process.pid, "SIGSEGV");
if (does === "nonsense") writeSync(1, "hello world\n\n");
if (does === "gigabyte") {
  const block = Buffer.from(`${"A".repeat(64)}\n`.repeat(10_000));
  writeSync(1, "-> msg\n");
  for (let said = 0; said < 2 ** 30; said += block.length) writeSync(1, block);
}
if (does === "hang") {
  process.on("SIGINT", () => undefined);
  setInterval(() => undefined, 1000);
  await new Promise(() => undefined);
}
if (does === "message") ask("msg", "Hello \u001b[31mred\u001b[0m");
if (does === "unknown") ask("something-new a b", "c");
if (does === "error") ask("error internal", "bad recipient");
if (does === "public") ask("request-public", "Name?");
if (does === "secret") ask("request-secret", "PIN?");
if (does === "confirm") ask(`confirm ${b64("Sure")} ${b64("Never")}`, "Really?");
if (does === "confirm one") ask(`confirm ${b64("Sure")}`, "Really?");
if (does.startsWith("label ")) ask(`labels ${does.slice(6)}`);
if (does.startsWith("wait ")) await new Promise((done) => setTimeout(done, Number(does.slice(5))));

if (machine === "recipient-v1") {
  const key = heard.find(({ type }) => type === "wrap-file-key").body;
  for (const { type } of heard) {
    if (type !== "add-recipient" && type !== "add-identity") continue;
    say(
      "recipient-stanza 0 test argument",
      key.map((byte) => byte ^ 0x55),
    );
    hear();
  }
} else {
  const own = heard.find(({ args }) => args[1] === "test");
  if (own !== undefined) {
    say(
      "file-key 0",
      own.body.map((byte) => byte ^ 0x55),
    );
    hear();
  }
}
say("done");
