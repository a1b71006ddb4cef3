import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  decryptBytes,
  encryptBytes,
  generateHybridIdentity,
  generateX25519Identity,
  parseIdentity,
  parseRecipient,
  passphraseIdentity,
  recipientOf,
} from "../../../src/age/index.ts";
import { Keyring, scopeLabel } from "../../../src/sealed/index.ts";
import { peer } from "../../helpers/peers.ts";
import { makeSealingKey, unsealingKey } from "../../helpers/sealing-keys.ts";
import { bundlePage } from "./bundle-page.ts";
import type { Results, Task } from "./page.ts";

/** The browser build of the library, run by a real browser: what it makes is opened here and by the real age. */

interface Answers {
  readonly withPlatform: Results;
  readonly without: Results;
  /** What `typeof process` says there. */
  readonly node: string;
  readonly error?: string;
}

const plain = randomBytes(3 * 65_536 + 5);
const PASSPHRASE = "correct horse";
const secrets = { x25519: generateX25519Identity(), hybrid: generateHybridIdentity() };

let folder: string;
let server: Server;
let answers: Answers;
let recipients: string[];
let sealing: Awaited<ReturnType<typeof makeSealingKey>>;
let bundled: Awaited<ReturnType<typeof bundlePage>>;

/** Starts the browser on the page and resolves with what the page posts. */
async function browse(task: Task, script: string): Promise<Answers> {
  let posted: (answers: Answers) => void = () => undefined;
  const answer = new Promise<Answers>((resolve) => {
    posted = resolve;
  });
  server = createServer((request, response) => {
    if (request.url === "/task") response.end(JSON.stringify(task));
    else if (request.url === "/page.js") response.setHeader("content-type", "text/javascript").end(script);
    else if (request.method === "POST") {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        response.end();
        posted(JSON.parse(Buffer.concat(parts).toString()));
      });
    } else {
      response.setHeader("content-type", "text/html").end('<!doctype html><script src="/page.js"></script>');
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const quiet = ["--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"];
  const args = ["--headless", "--no-sandbox", ...quiet, `--user-data-dir=${join(folder, "profile")}`];
  const browser = spawn(peer("chromium"), [...args, "--remote-debugging-port=0", `http://127.0.0.1:${port}/`], {
    stdio: "ignore",
    env: { ...process.env, HOME: folder },
    // A group of its own, so that the helpers of the browser end with it.
    detached: true,
  });
  const ended = new Promise<void>((done) => browser.once("exit", () => done()));
  const timer = setTimeout(() => posted({ error: "the browser gave no answer" } as Answers), 60_000);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
    if (browser.pid !== undefined) process.kill(-browser.pid, "SIGKILL");
    await ended;
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sealkit-browser-"));
  sealing = await makeSealingKey();
  const identities = [parseIdentity(secrets.x25519), parseIdentity(secrets.hybrid)];
  recipients = await Promise.all(identities.map(recipientOf));
  const file = await encryptBytes(plain, [parseRecipient(recipients[0] ?? "")]);
  bundled = await bundlePage("page.ts");
  const task = {
    plain: plain.toString("base64"),
    recipients,
    passphrase: PASSPHRASE,
    spki: Buffer.from(sealing.certificate.spki).toString("base64"),
    identity: secrets.x25519,
    file: Buffer.from(file).toString("base64"),
  };
  answers = await browse(task, bundled.outputFiles[0]?.text ?? "");
});
afterAll(async () => {
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test("nothing of Node is in the bundle", () => {
  const inputs = Object.keys(bundled.metafile.inputs);
  expect(inputs.length).toBeGreaterThan(20);
  expect(inputs.filter((path) => path.includes("node:") || path.endsWith("crypto/node.ts"))).toEqual([]);
  const imports = Object.values(bundled.metafile.outputs).flatMap((output) => output.imports);
  expect(imports.filter(({ external }) => external)).toEqual([]);
  expect(bundled.outputFiles[0]?.text).not.toMatch(/["']node:/);
});

test("it ran in a browser, on both ways to X25519", () => {
  expect(answers.error).toBeUndefined();
  expect(answers.node).toBe("undefined");
  expect(answers.withPlatform.platformX25519).toBeGreaterThan(0);
  expect(answers.without.platformX25519).toBe(0);
});

describe.each(["withPlatform", "without"] as const)("X25519: %s", (way) => {
  const bytes = (text: string | undefined) => Buffer.from(text ?? "", "base64");
  const results = () => answers[way];

  test("age files open in Node", async () => {
    const identities = [parseIdentity(secrets.x25519), parseIdentity(secrets.hybrid), passphraseIdentity(PASSPHRASE)];
    const made = [...Object.values(results().files), results().armored, results().byPassphrase];
    expect(made.length).toBe(4);
    for (const file of made) {
      expect(plain.equals((await decryptBytes(bytes(file), identities)).reveal())).toBe(true);
    }
  });

  test("age files open in the real age", () => {
    const keys = join(folder, "keys.txt");
    writeFileSync(keys, `${secrets.x25519}\n${secrets.hybrid}\n`, { mode: 0o600 });
    for (const file of [...Object.values(results().files), results().armored]) {
      expect(plain.equals(execFileSync(peer("age"), ["-d", "-i", keys], { input: bytes(file) }))).toBe(true);
    }
  });

  test("sealed values open in Node", async () => {
    const keyring = new Keyring([unsealingKey(sealing)]);
    const opened = await keyring.open(bytes(results().sealed), scopeLabel("strict", "default", "name"));
    expect(plain.equals(opened.clearText.reveal())).toBe(true);
  });

  test("what Node encrypts opens there", () => expect(plain.equals(bytes(results().decrypted))).toBe(true));
});
