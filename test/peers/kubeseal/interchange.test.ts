import { generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { certify, readPrivateKey } from "../../../src/x509/index.ts";
import { runPeer } from "../../helpers/peer-cli.ts";
import { runCli } from "../../helpers/run-cli.ts";

const SCOPES = ["strict", "namespace-wide", "cluster-wide"] as const;
const CASES = 200;
const DAY = 86_400_000;

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const keyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const pair = certify(readPrivateKey(keyPem), { now: Date.now() - DAY, lifetimeMs: 3650 * DAY });

/** Values of every awkward kind; the number decides, so that a failing case can be looked at again. */
function awkwardValue(number: number): Buffer {
  switch (number % 8) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return Buffer.from(`päßwörd-${number}-日本語-🔑`);
    case 2:
      return randomBytes(1 + ((number * 37) % 4096));
    case 3:
      return Buffer.from("line one\nline two\r\n\ttabbed\u0000nul");
    case 4:
      return Buffer.from(`yes: {no, 0x1${number}, "quoted", 'single'} # comment`);
    case 5:
      return Buffer.alloc(15 + (number % 3), number);
    case 6:
      return Buffer.from([0xff, 0xfe, 0x00, number % 256]);
    default:
      return number % 40 === 7 ? randomBytes(1024 * 1024) : Buffer.from(String(number));
  }
}

const KEYS = ["a", "user.name", "no", "10", "9", "_x-y.z", "password", "tls.key"];

function secretOf(number: number) {
  const names = KEYS.slice(0, 1 + (number % KEYS.length));
  const data = Object.fromEntries(names.map((name, at) => [name, awkwardValue(number + at)]));
  const manifest = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: `s${number}`,
      namespace: number % 2 === 0 ? "apps" : "n",
      ...(number % 3 === 0 ? { labels: { "app.kubernetes.io/name": "x", b: "true" } } : {}),
      ...(number % 5 === 0 ? { annotations: { note: "a<b> & c\nd", unicode: "日本" } } : {}),
    },
    ...(number % 4 === 0 ? { type: "example.com/own", immutable: true } : {}),
    data: Object.fromEntries(Object.entries(data).map(([name, bytes]) => [name, bytes.toString("base64")])),
  };
  return { data: manifest.data, manifest: JSON.stringify(manifest) };
}

const numbers = Array.from({ length: CASES }, (_, number) => number);
const argsOf = (number: number) => {
  const scope = SCOPES[number % SCOPES.length] ?? "strict";
  return ["--cert", "c.pem", "--scope", scope, "-o", number % 2 === 0 ? "yaml" : "json"];
};
const RECOVER = ["--recovery-unseal", "--recovery-private-key", "k.pem"];

/** A recovered Secret's values in base64; the original prints empty ones as null. */
const valuesIn = (stdout: string) => {
  const { data } = JSON.parse(stdout);
  return Object.fromEntries(Object.entries(data).map(([name, text]) => [name, text ?? ""]));
};

const TIMEOUT_MS = 600_000;

describe("SealedSecrets go both ways", () => {
  test(`${CASES} of ours open in the original`, { timeout: TIMEOUT_MS }, async () => {
    const files = { "c.pem": (await pair).certificatePem, "k.pem": keyPem };
    for (const number of numbers) {
      const { data, manifest } = secretOf(number);
      const sealed = await runCli(["kubeseal", ...argsOf(number)], { stdin: manifest, files });
      const opened = await runPeer("kubeseal", RECOVER, { stdin: sealed.stdout, files });
      expect([number, sealed.stderr, opened.stderr]).toEqual([number, "", ""]);
      expect(valuesIn(opened.stdout)).toEqual(data);
      const ours = await runCli(["kubeseal", ...RECOVER], { stdin: sealed.stdout, files });
      expect(ours.stdout).toBe(opened.stdout);
    }
  });

  test(`${CASES} of the original open in ours, and look the same`, { timeout: TIMEOUT_MS }, async () => {
    const files = { "c.pem": (await pair).certificatePem, "k.pem": keyPem };
    const masked = (text: string) => text.replace(/AQ[A-Za-z0-9+/]{300,}={0,2}/g, "<CT>");
    for (const number of numbers) {
      const { data, manifest } = secretOf(number);
      const sealed = await runPeer("kubeseal", argsOf(number), { stdin: manifest, files });
      const ours = await runCli(["kubeseal", ...argsOf(number)], { stdin: manifest, files });
      expect(masked(ours.stdout)).toBe(masked(sealed.stdout));
      const opened = await runCli(["kubeseal", ...RECOVER], { stdin: sealed.stdout, files });
      expect([number, sealed.stderr, opened.stderr]).toEqual([number, "", ""]);
      expect(valuesIn(opened.stdout)).toEqual(data);
    }
  });
});
